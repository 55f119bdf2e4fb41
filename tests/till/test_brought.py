"""What a start takes from an earlier one: details that were packed, only beside the JSON that was signed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from agent.deciding.details import Facts
from agent.deciding.edition import source_id
from agent.plumbing.errors import CatalogueError
from agent.plumbing.memfd import read_sealed, sealed_memfd
from agent.plumbing.workshop import Job, Workshop
from agent.till.brought import brought_before
from agent.till.catalogue_floor import Floor
from agent.till.catalogue_store import Beside, CatalogueStore
from agent.till.compiler import Compiler, work
from agent.till.swap import Name
from tests.backend.test_details_published import details_of, version

CATALOGUE = version(2)
DETAILS = details_of(CATALOGUE)
SERVED = Name(2, source_id(CATALOGUE))
FLOOR = Floor(2, SERVED.source, source_id(DETAILS))


class Inline:
    """A workshop that works at once, and counts."""

    def __init__(self) -> None:
        self.jobs = 0

    def begin(self, order: bytes, about: int) -> Job:
        self.jobs += 1
        return cast(Job, _Done(work(order, read_sealed(about, 1 << 20))))


class _Done:
    def __init__(self, done: bytes) -> None:
        self._done = done

    def result(self) -> bytes:
        return self._done


class Start:
    """Of a till in that folder, again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.shop = folder, Inline()
        fd = sealed_memfd(DETAILS)
        CatalogueStore(folder).keep_details(SERVED.source, Beside(source_id(DETAILS), fd))
        os.close(fd)

    def facts(self, release: str = "this") -> Mapping[str, Facts] | CatalogueError:
        compiler = Compiler(cast(Workshop, self.shop), "shop", "en")
        compiler._id = release
        found = brought_before(CatalogueStore(self.folder), compiler, FLOOR, SERVED)
        assert found is not None and found.source == SERVED.source
        return found.facts


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


def test_details_are_packed_once_and_anew_by_another_release(start: Start) -> None:
    first = start.facts()
    assert not isinstance(first, CatalogueError) and len(first) > 0 and start.shop.jobs == 1
    again = start.facts()
    assert not isinstance(again, CatalogueError) and dict(again) == dict(first)
    assert start.shop.jobs == 1, "a start waits for none of it"
    assert not isinstance(start.facts("another"), CatalogueError) and start.shop.jobs == 2
    (start.folder / "catalogue.packed").write_bytes(b"x" * 100)
    assert not isinstance(start.facts("another"), CatalogueError) and start.shop.jobs == 3


def test_what_was_packed_is_not_believed_without_what_was_signed(start: Start) -> None:
    start.facts()
    [path] = start.folder.glob("catalogue.details.*")
    whole = path.read_bytes()
    for damage, code in ((whole[:-1] + b"x", "details_damaged"), (None, "details_missing")):
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage)
        lost = start.facts()
        assert isinstance(lost, CatalogueError) and lost.code == code
    path.write_bytes(whole)
    assert not isinstance(start.facts(), CatalogueError) and start.shop.jobs == 1
