from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from order_backend.folder import ShopFolder
from tests.committing.kit import Bench, joined_shop, make_bench
from tests.committing.network import broker, device

__all__ = ["broker", "device"]  # fixtures


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = make_bench(tmp_path)
    yield bench
    bench.journal.close()
    bench.desk.close()


@pytest.fixture
def folder(tmp_path: Path) -> ShopFolder:
    """A shop that has admitted the device whose keys are in `tmp_path`/keys."""
    return joined_shop(tmp_path)


@pytest.fixture
def online(bench: Bench) -> Bench:
    """It knows the time, and the broker is there."""
    bench.trust_time()
    bench.road.link(True)
    return bench
