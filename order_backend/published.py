"""The versions of the catalogue in the shop's database: prices for as long as an intent may name them, and
the parts that go to the devices."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, select, update

from agent.committing import jws
from agent.committing.catalogue_manifest import Document, ManifestClaims
from agent.committing.catalogue_parts import assemble
from agent.committing.envelope import CATALOGUE, SignedData, decode_data, decode_event
from agent.plumbing.errors import TrustError
from order_backend.database import Database
from order_backend.tables import catalogue_parts, catalogues


class Version(msgspec.Struct, frozen=True):
    """One version. `manifest` is the event that devices get, empty for one that came by file only;
    `superseded_at` is None while it is the newest (Unix seconds)."""

    version: int
    sha256: str
    manifest: bytes
    published_at: int
    superseded_at: int | None
    withdrawn: bool


class Standing(msgspec.Struct, frozen=True):
    """Whether a version's prices hold: what is asked at each intent, without what devices are sent."""

    version: int
    sha256: str
    superseded_at: int | None
    withdrawn: bool


class Told(NamedTuple):
    """The details of one version by their SHA-256; None where not all of them are kept any more."""

    sha256: str
    details: bytes | None


_COLUMNS = tuple(catalogues.c[name] for name in Version.__struct_fields__)
_STANDING = select(*(catalogues.c[name] for name in Standing.__struct_fields__)).where(
    catalogues.c.version == bindparam("version")
)

_HOW_MANY_PARTS = select(func.count()).where(catalogue_parts.c.sha256.in_(bindparam("names", expanding=True)))


class Published:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Version]:
        """The newest first."""
        rows = self._db.execute(select(*_COLUMNS).order_by(catalogues.c.version.desc()))
        return [_version(*row) for row in rows]

    def standing(self, version: int) -> Standing | None:
        """Of one that is still kept."""
        row = self._db.execute(_STANDING, {"version": version}).one_or_none()
        return Standing(row[0], row[1], row[2], bool(row[3])) if row is not None else None

    def version(self, number: int) -> Version | None:
        """One that is still kept."""
        query = select(*_COLUMNS).where(catalogues.c.version == number)
        row = self._db.execute(query).one_or_none()
        return _version(*row) if row is not None else None

    def newest(self) -> Version | None:
        """The one that devices are to use."""
        query = select(*_COLUMNS).order_by(catalogues.c.version.desc()).limit(1)
        row = self._db.execute(query).one_or_none()
        return _version(*row) if row is not None else None

    def newest_number(self) -> int:
        """0 where none was published."""
        return int(self._db.execute(select(func.coalesce(func.max(catalogues.c.version), 0))).scalar_one())

    def source(self, version: int) -> bytes:
        """Its JSON. Raises KeyError where it is not kept any more."""
        row = self._db.execute(select(catalogues.c.source).where(catalogues.c.version == version)).first()
        if row is None:
            raise KeyError(version)
        return zlib.decompress(bytes(row[0]))

    def details(self, manifest: ManifestClaims) -> bytes | None:
        """The JSON of the details that it names, put together of their parts; None where it names none, or
        not all of them are kept any more."""
        if manifest.details is None or not self._has_all(manifest.details):
            return None
        fd = os.memfd_create("details", os.MFD_CLOEXEC)
        try:
            assemble(manifest.details, lambda part: self.part(part.sha256) or b"", fd)
            return os.pread(fd, manifest.details.size, 0)
        except TrustError:
            return None
        finally:
            os.close(fd)

    def told(self, number: int) -> Told | None:
        """What that version tells of its products beside the prices; None where it tells nothing, or is not
        kept any more."""
        version = self.version(number) if number else None
        claims = claims_of_version(version) if version is not None and version.manifest else None
        if claims is None or claims.details is None:
            return None
        return Told(claims.details.sha256, self.details(claims))

    def _has_all(self, document: Document) -> bool:
        """Asked before any is unpacked: while one is lost, each order by voice asks for what is kept."""
        names = {part.sha256 for part in document.parts}
        return int(self._db.execute(_HOW_MANY_PARTS, {"names": list(names)}).scalar_one()) == len(names)

    def part(self, sha256: str) -> bytes | None:
        """Its bytes as they travel."""
        query = select(catalogue_parts.c.payload).where(catalogue_parts.c.sha256 == sha256)
        row = self._db.execute(query).first()
        return bytes(row[0]) if row is not None else None

    def add(self, version: Version, source: bytes, parts: dict[str, bytes]) -> None:
        """Inside a transaction: the newest from now on."""
        self._db.execute(
            update(catalogues)
            .where(catalogues.c.superseded_at.is_(None))
            .values(superseded_at=version.published_at)
        )
        values = msgspec.structs.asdict(version) | {
            "source": zlib.compress(source, 6),
            "withdrawn": int(version.withdrawn),
        }
        self._db.execute(self._db.insert(catalogues).values(**values))
        for sha256, payload in parts.items():
            part = self._db.insert(catalogue_parts).values(sha256=sha256, payload=payload, dropped_at=None)
            self._db.execute(part.on_conflict_do_update(index_elements=["sha256"], set_={"dropped_at": None}))

    def replace_manifest(self, version: int, manifest: bytes) -> None:
        """The same, signed by another key."""
        self._db.execute(update(catalogues).where(catalogues.c.version == version).values(manifest=manifest))

    def withdraw(self, version: int) -> bool:
        """Orders at its prices are refused from now on; False where it is not kept."""
        found = self._db.execute(
            update(catalogues).where(catalogues.c.version == version).values(withdrawn=1)
        )
        return found.rowcount > 0

    def forget(self, superseded_before_s: int) -> None:
        """Versions that were superseded before that: no intent that may still come names them."""
        old = catalogues.c.superseded_at < superseded_before_s
        self._db.execute(delete(catalogues).where(old))

    def parts(self) -> dict[str, int | None]:
        """When each was dropped, by its hash; None for those that a kept version needs."""
        return {
            row[0]: row[1]
            for row in self._db.execute(select(catalogue_parts.c.sha256, catalogue_parts.c.dropped_at))
        }

    def drop_parts(self, needed: set[str], now_s: int, *, delete_before_s: int) -> None:
        """Marks those that are not needed, so that they are cleared at the broker; deletes what was marked
        long ago. What an earlier release has marked that did not know what it is for is needed again."""
        for sha256, dropped_at in self.parts().items():
            which = catalogue_parts.c.sha256 == sha256
            if sha256 in needed and dropped_at is not None:
                self._db.execute(update(catalogue_parts).where(which).values(dropped_at=None))
            elif sha256 not in needed and dropped_at is None:
                self._db.execute(update(catalogue_parts).where(which).values(dropped_at=now_s))
            elif sha256 not in needed and dropped_at is not None and dropped_at < delete_before_s:
                self._db.execute(delete(catalogue_parts).where(which))


def _version(
    version: int, sha256: str, manifest: bytes, published_at: int, superseded_at: int | None, withdrawn: int
) -> Version:
    return Version(version, sha256, bytes(manifest), published_at, superseded_at, bool(withdrawn))


def claims_of_version(version: Version) -> ManifestClaims:
    """What this shop signed itself, from its own database; the signature is not looked at again."""
    signed = decode_data(decode_event(version.manifest, CATALOGUE), SignedData).signed
    return msgspec.json.decode(jws.unverified(signed), type=ManifestClaims)


def needed_parts(versions: Iterable[Version]) -> set[str]:
    """The hashes of all parts that these versions are made of."""
    manifests = (claims_of_version(version) for version in versions if version.manifest)
    documents = (document for manifest in manifests for document in manifest.documents)
    return {part.sha256 for document in documents for part in document.parts}
