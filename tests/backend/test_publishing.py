"""The shop's catalogue in versions: cut into parts, signed, priced by the version that an intent names."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.committing import catalogue_manifest
from agent.committing.catalogue_manifest import Document, ManifestClaims, Part, verify_manifest
from agent.committing.catalogue_parts import assemble
from agent.committing.envelope import LARGEST_PAYLOAD_BYTES
from agent.committing.trust import TrustBundle
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend.announcing import Announcer
from order_backend.catalogue_cutting import Cut, cut_anew, cut_like
from order_backend.cli import main
from order_backend.price_list import parse_price_list
from order_backend.publishing import publish, tidy
from order_backend.shop import Shop
from tests.committing.kit import CATALOGUE_FILE, DEVICE, NOW_S, Bench, agreed, only_publish


def version(number: int, *, dearer: int = 0, **values: Any) -> bytes:
    """The corner shop's catalogue, everything dearer by so much."""
    raw = json.loads(CATALOGUE_FILE.read_bytes()) | {"version": number} | values
    for product in raw["products"]:
        product["price_minor"] += dearer
    return json.dumps(raw).encode()


def put_together(manifest: Document, payloads: dict[str, bytes]) -> bytes:
    fd = os.memfd_create("test")
    try:
        assemble(manifest, lambda part: payloads[part.sha256], fd)
        return os.pread(fd, manifest.size + 1, 0)
    finally:
        os.close(fd)


def parts_of(shop: Shop) -> dict[str, bytes]:
    return {sha256: shop.published.part(sha256) or b"" for sha256 in shop.published.parts()}


def say(bench: Bench, payload: bytes, now_s: int = NOW_S) -> str:
    return bench.desk.intent(DEVICE, payload, now_s=now_s).code


def intents(bench: Bench, count: int) -> list[bytes]:
    """At the prices of version 1."""
    bench.trust_time()
    bench.road.link(True)
    made = []
    for number in range(count):
        bench.road.commit(agreed(person=f"person-{number}"))
        made.append(only_publish(bench).payload)
    return made


# --- the parts ---


def manifest_of(data: bytes, cut: Cut) -> ManifestClaims:
    import hashlib

    sha256 = hashlib.sha256(data).hexdigest()
    about = {"sha256": sha256, "size": len(data), "parts": cut.parts, "slices": cut.slices}
    claims = ManifestClaims(iss="s", env="test", iat=NOW_S, version=1, currency="PLN", **about)
    catalogue_manifest.check_parts(claims)
    return claims


def fetched(cut: Cut, held: dict[str, bytes]) -> dict[str, bytes]:
    new = {part.sha256: load for part, load in zip(cut.parts, cut.payloads, strict=True) if load is not None}
    return held | new


entries = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 999)), min_size=1, max_size=40)


@given(st.lists(entries, min_size=2, max_size=4))
@settings(max_examples=200)
def test_whatever_changes_the_parts_make_the_catalogue_byte_for_byte(versions: list[Any]) -> None:
    held: dict[str, bytes] = {}
    before: tuple[ManifestClaims, bytes] | None = None
    for one in versions:
        rows = [{"id": f"product-{number}", "words": {"en": {"say": "x" * (number % 7)}}, "price": price}
                for number, price in one]  # fmt: skip
        data = json.dumps({"products": rows}).encode()
        cut = (before and cut_like(data, *before)) or cut_anew(data)
        manifest, held = manifest_of(data, cut), fetched(cut, held)
        assert put_together(manifest, held) == data
        before = manifest, data


def test_a_hundred_changed_products_of_many_are_one_small_part_more() -> None:
    chance = random.Random(6)
    rows = [{"id": f"p{n}", "say": f"thing {chance.random()}", "price": n % 997} for n in range(20_000)]
    first = json.dumps({"products": rows}).encode()
    whole = cut_anew(first)
    for row in chance.sample(rows, 100):
        row["price"] += 1
    second = json.dumps({"products": rows}).encode()
    cut = cut_like(second, manifest_of(first, whole), first)
    assert cut is not None
    new = [payload for payload in cut.payloads if payload is not None]
    assert len(new) == 1 and len(new[0]) < sum(part.size for part in whole.parts) / 50
    assert put_together(manifest_of(second, cut), fetched(cut, fetched(whole, {}))) == second


def test_right_parts_put_together_otherwise_than_signed_are_no_catalogue() -> None:
    data = json.dumps({"products": [{"id": f"p{n}", "price": n} for n in range(500)]}).encode()
    cut = cut_anew(data)
    other = msgspec.structs.replace(manifest_of(data, cut), sha256="0" * 64)
    with pytest.raises(TrustError) as error:
        put_together(other, fetched(cut, {}))
    assert error.value.code == "catalogue_sum"


def test_what_has_grown_out_of_many_changes_is_cut_anew() -> None:
    first = json.dumps({"products": [{"id": f"p{n}", "price": n} for n in range(500)]}).encode()
    second = json.dumps({"products": [{"id": f"q{n}", "price": n} for n in range(500)]}).encode()
    cut = cut_like(second, manifest_of(first, cut_anew(first)), first)
    assert cut is None or all(payload is not None for payload in cut.payloads), "nothing of the first is used"


def test_no_part_is_larger_than_a_frame_takes() -> None:
    data = random.Random(1).randbytes(300_000)
    cut = cut_anew(data)
    assert max(part.size for part in cut.parts) <= catalogue_manifest.LARGEST_PART_BYTES
    assert catalogue_manifest.LARGEST_PART_BYTES < LARGEST_PAYLOAD_BYTES
    assert put_together(manifest_of(data, cut), fetched(cut, {})) == data


# --- publishing ---


def test_a_version_is_signed_and_whole_and_only_goes_up(bench: Bench) -> None:
    shop = bench.desk.shop
    first = publish(bench.folder, shop, CATALOGUE_FILE.read_bytes(), now_s=NOW_S)
    assert first.version == 1
    assert publish(bench.folder, shop, CATALOGUE_FILE.read_bytes(), now_s=NOW_S + 1) == first
    for refused, code in (
        (version(1, dearer=1), "catalogue_version"),
        (version(2, currency="EUR"), "catalogue_currency"),
        (version(2, shop_id="another"), "catalogue_other_shop"),
        (b"{", "price_list_invalid"),
    ):
        with pytest.raises(ConfigurationError) as error:
            publish(bench.folder, shop, refused, now_s=NOW_S)
        assert error.value.code == code
    second = publish(bench.folder, shop, version(2, dearer=5), now_s=NOW_S + 10)
    manifest = verify_manifest(second.manifest, bench.trust)
    assert (manifest.version, manifest.currency) == (2, "PLN")
    assert put_together(manifest, parts_of(shop)) == version(2, dearer=5)
    assert bench.folder.catalogue.read_bytes() == version(2, dearer=5)
    with pytest.raises(ConfigurationError):
        publish(bench.folder, shop, CATALOGUE_FILE.read_bytes(), now_s=NOW_S + 20)


def test_an_intent_is_priced_by_the_version_that_it_names_and_all_replicas_know_it_at_once(
    bench: Bench,
) -> None:
    unpublished, before, after, late, withdrawn = intents(bench, 5)
    assert say(bench, unpublished) == "ordered", "nothing is published: the file's prices, as before"
    publish(bench.folder, bench.desk.shop, version(2, dearer=1_000), now_s=NOW_S)
    assert say(bench, before) == "ordered", "dearer since, but read back at version 1"
    with Shop.open(bench.folder.database) as another:
        publish(bench.folder, another, version(3, dearer=-100), now_s=NOW_S + 1)
    assert say(bench, after) == "ordered"
    with Shop.open(bench.folder.database) as another:
        assert another.published.withdraw(1)
    assert say(bench, withdrawn) == "catalogue_withdrawn"
    [*_, first] = bench.desk.shop.orders()
    assert {order.total_minor for order in bench.desk.shop.orders()} == {first.total_minor}
    with bench.desk.shop.transaction("catalogue"):
        tidy(bench.desk.shop, now_s=NOW_S + 30 * 24 * 3600, longest_lifetime_s=7 * 24 * 3600)
    assert say(bench, late) == "catalogue_unknown"


def test_prices_hold_as_long_as_an_intent_may_be_under_way_and_no_longer(bench: Bench) -> None:
    lifetime_s = bench.folder.config().longest_lifetime_s
    publish(bench.folder, bench.desk.shop, version(2), now_s=NOW_S - lifetime_s - 1)
    [intent] = intents(bench, 1)
    assert say(bench, intent) == "catalogue_withdrawn"


def test_the_version_before_that_came_by_file_holds_on(bench: Bench) -> None:
    shop = bench.desk.shop
    publish(bench.folder, shop, version(4), now_s=NOW_S)
    assert [(one.version, bool(one.manifest)) for one in shop.published.all()] == [(4, True), (1, False)]
    assert parse_price_list(shop.published.source(1)) == parse_price_list(CATALOGUE_FILE.read_bytes())


def test_parts_of_no_kept_version_are_cleared_at_the_broker_and_then_forgotten(bench: Bench) -> None:
    shop, config = bench.desk.shop, bench.folder.config()
    kept: dict[str, bytes] = {}
    order: list[str] = []

    def retain(topic: str, payload: bytes) -> None:
        order.append(topic)
        kept[topic] = payload

    def look() -> None:
        order.clear()
        Announcer(shop, bench.folder, retain).look(lambda: NOW_S)

    look()
    assert kept == {}, "nothing is published"
    first = publish(bench.folder, shop, version(2), now_s=NOW_S)
    look()
    assert order[-1] == "va/v1/b/corner-shop/catalog" and kept[order[-1]] == first.manifest
    [part] = [topic for topic in kept if "/part/" in topic]
    other = version(3, dearer=3, products=[{"id": "tea", "price_minor": 5, "words": {}}])
    publish(bench.folder, shop, other, now_s=NOW_S + 1)
    look()
    assert kept[part], "a device may still be fetching version 2"
    later = NOW_S + config.longest_lifetime_s + 10
    with shop.transaction("catalogue"):
        tidy(shop, now_s=later, longest_lifetime_s=config.longest_lifetime_s)
    look()
    assert kept[part] == b"" and shop.published.part(part.rpartition("/")[2]) is not None
    with shop.transaction("catalogue"):
        tidy(shop, now_s=later + 8 * 24 * 3600, longest_lifetime_s=config.longest_lifetime_s)
    assert shop.published.part(part.rpartition("/")[2]) is None


def test_the_commands_publish_list_and_withdraw(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new.json"
    new.write_bytes(version(2))
    shop = str(bench.folder.path)
    assert main(["publish", shop, str(new)]) == 0
    assert "version 2 published: 1 parts" in capsys.readouterr().out
    assert main(["catalogues", shop, "--withdraw", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "the newest" in told[0] and "version 1" in told[1] and "withdrawn" in told[1]
    assert main(["catalogues", shop, "--withdraw", "9"]) == 1
    new.write_bytes(version(2, dearer=1))
    assert main(["publish", shop, str(new)]) == 1
    assert "raise its version" in capsys.readouterr().err


# --- what a device believes ---


def test_a_manifest_that_is_not_this_shops_or_cannot_be_put_together_is_refused(bench: Bench) -> None:
    trust = bench.trust
    event = publish(bench.folder, bench.desk.shop, version(2), now_s=NOW_S).manifest

    def code(payload: bytes, trust: TrustBundle = trust) -> str:
        with pytest.raises(TrustError) as error:
            verify_manifest(payload, trust)
        return error.value.code

    keys = msgspec.structs.replace(trust.keys, catalogue=trust.keys.policy)
    assert code(event, msgspec.structs.replace(trust, keys=keys)) == "signature_key_unknown"
    assert code(event, msgspec.structs.replace(trust, shop_id="x")) == "manifest_other_shop"
    assert code(event, msgspec.structs.replace(trust, environment="production")) == "manifest_environment"
    assert code(bench.shop_time()) == "envelope_malformed"
    assert code(event.replace(b'"signed":"', b'"signed":"x')) in ("signature_malformed", "signature_invalid")
    part = Part("a" * 64, 10, 100)
    for parts, slices, size in (
        ((part, part), (), 200),
        ((part,), (), 99),
        ((part,), ((0, 1, 100),), 100),
        ((part,), ((1, 0, 100),), 100),
        (tuple(Part(f"{n:064x}", 10, 1 << 20) for n in range(200)), (), 200 << 20),
        (tuple(Part(f"{n:064x}", 10, 1) for n in range(401)), (), 401),
    ):
        assert code(signed_manifest(bench, parts, slices, size)) == "manifest_malformed"


def signed_manifest(bench: Bench, parts: Any, slices: Any, size: int) -> bytes:
    from uuid import uuid4

    from agent.committing import jws
    from agent.committing.envelope import CATALOGUE, SignedData, encode_event

    claims = {
        "iss": "corner-shop", "env": "test", "iat": NOW_S, "version": 2, "currency": "PLN",
        "sha256": "0" * 64, "size": size, "parts": msgspec.to_builtins(parts), "slices": slices,
    }  # fmt: skip
    signed = jws.sign(claims, bench.folder.signing_key("catalogue"), typ=catalogue_manifest.TYP)
    return encode_event(CATALOGUE, id_=uuid4(), source="corner-shop", now_s=NOW_S, data=SignedData(signed))
