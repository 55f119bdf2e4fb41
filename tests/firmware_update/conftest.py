from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware_update.kit import Client, Publisher, web_server


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    (tmp_path / "publisher").mkdir()
    return Publisher(tmp_path / "publisher")


@pytest.fixture
def url(publisher: Publisher) -> Iterator[str]:
    with web_server(publisher.served) as address:
        yield address


@pytest.fixture
def client(tmp_path: Path, publisher: Publisher) -> Client:
    return Client(tmp_path / "client", publisher.root)
