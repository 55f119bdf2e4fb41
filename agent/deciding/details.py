"""What a shop tells about its products beside what an order needs: packs, categories, hazards, places.

A document of its own beside the catalogue (ADR 56). Unlike there a key that this release does not know is
ignored, so that an earlier release goes on with a later one's.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

import msgspec

from agent.deciding.catalogue import Version
from agent.deciding.products import Identifier, Language
from agent.plumbing.errors import CatalogueError

SCHEMA_VERSION = 1

Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Hazard = Annotated[str, msgspec.Meta(pattern=r"^GHS0[1-9]$")]
Date = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class Pack(msgspec.Struct, frozen=True):
    """How much is in one unit: a bag of 250 g, a box of 100 pieces."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
    unit: Literal["g", "ml", "mm", "piece"]


class Place(msgspec.Struct, frozen=True):
    """Where it lies, as the signs there have it."""

    aisle: Text
    bin: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Promotion(msgspec.Struct, frozen=True):
    """An offer in words; what it costs is the catalogue's price. `until`: its last day."""

    words: dict[Language, Text]
    until: Date | None = None


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one product. `most`: how many units one order may hold; `who`: the roles that may order it, all
    where it is empty; `hazard`: the pictograms of the UN's Globally Harmonized System; `fits`: what it is
    made for, in the words of the trade; the others name products by their ids."""

    pack: Pack | None = None
    most: Count | None = None
    categories: tuple[Identifier, ...] = ()
    hazard: tuple[Hazard, ...] = ()
    who: tuple[Identifier, ...] = ()
    substitutes: tuple[Identifier, ...] = ()
    place: Place | None = None
    attributes: dict[Identifier, Text | int] = {}
    fits: tuple[Text, ...] = ()
    goes_with: tuple[Identifier, ...] = ()
    promotion: Promotion | None = None


class Details(msgspec.Struct, frozen=True):
    """Facts by product id, for exactly the catalogue whose bytes have that SHA-256."""

    schema_version: int
    shop_id: Identifier
    version: Version
    catalogue_sha256: Sha256
    products: dict[Identifier, Facts]


def details_name(catalogue_name: str) -> str:
    """The name of their file beside that of the catalogue: catalogue.json, catalogue.details.json."""
    return f"{catalogue_name.removesuffix('.json')}.details.json"


def parse_details(data: bytes, *, catalogue_sha256: str) -> Details:
    """The document in JSON bytes, for that catalogue.

    Raises CatalogueError: details_syntax, details_newer, details_differ (it is of another catalogue).
    """
    try:
        details = msgspec.json.decode(data, type=Details)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogueError("details_syntax", f"{error}", "import the catalogue again") from error
    check_details(details, catalogue_sha256=catalogue_sha256)
    return details


class Headed(Protocol):
    """A document of details, as far as it has been read."""

    @property
    def schema_version(self) -> int: ...

    @property
    def version(self) -> int: ...

    @property
    def catalogue_sha256(self) -> str: ...


def check_details(details: Headed, *, catalogue_sha256: str) -> None:
    """Raises CatalogueError: details_newer, details_differ."""
    if details.schema_version > SCHEMA_VERSION:
        detail = f"they have schema {details.schema_version}, this release knows {SCHEMA_VERSION}"
        raise CatalogueError("details_newer", detail, "update earmark-agent")
    if details.catalogue_sha256 != catalogue_sha256:
        detail = f"they are of another catalogue than the one beside them (version {details.version})"
        raise CatalogueError("details_differ", detail, "put both files there that one import has written")
