from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.committing.kit import Bench, make_bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = make_bench(tmp_path)
    yield bench
    bench.journal.close()
    bench.desk.close()
