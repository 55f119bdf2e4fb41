"""What a shop tells of its products travels with the catalogue that it is of."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.bench.made_catalogue import made_catalogue, made_details
from agent.committing.catalogue_manifest import verify_manifest
from agent.committing.envelope import LARGEST_PAYLOAD_BYTES
from agent.deciding.edition import source_id
from agent.plumbing.errors import ConfigurationError
from order_backend import publishing
from order_backend.catalogue_cutting import FACTS, cut_anew, cut_like
from order_backend.cli import main
from order_backend.folder import ShopFolder
from order_backend.published import Version, claims_of_version, needed_parts
from order_backend.publishing import publish, tidy
from tests.backend.test_publishing import fetched, manifest_of, parts_of, put_together, version
from tests.committing.kit import NOW_S, Bench


def details_of(catalogue: bytes, *, aisle: str = "3", **changes: Any) -> bytes:
    raw = json.loads(catalogue)
    told = {
        "schema_version": 1,
        "shop_id": raw["shop_id"],
        "version": raw["version"],
        "catalogue_sha256": source_id(catalogue),
        "products": {one["id"]: {"place": {"aisle": aisle}, "fits": ["M8"]} for one in raw["products"]},
    }
    return json.dumps(told | changes).encode()


def put(bench: Bench, number: int, **options: Any) -> Version:
    data = version(number)
    options = {"details": details_of(data)} | options
    return publish(bench.folder, bench.desk.shop, data, now_s=NOW_S + number, **options)


def test_both_documents_are_in_one_signed_word_and_come_whole(bench: Bench) -> None:
    manifest = verify_manifest(put(bench, 2).manifest, bench.trust)
    assert manifest.details is not None
    held = parts_of(bench.desk.shop)
    assert put_together(manifest, held) == version(2)
    assert put_together(manifest.details, held) == details_of(version(2))
    assert bench.desk.shop.published.details(manifest) == details_of(version(2))


def test_an_earlier_device_reads_the_same_manifest_and_does_not_see_them(bench: Bench) -> None:
    class Earlier(msgspec.Struct, frozen=True):
        version: int
        sha256: str
        parts: tuple[Any, ...]

    claims = msgspec.json.encode(claims_of_version(put(bench, 2)))
    assert msgspec.json.decode(claims, type=Earlier).sha256 == source_id(version(2))


def test_what_was_told_once_is_not_forgotten_by_a_slip(bench: Bench) -> None:
    put(bench, 2)
    with pytest.raises(ConfigurationError) as error:
        put(bench, 3, details=None)
    assert error.value.code == "details_missing"
    assert claims_of_version(put(bench, 3, details=None, no_details=True)).details is None
    assert claims_of_version(put(bench, 4, details=None)).details is None, "there was nothing to forget"


@pytest.mark.parametrize(
    ("faulty", "code"),
    [
        (b"{", "details_invalid"),
        (details_of(version(3)), "details_differ"),
        (details_of(version(2), shop_id="another"), "details_differ"),
        (details_of(version(2), version=3), "details_differ"),
    ],
)
def test_details_of_something_else_are_refused(bench: Bench, faulty: bytes, code: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        put(bench, 2, details=faulty)
    assert error.value.code == code and bench.desk.shop.published.newest_number() == 0


def test_too_many_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_backend.told_details.LARGEST_DETAILS_BYTES", 100)
    with pytest.raises(ConfigurationError, match="details_too_large"):
        put(bench, 2)


def test_the_same_again_changes_nothing_and_other_details_need_another_version(bench: Bench) -> None:
    first = put(bench, 2)
    assert put(bench, 2) == first == put(bench, 2, details=None)
    with pytest.raises(ConfigurationError, match="catalogue_version"):
        put(bench, 2, details=details_of(version(2), aisle="4"))


def test_details_of_many_that_change_a_little_are_one_small_part_more() -> None:
    chance = random.Random(3)
    catalogue = made_catalogue(5_000)
    first = made_details(catalogue, "0" * 64)
    moved = {
        id_: chance.choice(tuple(first.products.values()))
        for id_ in chance.sample(sorted(first.products), 40)
    }
    for encode in (
        msgspec.json.encode,
        lambda value: msgspec.json.format(msgspec.json.encode(value), indent=1),
    ):
        before = encode(first)
        after = encode(msgspec.structs.replace(first, version=2, products=first.products | moved))
        whole = cut_anew(before)
        cut = cut_like(after, manifest_of(before, whole), before, FACTS)
        assert cut is not None
        new = [payload for payload in cut.payloads if payload is not None]
        assert len(new) == 1 and len(new[0]) < sum(part.size for part in whole.parts) / 20
        assert len(cut.slices) < 2 * 2 * 41, "a product is taken whole, and not in pieces from anywhere"
        assert put_together(manifest_of(after, cut), fetched(cut, fetched(whole, {}))) == after


def test_where_the_slices_of_both_are_too_many_the_details_are_cut_anew_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bench, 2)
    delta = claims_of_version(put(bench, 3))
    assert delta.details is not None and delta.details.slices and delta.slices
    whole = len(put(bench, 4).manifest)
    monkeypatch.setattr(publishing, "LARGEST_PAYLOAD_BYTES", whole - 1)
    cut = claims_of_version(put(bench, 5))
    assert cut.details is not None and cut.slices and not cut.details.slices
    monkeypatch.setattr(publishing, "LARGEST_PAYLOAD_BYTES", 100)
    with pytest.raises(ConfigurationError, match="catalogue_too_large"):
        put(bench, 6)
    assert whole < LARGEST_PAYLOAD_BYTES


def test_parts_that_an_earlier_release_took_for_useless_are_needed_again(bench: Bench) -> None:
    shop, newest = bench.desk.shop, put(bench, 2)
    with shop.transaction("catalogue"):
        shop.published.drop_parts(set(), NOW_S, delete_before_s=0)
    assert None not in shop.published.parts().values()
    with shop.transaction("catalogue"):
        tidy(shop, now_s=NOW_S, longest_lifetime_s=3_600)
    assert {sha256 for sha256, dropped in shop.published.parts().items() if dropped is None} == needed_parts(
        [newest]
    )


def test_the_command_publishes_and_lists_them(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue, details, shop = tmp_path / "new.json", tmp_path / "new.details.json", str(bench.folder.path)
    catalogue.write_bytes(version(2))
    details.write_bytes(details_of(version(2)))
    assert main(["publish", shop, str(catalogue), "--details", str(tmp_path / "none")]) == 1
    assert "details_invalid" in capsys.readouterr().err
    assert main(["publish", shop, str(catalogue), "--details", str(details)]) == 0
    assert "with details: 1 parts" in capsys.readouterr().out
    assert main(["catalogues", shop]) == 0
    assert "the newest, with details" in capsys.readouterr().out
    catalogue.write_bytes(version(3))
    assert main(["publish", shop, str(catalogue)]) == 1
    assert "--no-details" in capsys.readouterr().err
    assert main(["publish", shop, str(catalogue), "--no-details"]) == 0
    assert ShopFolder(bench.folder.path).catalogue.read_bytes() == version(3)
