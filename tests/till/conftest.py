from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.till import factors
from tests.committing.kit import Bench, make_bench
from tests.till.kit import Till, make_till


@pytest.fixture(autouse=True)
def _quick_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """PINs and badges, where this process keeps them; test_factors says how slow they are."""
    monkeypatch.setattr(factors, "COST", 2)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = make_bench(tmp_path)
    yield bench
    bench.desk.close()
    bench.journal.close()


@pytest.fixture
def till(bench: Bench, tmp_path: Path) -> Till:
    return make_till(bench, tmp_path)
