"""The till's own copy of the catalogue: one whole version on disk at any time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.errors import CatalogueError
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.settings import Paths
from agent.till.catalogue_store import FILE_NAME, CatalogueStore, Laid, served_file

OLD, NEW = b"old" * 1_000_000, b"new" * 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CatalogueStore]:
    store = CatalogueStore(tmp_path)
    store.take_up(lay(store, OLD))
    yield store


def lay(store: CatalogueStore, source: bytes) -> Laid:
    return store.lay_ready(sealed_memfd(source), b"compiled from " + source)


def test_what_is_laid_ready_is_not_in_use_and_gone_after_a_restart(
    store: CatalogueStore, tmp_path: Path
) -> None:
    lay(store, NEW)
    assert (store.kept(), store.compiled()) == (OLD, b"compiled from " + OLD)
    again = CatalogueStore(tmp_path)
    assert again.kept() == OLD
    assert sorted(path.name for path in tmp_path.iterdir()) == ["catalogue.compiled", FILE_NAME]


def test_what_is_taken_up_is_in_use_whole(store: CatalogueStore, tmp_path: Path) -> None:
    store.take_up(lay(store, NEW))
    again = CatalogueStore(tmp_path)
    assert (again.kept(), again.compiled()) == (NEW, b"compiled from " + NEW)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def test_two_of_one_catalogue_do_not_disturb_each_other(store: CatalogueStore) -> None:
    first, second = lay(store, NEW), lay(store, NEW)
    store.drop(first)
    store.take_up(second)
    assert store.kept() == NEW


def test_without_its_compiled_form_it_is_in_use_all_the_same(store: CatalogueStore) -> None:
    laid = lay(store, NEW)
    laid.compiled.unlink()
    store.take_up(laid)
    assert store.kept() == NEW
    assert store.compiled() != b"compiled from " + NEW


def test_what_cannot_be_replaced_stays(store: CatalogueStore, tmp_path: Path) -> None:
    laid = lay(store, NEW)
    laid.source.unlink()
    with pytest.raises(CatalogueError, match="catalogue_unwritable"):
        store.take_up(laid)
    assert (store.kept(), store.compiled()) == (OLD, b"compiled from " + OLD)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="catalogue_unwritable"):
        lay(CatalogueStore(tmp_path / "gone"), NEW)


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
def test_a_damaged_compiled_form_is_none(store: CatalogueStore, tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "catalogue.compiled").write_bytes(damage)
    assert store.compiled() == b""


def test_the_file_that_is_served_is_the_copy_where_there_is_one(tmp_path: Path) -> None:
    paths = Paths(state_dir=str(tmp_path), catalogue_file=str(tmp_path / "settings.json"))
    assert served_file(paths) == tmp_path / "settings.json"
    (tmp_path / "till").mkdir()
    kept = tmp_path / "till" / FILE_NAME
    kept.write_bytes(OLD)
    assert served_file(paths) == kept


def test_packed_details_are_those_that_were_kept_for_just_this(store: CatalogueStore, tmp_path: Path) -> None:
    assert store.packed("compiler a of b") == b""
    store.keep_packed("compiler a of b", b"packed")
    assert CatalogueStore(tmp_path).packed("compiler a of b") == b"packed"
    for of in ("compiler a of c", "another a of b", ""):
        assert store.packed(of) == b"", "of others"
    whole = (tmp_path / "catalogue.packed").read_bytes()
    for damaged in (whole[:-1] + b"x", whole[:-1], whole[:10], b""):
        (tmp_path / "catalogue.packed").write_bytes(damaged)
        assert store.packed("compiler a of b") == b""
    store.keep_packed("compiler a of b", b"packed")
    store.forget_details_but("a" * 64)
    assert not (tmp_path / "catalogue.packed").exists(), "the catalogue in use has no details"


def test_packed_details_that_cannot_be_kept_are_packed_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store = CatalogueStore(tmp_path / "gone")
    store.keep_packed("of", b"packed")
    assert "catalogue_unwritable" in capfd.readouterr().err
    assert store.packed("of") == b""
