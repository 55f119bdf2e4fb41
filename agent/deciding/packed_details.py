"""What a shop tells of its products, in little room: each one's facts as bytes, decoded when they are asked
for.

As values the details of 50,000 products take some tens of megabytes, as bytes a few.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from agent.deciding.details import Facts, check_details
from agent.deciding.packed import found
from agent.deciding.products import Identifier
from agent.plumbing.errors import CatalogueError


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    id: str
    facts: Facts


class _Unread(msgspec.Struct, frozen=True):
    """As `Details`, each product's facts still JSON."""

    schema_version: int
    shop_id: Identifier
    version: int
    catalogue_sha256: str
    products: dict[Identifier, msgspec.Raw]


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    catalogue_sha256: str
    entries: bytes
    ends: bytes


_encoder = msgspec.msgpack.Encoder()
_entry = msgspec.msgpack.Decoder(_Entry)
_facts = msgspec.json.Decoder(Facts)


class PackedDetails(Mapping[str, Facts]):
    """Facts by product id, in the order of the ids, in msgpack one after the other; of the catalogue of that
    SHA-256. Values do not change."""

    def __init__(self, catalogue_sha256: str, entries: bytes, ends: bytes) -> None:
        """`ends` (int32, native order: it never leaves the device) says where each entry ends."""
        self.catalogue_sha256 = catalogue_sha256
        self._entries, self._ends = entries, array("i", ends)

    @staticmethod
    def from_bytes(data: bytes, *, catalogue_sha256: str) -> PackedDetails:
        """What `packed` gave for that catalogue. Raises CatalogueError details_differ."""
        try:
            wire = msgspec.msgpack.decode(data, type=_Wire)
        except msgspec.MsgspecError as error:
            raise CatalogueError("details_differ", f"{error}", "bring them again") from error
        if wire.catalogue_sha256 != catalogue_sha256:
            raise CatalogueError("details_differ", "they are of another catalogue", "bring them again")
        return PackedDetails(wire.catalogue_sha256, wire.entries, wire.ends)

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        return (self._at(index).id for index in range(len(self)))

    def __getitem__(self, product_id: str) -> Facts:
        return found(len(self), self._at, product_id).facts

    def _at(self, index: int) -> _Entry:
        start = self._ends[index - 1] if index else 0
        return _entry.decode(memoryview(self._entries)[start : self._ends[index]])


class PackedFile(NamedTuple):
    """A document of details that came by file: as `Details`, in little room."""

    version: int
    catalogue_sha256: str
    products: PackedDetails


def packed_file(data: bytes, *, catalogue_sha256: str) -> PackedFile:
    """The document in JSON bytes. Raises CatalogueError as `parse_details` does."""
    version, entries, ends = _packed(data, catalogue_sha256)
    return PackedFile(version, catalogue_sha256, PackedDetails(catalogue_sha256, entries, ends))


def packed(data: bytes, *, catalogue_sha256: str) -> bytes:
    """The document in JSON bytes as `PackedDetails`. Raises CatalogueError as `parse_details` does."""
    _, entries, ends = _packed(data, catalogue_sha256)
    return msgspec.msgpack.encode(_Wire(catalogue_sha256, entries, ends))


def _packed(data: bytes, catalogue_sha256: str) -> tuple[int, bytes, bytes]:
    """Its version, entries and their ends; one product after the other: never all of them as values."""
    try:
        details = msgspec.json.decode(data, type=_Unread)
        check_details(details, catalogue_sha256=catalogue_sha256)
        entries, ends = bytearray(), array("i")
        for product_id in sorted(details.products):
            entries += _encoder.encode(_Entry(product_id, _facts.decode(details.products[product_id])))
            ends.append(len(entries))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogueError("details_syntax", f"{error}", "import the catalogue again") from error
    return details.version, bytes(entries), ends.tobytes()
