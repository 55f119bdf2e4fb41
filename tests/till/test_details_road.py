"""What the shop tells of its products, signed beside the catalogue: in use with it, whatever is killed, and
never taken for nothing once it is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.deciding.details import Details, Facts, Place
from agent.deciding.edition import source_id
from agent.till.catalogue_store import kept_details
from agent.till.part_store import PartStore
from agent.till.swap import Name
from order_backend.folder import ShopFolder
from order_backend.published import claims_of_version, needed_parts
from order_backend.publishing import publish
from tests.backend.test_publishing import version
from tests.committing.kit import NOW_S, make_bench
from tests.plumbing.stand_ins import comes_true
from tests.till.test_catalogue_road import MANIFEST, Broker, Road, in_use, take_up
from tests.till.test_new_catalogue import answer, bring, state, voice_comes
from tests.till.till_process import TillProcess, running_till


def details_of(catalogue: bytes, **changes: Any) -> bytes:
    """Of every product of the corner shop's, so that each may be ordered by a voice."""
    raw = json.loads(catalogue)
    products = {product["id"]: Facts(place=Place("7")) for product in raw["products"]}
    told = Details(1, raw["shop_id"], raw["version"], source_id(catalogue), products)
    return msgspec.json.encode(msgspec.structs.replace(told, **changes))


class TellingBroker(Broker):
    """Of a shop that tells details."""

    def __init__(self, till: TillProcess, data: bytes, details: bytes | None = None) -> None:
        self.till = till
        self.publish(data, details)

    def publish(self, data: bytes, details: bytes | None = None) -> Any:
        shop = self.till.shop.shop
        folder = ShopFolder(self.till.settings_file.parent / "shop")
        newest = publish(folder, shop, data, now_s=NOW_S, details=details or details_of(data))
        self.manifest, self.event = claims_of_version(newest), newest.manifest
        self.parts = {sha256: shop.published.part(sha256) or b"" for sha256 in needed_parts([newest])}
        return self.manifest


@pytest.fixture
def till(tmp_path: Path) -> Iterator[TillProcess]:
    with running_till(tmp_path) as till:
        till.health()
        yield till


def kept(till: TillProcess, source: bytes) -> bytes | None:
    found = kept_details(till.folder, source_id(source))
    return found.data if found is not None else None


def test_details_are_in_use_with_their_catalogue_and_after_a_restart(till: TillProcess) -> None:
    voice_comes(till)
    broker = TellingBroker(till, version(2))
    broker.announce()
    assert broker.serve() == len(broker.parts) == 2
    assert state(till).details == 0, "not before the catalogue is"
    take_up(till, 2)
    products = len(json.loads(version(2))["products"])
    assert (state(till).details, state(till).details_fault) == (products, "")
    assert kept(till, version(2)) == details_of(version(2))
    till.kill_and_start_again()
    assert state(till).details == products
    broker.publish(version(3))
    broker.announce()
    broker.serve()
    voice_comes(till, till.health().grammar)
    take_up(till, 3)
    assert kept(till, version(2)) is None and kept(till, version(3)) is not None


def test_what_storage_has_altered_or_lost_is_not_nothing_and_is_fetched_again(till: TillProcess) -> None:
    voice_comes(till)
    broker = TellingBroker(till, version(2))
    broker.announce()
    broker.serve()
    take_up(till, 2)
    [path] = till.folder.glob("catalogue.details.*")
    whole = path.read_bytes()
    for damage, code in ((whole[:-1] + b"x", "details_damaged"), (None, "details_missing")):
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage)
        till.kill_and_start_again()
        assert (state(till).details, state(till).details_fault) == (0, code)
        broker.announce()
        assert comes_true(lambda: not state(till).details_fault)
        assert path.read_bytes() == whole


def test_a_device_that_has_the_catalogue_already_gets_its_details_alone(tmp_path: Path) -> None:
    with running_till(tmp_path, catalogue=version(2)) as till:
        broker = TellingBroker(till, version(2))
        broker.announce()
        assert broker.serve() == 1
        assert comes_true(lambda: state(till).details > 0)
        assert state(till).version == 2


@pytest.mark.slow
def test_a_later_catalogue_by_hand_is_thought_to_have_lost_them(till: TillProcess) -> None:
    voice_comes(till)
    broker = TellingBroker(till, version(2))
    broker.announce()
    broker.serve()
    take_up(till, 2)
    with bring(till, version(3)) as client:
        assert answer(client) == "compiling"
        take_up(till, 3)
    assert state(till).details_fault == "details_differ"
    till.kill_and_start_again()
    assert (state(till).version, state(till).details_fault) == (3, "details_differ")
    broker.publish(version(3))  # the shop says what there is of it
    broker.announce()
    broker.serve()
    assert comes_true(lambda: state(till).details > 0)


@pytest.mark.slow
def test_details_of_a_later_release_leave_the_catalogue_in_use_and_are_lost(till: TillProcess) -> None:
    voice_comes(till)
    broker = TellingBroker(till, version(2), details_of(version(2), schema_version=9))
    broker.announce()
    broker.serve()
    take_up(till, 2)
    assert (state(till).details, state(till).details_fault) == (0, "details_newer")
    broker.announce()
    till.kill_and_start_again()
    assert in_use(till, 2) and state(till).details_fault == "details_newer"


@pytest.mark.slow
def test_an_order_for_what_only_some_may_order_is_refused_as_soon_as_the_shop_has_said_so(
    till: TillProcess,
) -> None:
    from tests.till.test_house_rules import _order

    assert "in total" in _order(till)
    with running_till(till.settings_file.parent / "another", catalogue=version(2)) as other:
        who = {"coffee": Facts(who=("fitter",))}
        broker = TellingBroker(other, version(2), details_of(version(2), products=who))
        broker.announce()
        broker.serve()
        assert comes_true(lambda: state(other).details == 1)
        assert _order(other).startswith("The rules of this house do not let you")


# --- the road by itself ---


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    bench = make_bench(tmp_path)
    yield Road(bench, tmp_path)
    bench.journal.close()
    bench.desk.close()


def bring_all(road: Road, data: bytes, details: bytes | None) -> None:
    more = {"details": details} if details is not None else {"no_details": True}
    for sha256, payload in road.announce(data, **more).items():
        road.send(sha256, payload)
    road.turn()


def test_under_one_version_details_neither_change_nor_vanish(road: Road) -> None:
    bring_all(road, version(2), details_of(version(2)))
    told = hashlib.sha256(details_of(version(2))).hexdigest()
    assert road.catalogues.beside == [told]
    road.catalogues.in_use = Name(2, source_id(version(2)))
    road.catalogues.details = told
    shop = road.bench.desk.shop
    newest = shop.published.newest()
    assert newest is not None
    claims = claims_of_version(newest)
    assert claims.details is not None
    without = msgspec.structs.replace(claims, details=None)
    other = msgspec.structs.replace(claims, details=msgspec.structs.replace(claims.details, sha256="0" * 64))
    for signed in (without, other):
        road.road.received(MANIFEST, sign(road, signed))
        assert road.catalogues.faults.pop() == "catalogue_same_version"
    assert road.catalogues.beside == [told] and road.asked[-1] == ()


def sign(road: Road, claims: Any) -> bytes:
    from order_backend.publishing import signed_manifest

    return signed_manifest(road.bench.folder, claims, now_s=NOW_S)


def test_a_version_without_details_after_one_with_is_the_shops_word_that_there_are_none(road: Road) -> None:
    bring_all(road, version(2), details_of(version(2)))
    bring_all(road, version(3), None)
    assert road.catalogues.beside[-1] == ""


def test_a_part_of_the_details_that_storage_has_altered_is_fetched_again(road: Road, tmp_path: Path) -> None:
    told = {"details": details_of(version(2))}
    claims = claims_of_version(
        publish(road.bench.folder, road.bench.desk.shop, version(2), now_s=NOW_S, **told)  # type: ignore[arg-type]
    )
    assert claims.details is not None
    [of_details] = claims.details.parts
    (tmp_path / "parts" / of_details.sha256).write_bytes(b"x" * of_details.size)
    parts = road.announce(version(2), **told)
    [of_catalogue] = claims.parts
    assert road.asked == [(of_catalogue.sha256,)], "the other is there"
    road.send(of_catalogue.sha256, parts[of_catalogue.sha256])
    road.turn()
    assert road.asked[-1] == (of_details.sha256,) and road.catalogues.brought == []
    road.send(of_details.sha256, parts[of_details.sha256])
    road.turn()
    assert [name.version for name in road.catalogues.brought] == [2]


def test_parts_of_both_are_kept_as_long_as_the_newest_is_made_of_them(road: Road, tmp_path: Path) -> None:
    bring_all(road, version(2), details_of(version(2)))
    road.catalogues.in_use = Name(2, source_id(version(2)))
    road.road.received(MANIFEST, road.bench.desk.shop.published.newest().manifest)  # type: ignore[union-attr]
    held = PartStore(tmp_path / "parts").held()
    assert held == needed_parts(road.bench.desk.shop.published.all()), "a change is fetched by what is new"
