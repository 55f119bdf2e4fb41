"""The real till is sent a catalogue; this test is `uplink` and the broker, and kills whom it likes."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.committing.catalogue_manifest import ManifestClaims, Part
from agent.committing.catalogue_parts import unpack
from agent.plumbing import messages
from agent.plumbing.errors import CatalogueError, EarmarkError, TrustError
from agent.plumbing.messages import FetchParts, Received
from agent.till.catalogue_road import CatalogueRoad
from agent.till.catalogue_store import Beside
from agent.till.part_store import PartStore
from agent.till.swap import Name
from order_backend.folder import ShopFolder
from order_backend.published import claims_of_version, needed_parts
from order_backend.publishing import publish
from order_backend.shop import Shop
from tests.backend.test_publishing import version
from tests.committing.kit import NOW_S, Bench, found_shop, make_bench
from tests.plumbing.stand_ins import comes_true
from tests.till.test_new_catalogue import offered, state, voice_comes
from tests.till.till_process import TillProcess, running_till

MANIFEST, PART = "va/v1/b/corner-shop/catalog", "va/v1/b/corner-shop/part/"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[TillProcess]:
    with running_till(tmp_path) as till:
        till.health()
        yield till


def many(number: int, products: int = 1_500, *, dearer: int = 0) -> bytes:
    """Random words do not compress, so it takes some parts."""

    def product(at: int) -> dict[str, Any]:
        names = (hashlib.sha512(f"{at} {n}".encode()).hexdigest() for n in range(3))
        letters = "".join(names).translate(str.maketrans("0123456789", "ghijklmnop"))
        words = " ".join(letters[at : at + 9] for at in range(0, 100, 10))
        return {"id": f"p{at}", "unit": "box", "price_minor": 500 + dearer,
                "words": {"en": {"say": words, "hear": [letters[-60:]]}}}  # fmt: skip

    raw = json.loads(version(number))
    raw["products"] += [product(at) for at in range(products)]
    return json.dumps(raw).encode()


class Broker:
    """What the shop has retained."""

    def __init__(self, till: TillProcess, data: bytes) -> None:
        self.till = till
        self.publish(data)

    def publish(self, data: bytes) -> ManifestClaims:
        shop = self.till.shop.shop
        folder = ShopFolder(self.till.settings_file.parent / "shop")
        newest = publish(folder, shop, data, now_s=NOW_S)
        self.manifest, self.event = claims_of_version(newest), newest.manifest
        parts = self.manifest.parts
        self.parts = {part.sha256: shop.published.part(part.sha256) or b"" for part in parts}
        return self.manifest

    def announce(self) -> None:
        self.till.uplink.send(Received(MANIFEST, self.event))

    def asked(self) -> tuple[str, ...]:
        """The next list of parts that `uplink` is to read."""
        while True:
            message, _ = self.till.uplink.receive(messages.TillToUplink)
            if isinstance(message, FetchParts):
                return message.parts

    def send(self, sha256: str, payload: bytes | None = None) -> None:
        self.till.uplink.send(Received(PART + sha256, self.parts[sha256] if payload is None else payload))

    def serve(self) -> int:
        """Sends what is asked for, until nothing is; how many parts."""
        sent = 0
        while wanted := self.asked():
            assert len(wanted) <= messages.MOST_PARTS_AT_ONCE
            self.send(wanted[0])
            sent += 1
        return sent


def in_use(till: TillProcess, number: int) -> bool:
    return comes_true(lambda: state(till).version == number)


def take_up(till: TillProcess, number: int) -> None:
    till.voice.send(messages.GrammarTaken(offered(till)))
    assert in_use(till, number)


def test_a_catalogue_comes_part_by_part_and_the_next_one_only_by_what_is_new(till: TillProcess) -> None:
    voice_comes(till)
    broker = Broker(till, many(2))
    assert len(broker.manifest.parts) > 2
    broker.announce()
    assert broker.serve() == len(broker.manifest.parts)
    take_up(till, 2)
    assert (till.folder / "catalogue.json").read_bytes() == many(2)
    before = set(broker.parts)
    changed = json.loads(many(3))
    for product in changed["products"][::60]:
        product["price_minor"] += 1
    broker.publish(json.dumps(changed).encode())
    broker.announce()
    assert broker.serve() == len(set(broker.parts) - before) == 1
    take_up(till, 3)
    assert {path.name for path in (till.folder / "parts").iterdir()} == set(broker.parts)


def test_killed_after_each_part_it_goes_on_with_the_others(till: TillProcess) -> None:
    broker = Broker(till, many(2))
    for number in range(len(broker.manifest.parts)):
        broker.announce()
        assert len(broker.asked()) <= messages.MOST_PARTS_AT_ONCE
        missing = [sha256 for sha256 in broker.parts if not (till.folder / "parts" / sha256).exists()]
        assert len(missing) == len(broker.parts) - number
        broker.send(missing[0])
        assert comes_true((till.folder / "parts" / missing[0]).exists)
        till.kill_and_start_again()
        assert till.health().catalogue.version == 1
    voice_comes(till)
    broker.announce()
    take_up(till, 2)


def test_parts_that_are_altered_repeated_out_of_order_or_unasked_do_no_harm(till: TillProcess) -> None:
    voice_comes(till)
    broker = Broker(till, many(2))
    first, second, *_ = broker.parts
    broker.send(first)  # nobody asked: there is no manifest
    broker.announce()
    wanted = broker.asked()
    assert wanted[0] == first
    broker.send(first, broker.parts[second])
    broker.send(first, b"")
    broker.send(first, broker.parts[first][:-1] + b"x")
    broker.send("f" * 64, b"unasked")
    for sha256 in reversed(broker.parts):
        broker.send(sha256)
        broker.send(sha256)
    take_up(till, 2)
    assert (till.folder / "catalogue.json").read_bytes() == many(2)


def test_an_older_manifest_is_not_believed_even_by_a_device_that_was_put_back(till: TillProcess) -> None:
    broker = Broker(till, version(2))
    old = broker.event
    broker.publish(version(3))
    broker.announce()
    broker.serve()
    assert comes_true(lambda: state(till).next_version == 3)
    till.kill_and_start_again()  # with version 1 in use, and no part of it taken up
    for path in (till.folder / "parts").iterdir():
        path.unlink()
    till.uplink.send(Received(MANIFEST, old))
    till.health()
    assert state(till).next_version == 0
    broker.announce()
    assert broker.asked() == tuple(broker.parts), "the first thing asked for is of version 3"


def test_what_another_shop_environment_or_key_has_signed_is_not_looked_at(
    till: TillProcess, tmp_path: Path
) -> None:
    other = found_shop(tmp_path / "other")
    with Shop.open(other.database) as shop:
        foreign = publish(other, shop, version(9), now_s=NOW_S).manifest
    broker = Broker(till, version(2))
    for payload in (foreign, b"", b"{}", b"x" * 60_000, broker.event.replace(b'"signed":"e', b'"signed":"f')):
        till.uplink.send(Received(MANIFEST, payload))
    broker.announce()
    assert broker.asked() == tuple(broker.parts)
    assert state(till).fault == ""


# --- the road by itself, with what is hard to have happen to a process ---


class Catalogues:
    """Takes what is brought to it, or refuses it with `answer`."""

    def __init__(self) -> None:
        self.in_use = Name(1, "0" * 64)
        self.brought: list[Name] = []
        self.beside: list[str] = []
        self.details = ""
        self.faults: list[str] = []
        self.answer: EarmarkError | None = None

    def arrived(self, name: Name, source: int, told: Callable[[Any], None], beside: Beside) -> None:
        os.close(source)
        self.brought.append(name)
        self.details_arrived(name, beside, told)

    def details_arrived(self, name: Name, beside: Beside, told: Callable[[Any], None] = print) -> None:
        self.beside.append(beside.sha256)
        beside.close()
        told(self.answer or "compiling")

    def refused(self, error: EarmarkError) -> None:
        self.faults.append(error.code)


class FullStore(PartStore):
    """On a disk that may be full."""

    full = False

    def keep(self, part: Part, payload: bytes) -> None:
        if self.full:
            raise CatalogueError("catalogue_unwritable", "No space left on device", "earmark doctor")
        super().keep(part, payload)


class Road:
    def __init__(self, bench: Bench, root: Path) -> None:
        self.bench, self.catalogues, self.store = bench, Catalogues(), FullStore(root / "parts")
        self.asked: list[tuple[str, ...]] = []
        self.timers: list[Callable[[], None]] = []
        self.posted: list[Callable[[], None]] = []
        self.road = CatalogueRoad(
            bench.trust,
            bench.journal,
            self.store,
            self.catalogues,  # type: ignore[arg-type]
            lambda fetch: self.asked.append(fetch.parts),
            self.posted.append,
            lambda _, action: self.timers.append(action),
        )

    def announce(self, data: bytes, **more: Any) -> dict[str, bytes]:
        newest = publish(self.bench.folder, self.bench.desk.shop, data, now_s=NOW_S, **more)
        self.road.received(MANIFEST, newest.manifest)
        published = self.bench.desk.shop.published
        return {sha256: published.part(sha256) or b"" for sha256 in sorted(needed_parts([newest]))}

    def send(self, sha256: str, payload: bytes) -> None:
        self.road.received(PART + sha256, payload)

    def wait(self) -> None:
        self.timers.pop(0)()

    def turn(self) -> None:
        assert comes_true(lambda: self.posted)
        self.posted.pop(0)()


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    bench = make_bench(tmp_path)
    yield Road(bench, tmp_path)
    bench.journal.close()
    bench.desk.close()


def test_a_full_disk_is_told_leaves_what_is_in_use_and_is_tried_again(road: Road) -> None:
    parts = road.announce(version(2))
    road.store.full = True
    for sha256, payload in parts.items():
        road.send(sha256, payload)
    assert road.catalogues.faults == ["catalogue_unwritable"] and road.asked[-1] == ()
    road.store.full = False
    road.wait()
    assert road.asked[-1] == tuple(parts)
    for sha256, payload in parts.items():
        road.send(sha256, payload)
    road.turn()
    assert [name.version for name in road.catalogues.brought] == [2]


def test_a_catalogue_that_could_not_be_kept_is_brought_again_later_and_a_faulty_one_is_not(
    road: Road,
) -> None:
    road.catalogues.answer = CatalogueError("catalogue_unwritable", "full")
    for sha256, payload in road.announce(version(2)).items():
        road.send(sha256, payload)
    road.turn()
    road.catalogues.answer = CatalogueError("catalogue_invalid", "a word too many")
    road.wait()
    road.turn()
    assert len(road.catalogues.brought) == 2
    road.announce(version(2))
    assert road.posted == [] and len(road.catalogues.brought) == 2, "it is as faulty as before"


def test_parts_that_never_come_are_asked_for_anew(road: Road) -> None:
    wanted = tuple(road.announce(version(2)))
    road.wait()
    assert road.asked == [wanted, (), wanted]
    road.road.linked()
    assert road.asked[-1] == wanted, "perhaps it is another uplink"


def test_a_part_that_storage_has_altered_is_fetched_again(road: Road, tmp_path: Path) -> None:
    newest = publish(road.bench.folder, road.bench.desk.shop, version(2), now_s=NOW_S)
    [part] = claims_of_version(newest).parts
    (tmp_path / "parts" / part.sha256).write_bytes(b"x" * part.size)
    [(sha256, payload)] = road.announce(version(2)).items()
    assert road.asked == [], "it is there"
    road.turn()
    assert road.asked == [(sha256,)] and road.catalogues.brought == []
    road.send(sha256, payload)
    road.turn()
    assert len(road.catalogues.brought) == 1 and road.catalogues.faults == []


def test_two_catalogues_under_one_version_are_told_and_the_first_stays(road: Road) -> None:
    road.catalogues.in_use = Name(2, "1" * 64)
    road.announce(version(2))
    assert road.catalogues.faults == ["catalogue_same_version"] and road.asked == []


def test_a_part_is_decompressed_no_further_than_the_manifest_says() -> None:
    def part(payload: bytes, content: int) -> Part:
        return Part(hashlib.sha256(payload).hexdigest(), len(payload), content)

    bomb = zlib.compress(bytes(20 << 20), 9)
    tracemalloc.start()
    try:
        with pytest.raises(TrustError):
            unpack(bomb, part(bomb, 1_000))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    for payload, content in (
        (bomb, 1_000),
        (zlib.compress(b"short"), 6),
        (zlib.compress(b"short") + b"more", 5),
        (zlib.compress(b"short")[:-1], 5),
        (b"no zlib", 7),
    ):
        with pytest.raises(TrustError) as error:
            unpack(payload, part(payload, content))
        assert error.value.code == "catalogue_part"
    assert unpack(zlib.compress(b"short"), part(zlib.compress(b"short"), 5)) == b"short"
