"""The shop's signed word on which catalogue is in use and of which parts it is put together.

A part is compressed bytes under its own hash. A catalogue is all its parts one after another, or, after a
small change, slices of them: what stayed as it was is then taken from parts that a device has already. What
the shop tells about its products besides, the details, is a second document of the same kind in the same
signed word, so that neither comes without the other.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from agent.committing import jws
from agent.committing.envelope import CATALOGUE, SignedData, claims_of, decode_data, decode_event
from agent.committing.mandates import UnixSeconds
from agent.committing.trust import Trust
from agent.plumbing.errors import TrustError

TYP = "earmark-catalogue+jwt"
LARGEST_PART_BYTES = 48 * 1024
"""As it travels: it has to fit into an IPC frame with its topic."""
LARGEST_PART_CONTENT_BYTES = 1 << 20
LARGEST_CATALOGUE_BYTES = 64 << 20
LARGEST_DETAILS_BYTES = 32 << 20
LARGEST_CONTENT_BYTES = 2 * LARGEST_CATALOGUE_BYTES
"""Of all parts of a document together: some of it may be of an earlier version, and unused."""
MOST_PARTS, MOST_SLICES = 400, 3_000

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Offset = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_CATALOGUE_BYTES)]


class Part(msgspec.Struct, frozen=True):
    """`sha256` and `size` of the bytes that travel; `content` is how many there are uncompressed."""

    sha256: Sha256
    size: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PART_BYTES)]
    content: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PART_CONTENT_BYTES)]


class Slice(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """`length` bytes of the content of the part with that number in the manifest, from `offset`."""

    part: Annotated[int, msgspec.Meta(ge=0, lt=MOST_PARTS)]
    offset: Offset
    length: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PART_CONTENT_BYTES)]


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`sha256` and `size` are those of the whole JSON; without `slices` it is all parts in their order."""

    sha256: Sha256
    size: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_CATALOGUE_BYTES)]
    parts: Annotated[tuple[Part, ...], msgspec.Meta(min_length=1, max_length=MOST_PARTS)]
    slices: Annotated[tuple[Slice, ...], msgspec.Meta(max_length=MOST_SLICES)] = ()

    def recipe(self) -> tuple[Slice, ...]:
        """The slices that make the document, in their order."""
        return self.slices or tuple(Slice(number, 0, part.content) for number, part in enumerate(self.parts))


class ManifestClaims(Document, frozen=True, kw_only=True, omit_defaults=True):
    """What the shop signs with its catalogue key: the catalogue, and beside it the details of exactly that
    one, None where the shop tells none. A device of a release before these does not look at them."""

    iss: str
    env: str
    iat: UnixSeconds
    version: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    details: Document | None = None

    @property
    def documents(self) -> tuple[Document, ...]:
        """The catalogue, and the details where there are any."""
        return (self,) if self.details is None else (self, self.details)


def verify_manifest(payload: bytes, trust: Trust) -> ManifestClaims:
    """A manifest that this device's shop has signed for its environment; how new it is, is not looked at.

    Raises TrustError: envelope_malformed, manifest_malformed (another shape, a part twice, slices that do not
    fit), manifest_other_shop, manifest_environment, and what `jws.verify` raises.
    """
    signed = decode_data(decode_event(payload, CATALOGUE), SignedData).signed
    claims = claims_of(
        jws.verify(signed, trust.keys.catalogue, typ=TYP), ManifestClaims, "manifest_malformed"
    )
    if claims.iss != trust.shop_id:
        raise TrustError("manifest_other_shop", f"signed by {claims.iss!r}")
    if claims.env != trust.environment:
        raise TrustError("manifest_environment", f"signed for {claims.env!r}, not {trust.environment!r}")
    check_parts(claims)
    return claims


def check_parts(claims: ManifestClaims) -> None:
    """Raises TrustError manifest_malformed where the parts of a document cannot be put together as the
    manifest says."""
    if claims.details is not None and claims.details.size > LARGEST_DETAILS_BYTES:
        raise TrustError("manifest_malformed", f"its details have more than {LARGEST_DETAILS_BYTES} bytes")
    for document in claims.documents:
        _check(document)


def _check(document: Document) -> None:
    if len({part.sha256 for part in document.parts}) != len(document.parts):
        raise TrustError("manifest_malformed", "a part is named twice")
    if sum(part.content for part in document.parts) > LARGEST_CONTENT_BYTES:
        raise TrustError("manifest_malformed", f"its parts hold more than {LARGEST_CONTENT_BYTES} bytes")
    recipe = document.recipe()
    for one in recipe:
        if one.part >= len(document.parts) or one.offset + one.length > document.parts[one.part].content:
            raise TrustError("manifest_malformed", "a slice reaches beyond its part")
    if sum(one.length for one in recipe) != document.size:
        raise TrustError("manifest_malformed", "its slices do not add up to its size")
