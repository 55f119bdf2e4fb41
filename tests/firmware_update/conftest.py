from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_update.archive import build_archive
from firmware_update.slots import Slots
from tests.firmware_update.kit import (
    MODELS,
    Client,
    Publisher,
    found,
    release,
    small_source,
    soon_proven,
    web_server,
)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    (tmp_path / "publisher").mkdir()
    return Publisher(tmp_path / "publisher")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """What an archive has to hold, to be changed."""
    return small_source(tmp_path / "source")


@pytest.fixture
def slots(tmp_path: Path, source: Path) -> Slots:
    """A device that runs 0.1.0, out of `source`."""
    slots = Slots(tmp_path / "slots", MODELS)
    found(slots, build_archive(source, release("0.1.0")))
    return slots


@pytest.fixture
def url(publisher: Publisher) -> Iterator[str]:
    with web_server(publisher.served) as address:
        yield address


@pytest.fixture
def client(tmp_path: Path, publisher: Publisher) -> Client:
    return Client(tmp_path / "client", publisher.root)


@pytest.fixture
def settings(tmp_path: Path, publisher: Publisher, url: str) -> Path:
    return soon_proven(tmp_path / "device", publisher, url)
