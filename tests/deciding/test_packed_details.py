"""Details in little room are the details."""

from __future__ import annotations

import msgspec
import pytest

from agent.bench.made_catalogue import made_catalogue, made_details
from agent.deciding.details import Details, Facts, Promotion, parse_details
from agent.deciding.packed_details import PackedDetails, packed
from agent.plumbing.errors import CatalogueError

OF = "a" * 64
DETAILS = made_details(made_catalogue(300), OF)
JSON = msgspec.json.encode(DETAILS)


def test_packed_they_say_of_every_product_what_they_said() -> None:
    some = msgspec.structs.replace(
        DETAILS, products=DETAILS.products | {"x": Facts(promotion=Promotion({"en": "two for one"}))}
    )
    facts = PackedDetails.from_bytes(
        packed(msgspec.json.encode(some), catalogue_sha256=OF), catalogue_sha256=OF
    )
    assert dict(facts) == some.products and len(facts) == 301
    assert "nothing" not in facts and facts.get("nothing") is None and facts.get("") is None
    assert (
        dict(PackedDetails.from_bytes(packed(JSON, catalogue_sha256=OF), catalogue_sha256=OF))
        == DETAILS.products
    )


def test_a_shop_may_tell_nothing_of_anything() -> None:
    none = msgspec.json.encode(msgspec.structs.replace(DETAILS, products={}))
    facts = PackedDetails.from_bytes(packed(none, catalogue_sha256=OF), catalogue_sha256=OF)
    assert len(facts) == 0 and "coffee" not in facts


def test_they_take_less_room_than_their_json() -> None:
    assert len(packed(JSON, catalogue_sha256=OF)) < len(JSON)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "details_syntax"),
        (b"\xff", "details_syntax"),
        (msgspec.json.encode(msgspec.structs.replace(DETAILS, catalogue_sha256="b" * 64)), "details_differ"),
        (msgspec.json.encode(msgspec.structs.replace(DETAILS, schema_version=2)), "details_newer"),
        (JSON.replace(b'"GHS07"', b'"GHS7"'), "details_syntax"),
        (JSON.replace(b'"p7":', b'"P 7":'), "details_syntax"),
    ],
)
def test_what_is_refused_as_values_is_refused_packed(data: bytes, code: str) -> None:
    for read in (packed, parse_details):
        with pytest.raises(CatalogueError) as error:
            read(data, catalogue_sha256=OF)
        assert error.value.code == code


def test_what_is_of_another_catalogue_or_no_packing_is_not_read() -> None:
    for data in (packed(JSON, catalogue_sha256=OF), b"", b"\x93"):
        with pytest.raises(CatalogueError, match="details_differ"):
            PackedDetails.from_bytes(data, catalogue_sha256="b" * 64)


def test_a_key_of_a_later_release_is_ignored() -> None:
    data = JSON.replace(b'{"pack":', b'{"colour":"red","pack":', 1)
    assert (
        dict(PackedDetails.from_bytes(packed(data, catalogue_sha256=OF), catalogue_sha256=OF))
        == DETAILS.products
    )
    assert isinstance(parse_details(data, catalogue_sha256=OF), Details)
