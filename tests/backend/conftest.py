from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.bench.postgres_server import PostgresServer
from agent.plumbing.errors import ConfigurationError
from tests.committing.kit import Bench, make_bench
from tests.committing.network import broker, device

__all__ = ["broker", "device"]  # fixtures

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer(outlives_power_cuts=False)
    except ConfigurationError as error:
        if error.code != "postgresql_missing":
            raise
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> str:
    """What stands in shop.json: the tests that use it, or `bench`, run on both databases."""
    if request.param == "sqlite":
        return ""
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_shop()


@pytest.fixture
def bench(tmp_path: Path, database: str) -> Iterator[Bench]:
    bench = make_bench(tmp_path, database=database)
    yield bench
    bench.journal.close()
    bench.desk.close()
