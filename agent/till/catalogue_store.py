"""The till's own copy of the catalogue in use, so that a restart serves what was served before, whatever has
become of the file that it came from.

`catalogue.json` is the shop's JSON; that it is replaced, in one step, is what takes a version up.
`catalogue.compiled` spares a start the compiling, and is made anew where it does not fit.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError
from agent.plumbing.settings import Paths

FILE_NAME = "catalogue.json"
"""Under the till's folder."""

_COMPILED = "catalogue.compiled"
_NEXT = ".next"
_DIGEST_BYTES = 32
_PART_BYTES = 1 << 20


def served_file(paths: Paths) -> Path:
    """The JSON that a till with these paths serves or would: its own copy, else that of the settings (also
    where this user may not read the copy)."""
    kept = Path(paths.state_dir) / "till" / FILE_NAME
    return kept if os.access(kept, os.R_OK) else Path(paths.catalogue_file)


class Laid(NamedTuple):
    """A catalogue that is on disk whole and not in use: its JSON, and what was compiled from it."""

    source: Path
    compiled: Path


class CatalogueStore:
    """Files in `folder`, owner-only. Laying ready is for any thread."""

    def __init__(self, folder: Path) -> None:
        """Removes what an earlier process had laid ready and not taken up."""
        self._folder, self._count = folder, itertools.count()
        for left in folder.glob(f"catalogue.*{_NEXT}"):
            left.unlink(missing_ok=True)

    def kept(self) -> bytes | None:
        """The JSON of the catalogue that was in use last, None where there was none. Raises CatalogueError
        catalogue_missing where it cannot be read."""
        path = self._folder / FILE_NAME
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CatalogueError(
                "catalogue_missing", f"cannot read {path}: {error.strerror}", "earmark doctor"
            ) from error

    def compiled(self) -> bytes:
        """What was compiled from a catalogue that was in use; b'' where it is damaged or not there."""
        try:
            data = (self._folder / _COMPILED).read_bytes()
        except OSError:
            return b""
        digest, data = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        return data if hashlib.sha256(data).digest() == digest else b""

    def lay_ready(self, source: int, compiled: bytes) -> Laid:
        """Both on disk, beside what is in use; `source` is the memfd with the JSON. Raises CatalogueError
        catalogue_unwritable."""
        number = next(self._count)
        laid = Laid(*(self._folder / f"{name}.{number}{_NEXT}" for name in (FILE_NAME, _COMPILED)))
        try:
            _write(laid.source, _parts(source))
            _write(laid.compiled, (hashlib.sha256(compiled).digest(), compiled))
        except OSError as error:
            self.drop(laid)
            raise self._unwritable(error) from error
        return laid

    def take_up(self, laid: Laid) -> None:
        """From now on, and after any restart, this is the catalogue. Raises CatalogueError
        catalogue_unwritable; then the one before still is."""
        try:
            laid.source.replace(self._folder / FILE_NAME)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            laid.compiled.replace(self._folder / _COMPILED)
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:  # it is the catalogue all the same
            fault = self._unwritable(error)
            audit.log(fault.code, detail=fault.detail, next_step=fault.next_step)

    def drop(self, laid: Laid) -> None:
        """It is not wanted any more."""
        for path in laid:
            path.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> CatalogueError:
        return CatalogueError(
            "catalogue_unwritable", f"cannot write in {self._folder}: {error.strerror}", "earmark doctor"
        )


def _parts(fd: int) -> Iterator[bytes]:
    offset = 0
    while part := os.pread(fd, _PART_BYTES, offset):
        yield part
        offset += len(part)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
