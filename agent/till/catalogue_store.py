"""The till's own copy of the catalogue in use, so that a restart serves what was served before, whatever has
become of the file that it came from.

`catalogue.json` is the shop's JSON; that it is replaced, in one step, is what takes a version up.
`catalogue.compiled` spares a start the compiling, and is made anew where it does not fit. The details that
the shop signed beside it stand under its hash: the step that takes a catalogue up takes up its details, and
no others. `catalogue.packed` spares a start the packing of them, likewise.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from agent.plumbing import audit, durable
from agent.plumbing.errors import CatalogueError
from agent.plumbing.settings import Paths

FILE_NAME = "catalogue.json"
"""Under the till's folder."""

_COMPILED = "catalogue.compiled"
_DETAILS = "catalogue.details"
_PACKED = "catalogue.packed"
_NEXT = ".next"
_DIGEST_BYTES = 32
_PART_BYTES = 1 << 20
_AGAIN = "they are fetched again with the next connection to the shop; earmark doctor"


def served_file(paths: Paths) -> Path:
    """The JSON that a till with these paths serves or would: its own copy, else that of the settings (also
    where this user may not read the copy)."""
    kept = Path(paths.state_dir) / "till" / FILE_NAME
    return kept if os.access(kept, os.R_OK) else Path(paths.catalogue_file)


class Beside(NamedTuple):
    """The details that the shop signed beside a catalogue: the SHA-256 of their JSON in hex, and the sealed
    memfd that has it; '' and -1 where it signed that there are none."""

    sha256: str = ""
    fd: int = -1

    def close(self) -> None:
        """They are not wanted any more."""
        if self.fd >= 0:
            os.close(self.fd)


class KeptDetails(NamedTuple):
    """Details as they are on disk: the SHA-256 of their JSON in hex, and the JSON."""

    sha256: str
    data: bytes


class Laid(NamedTuple):
    """A catalogue that is on disk whole and not in use: its JSON, what was compiled from it, and its details,
    where it has any, with the name under which they will be its own."""

    source: Path
    compiled: Path
    details: tuple[Path, Path] | None = None

    def paths(self) -> Iterator[Path]:
        """All that lies there."""
        yield from (self.source, self.compiled)
        if self.details is not None:
            yield self.details[0]


def kept_details(folder: Path, source: str) -> KeptDetails | None:
    """Those in a till's folder that belong to the catalogue of that SHA-256; None where there are none.
    Raises CatalogueError details_damaged, also where they cannot be read, and PermissionError where somebody
    else than the till asks."""
    path = folder / f"{_DETAILS}.{source}"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise
    except OSError as error:
        raise CatalogueError("details_damaged", f"cannot read {path}: {error.strerror}", _AGAIN) from error
    digest, data = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != digest:
        raise CatalogueError("details_damaged", f"{path.name} is not what was written there", _AGAIN)
    return KeptDetails(digest.hex(), data)


_NONE = Beside()


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

    def details(self, source: str) -> KeptDetails | None:
        """As `kept_details`, whose only error is then CatalogueError."""
        try:
            return kept_details(self._folder, source)
        except PermissionError as error:
            raise CatalogueError("details_damaged", f"cannot read {error.filename}", _AGAIN) from error

    def packed(self, of: str) -> bytes:
        """What `keep_packed` was given under the same `of`; b'' where it is damaged, of others, or not
        there."""
        try:
            data = (self._folder / _PACKED).read_bytes()
        except OSError:
            return b""
        digest, packed = data[:_DIGEST_BYTES], memoryview(data)[_DIGEST_BYTES:]
        return bytes(packed) if _digest_of(of, packed) == digest else b""

    def keep_packed(self, of: str, packed: bytes) -> None:
        """The details of the catalogue in use as they were packed: `of` names all that they depend on. Where
        it cannot be written, the next start packs them anew."""
        try:
            durable.write_parts(self._folder / _PACKED, (_digest_of(of, packed), packed), mode=0o600)
        except OSError as error:
            fault = self._unwritable(error)
            audit.log(fault.code, detail=fault.detail, next_step=fault.next_step)

    def keep_details(self, source: str, beside: Beside) -> None:
        """Those of the catalogue in use, whose SHA-256 is `source`. Raises CatalogueError
        catalogue_unwritable."""
        try:
            durable.write_parts(self._details_of(source), _with_digest(beside), mode=0o600)
        except OSError as error:
            raise self._unwritable(error) from error

    def lay_ready(self, source: int, compiled: bytes, sha256: str = "", beside: Beside = _NONE) -> Laid:
        """All on disk, beside what is in use; `source` is the memfd with the JSON, `sha256` that of it, for
        the details that are `beside` it. Raises CatalogueError catalogue_unwritable."""
        number = next(self._count)
        source_file, compiled_file, details_file = (
            self._folder / f"{name}.{number}{_NEXT}" for name in (FILE_NAME, _COMPILED, _DETAILS)
        )
        details = (details_file, self._details_of(sha256)) if beside.sha256 else None
        laid = Laid(source_file, compiled_file, details)
        try:
            _write(laid.source, _parts(source))
            _write(laid.compiled, (hashlib.sha256(compiled).digest(), compiled))
            if laid.details is not None:
                _write(laid.details[0], _with_digest(beside))
        except OSError as error:
            self.drop(laid)
            raise self._unwritable(error) from error
        return laid

    def take_up(self, laid: Laid) -> None:
        """From now on, and after any restart, this is the catalogue. Raises CatalogueError
        catalogue_unwritable; then the one before still is."""
        try:
            if laid.details is not None:
                ready, own = laid.details
                durable.move(ready, own)
            laid.source.replace(self._folder / FILE_NAME)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            laid.compiled.replace(self._folder / _COMPILED)
            durable.flush(self._folder)
        except OSError as error:  # it is the catalogue all the same
            fault = self._unwritable(error)
            audit.log(fault.code, detail=fault.detail, next_step=fault.next_step)

    def drop(self, laid: Laid) -> None:
        """It is not wanted any more."""
        for path in laid.paths():
            path.unlink(missing_ok=True)

    def forget_details_but(self, source: str) -> None:
        """Those of other catalogues than the one in use, whose SHA-256 is `source`."""
        for path in self._folder.glob(f"{_DETAILS}.{'?' * 64}"):
            if path != self._details_of(source):
                path.unlink(missing_ok=True)
        if not self._details_of(source).exists():
            (self._folder / _PACKED).unlink(missing_ok=True)

    def _details_of(self, source: str) -> Path:
        return self._folder / f"{_DETAILS}.{source}"

    def _unwritable(self, error: OSError) -> CatalogueError:
        return CatalogueError(
            "catalogue_unwritable", f"cannot write in {self._folder}: {error.strerror}", "earmark doctor"
        )


def _digest_of(of: str, packed: bytes | memoryview) -> bytes:
    digest = hashlib.sha256(of.encode())
    digest.update(packed)
    return digest.digest()


def _parts(fd: int) -> Iterator[bytes]:
    offset = 0
    while part := os.pread(fd, _PART_BYTES, offset):
        yield part
        offset += len(part)


def _with_digest(beside: Beside) -> Iterator[bytes]:
    yield bytes.fromhex(beside.sha256)
    yield from _parts(beside.fd)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
