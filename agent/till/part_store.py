"""The parts of the shop's catalogue that have come, each under its hash: what a restart finds again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agent.committing.catalogue_manifest import Part
from agent.plumbing import durable
from agent.plumbing.errors import CatalogueError


class PartStore:
    """Files in `folder`. A part is there whole, or it is not there."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder; removes what an earlier process had half written."""
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(".*.new"):
            left.unlink(missing_ok=True)

    def held(self) -> set[str]:
        """The hashes of all parts that are here."""
        return {path.name for path in self._folder.iterdir()}

    def keep(self, part: Part, payload: bytes) -> None:
        """On disk when this returns. Raises CatalogueError catalogue_unwritable."""
        try:
            durable.write(self._folder / part.sha256, payload, mode=0o600)
        except OSError as error:
            raise CatalogueError(
                "catalogue_unwritable", f"cannot write in {self._folder}: {error.strerror}", "earmark doctor"
            ) from error

    def read(self, part: Part) -> bytes:
        """Its bytes as they were kept, b'' where they cannot be read any more."""
        try:
            return (self._folder / part.sha256).read_bytes()
        except OSError:
            return b""

    def forget(self, sha256s: Iterable[str]) -> None:
        """They are not needed any more."""
        for sha256 in sha256s:
            (self._folder / sha256).unlink(missing_ok=True)
