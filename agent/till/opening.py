"""Which catalogue a start serves: the one that was in use before, else the one in the settings' file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from agent.deciding.catalogue import catalogue_head
from agent.deciding.edition import Edition, source_id
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, EarmarkError
from agent.plumbing.memfd import sealed_memfd
from agent.till.catalogue_store import CatalogueStore
from agent.till.compiler import Compiler


class Opened(NamedTuple):
    """`arrived` is the settings' file where that holds another catalogue than the one that is served."""

    edition: Edition
    arrived: bytes | None


def open_edition(store: CatalogueStore, compiler: Compiler, file: Path) -> Opened:
    """Reads what was compiled before, or compiles, which may take seconds; nothing is served meanwhile.

    Raises CatalogueError catalogue_missing, catalogue_unwritable, and EarmarkError as `Compiler` does, where
    there is nothing to serve.
    """
    kept, lying = store.kept(), _read(file)
    if kept is not None:
        try:
            edition = _kept_edition(kept, store, compiler)
        except EarmarkError:
            if lying is None or not _takes_its_place(lying, kept):
                raise
        else:
            return Opened(edition, None if lying in (None, kept) else lying)
    if lying is None:
        raise CatalogueError("catalogue_missing", f"cannot read {file}", "put the shop's catalogue there")
    return Opened(_compiled(lying, store, compiler), None)


def _kept_edition(kept: bytes, store: CatalogueStore, compiler: Compiler) -> Edition:
    """Raises EarmarkError where this release cannot serve it, or the device trusts another shop now."""
    with contextlib.suppress(CatalogueError):
        return compiler.edition(store.compiled(), source_id(kept))
    return _compiled(kept, store, compiler)


def _takes_its_place(new: bytes, old: bytes) -> bool:
    """Whether `new` may be served where `old` was: another shop's, or a later version."""
    before, after = catalogue_head(old), catalogue_head(new)
    return after.shop_id != before.shop_id or after.version > before.version


def _compiled(source: bytes, store: CatalogueStore, compiler: Compiler) -> Edition:
    """Kept as the one in use."""
    fd = sealed_memfd(source)
    try:
        data = compiler.begin(fd).result()
        edition = compiler.edition(data, source_id(source))
        store.take_up(store.lay_ready(fd, data))
    finally:
        os.close(fd)
    return edition


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError as error:
        audit.log("catalogue_file_unreadable", detail=f"{file}: {error.strerror}")
        return None
