"""The highest version of the catalogue that the shop has signed: a device does not go back from it."""

from __future__ import annotations

import msgspec

from agent.committing.catalogue_manifest import ManifestClaims
from agent.committing.journal import Journal

_KEY = "catalogue_floor"


class Floor(msgspec.Struct, frozen=True):
    """Of which catalogue it was, and which details stood beside it, by their SHA-256 ('' where there were
    none, or where an earlier release has noted it)."""

    version: int = 0
    sha256: str = ""
    details: str = ""

    def differs(self, manifest: ManifestClaims) -> bool:
        """Whether the shop has signed something else under the version of `manifest` before."""
        if manifest.version != self.version:
            return False
        return manifest.sha256 != self.sha256 or self.details not in ("", details_of(manifest))


def details_of(manifest: ManifestClaims) -> str:
    """The SHA-256 of the details that it names, '' where it names none."""
    return manifest.details.sha256 if manifest.details is not None else ""


def floor_of(journal: Journal) -> Floor:
    """That of before the first one where none was noted. Raises JournalError."""
    try:
        return msgspec.json.decode(journal.meta_get(_KEY) or b"{}", type=Floor)
    except msgspec.DecodeError:
        return Floor()


def raise_floor(journal: Journal, manifest: ManifestClaims) -> None:
    """On disk when this returns. Raises JournalError."""
    floor = Floor(manifest.version, manifest.sha256, details_of(manifest))
    journal.meta_set(_KEY, msgspec.json.encode(floor).decode())
