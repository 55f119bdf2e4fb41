"""Intents that come while others are taken share one commit, and each is answered as it would be alone."""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy.exc import OperationalError

from agent.committing.envelope import up_topic
from agent.committing.intents import SignedIntent
from agent.deciding.basket import AgreedOrder, Basket
from order_backend.broker import PrivateBroker
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.intake import Intake
from order_backend.shop_clock import ShopClock
from order_backend.taking import MOST_TOGETHER, Arrived, Taking
from tests.backend.post_office import refuses
from tests.backend.test_at_once import at_once
from tests.backend.test_checks import both, forged
from tests.backend.test_few_statements import statements
from tests.backend.test_reservations import COFFEE
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed, joined_shop, make_bench
from tests.committing.network import PATIENCE_S, Device, serving

SOAP = "dish-soap"


@pytest.fixture
def folder(tmp_path: Path, database: str) -> ShopFolder:
    return joined_shop(tmp_path, database=database)


class Counter:
    """Where messages are taken: what is answered and acknowledged stands here, in its order."""

    def __init__(self, bench: Bench) -> None:
        self.done: list[str] = []
        clock = ShopClock(bench.desk.shop, "backend-1")
        clock.now_s = lambda: NOW_S  # type: ignore[method-assign]
        self.taking = Taking(Intake(bench.folder, self._publish), bench.desk, clock, self._ack)

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        self.done.append("answer")
        return 0

    def _ack(self, mid: int, qos: int) -> None:
        self.done.append(f"ack {mid}")

    def take(self, payloads: Sequence[bytes], what: str = "intent") -> list[str]:
        for mid, payload in enumerate(payloads):
            self.taking.add(Arrived(up_topic(DEVICE, what), payload, mid, 1))
        assert self.done == [], "nothing before all have come"
        self.taking.take_waiting()
        return self.done


def intents(bench: Bench, *persons: str) -> list[SignedIntent]:
    bench.trust_time()
    return [bench.road.commit(agreed(person=person)) for person in persons]


def together(bench: Bench, payloads: Sequence[bytes]) -> list[str]:
    return [reply.code for reply in bench.desk.intents([(DEVICE, one) for one in payloads], now_s=NOW_S)]


def persons(bench: Bench) -> list[str]:
    return [order.person for order in reversed(bench.desk.shop.orders())]


def test_all_become_orders_in_the_order_in_which_they_came_by_one_commit(bench: Bench) -> None:
    names = [f"person-{number}" for number in range(MOST_TOGETHER)]
    payloads = [intent.payload for intent in intents(bench, *names)]
    with statements() as seen:
        assert Counter(bench).take(payloads) == [*["answer"] * 10, *(f"ack {mid}" for mid in range(10))]
    assert persons(bench) == names and seen.count("COMMIT") == 1
    assert together(bench, payloads) == ["replayed"] * 10


def test_of_what_is_left_the_first_gets_it(bench: Bench) -> None:
    bench.desk.shop.stock.count(COFFEE, 5)
    bench.trust_time()
    payloads = [bench.road.commit(agreed(quantity)).payload for quantity in (3, 3, 2, 1)]
    assert together(bench, payloads) == ["ordered", "unavailable", "ordered", "unavailable"]
    assert bench.desk.shop.stock.counted() == {COFFEE: 0}


def test_no_more_is_owed_than_the_account_may(bench: Bench) -> None:
    shop = bench.desk.shop
    with shop.transaction():
        shop.accounts.limit(shop.accounts.lock(DEVICE), 2 * 1900)
    bench.trust_time()
    payloads = [bench.road.commit(agreed(1)).payload for _ in range(3)]
    assert together(bench, payloads) == ["ordered", "ordered", "credit_limit"]


def test_an_account_that_several_share_is_limited_for_all_of_them(bench: Bench) -> None:
    shop = bench.desk.shop
    shop.accounts.join(DEVICE, "home")
    with shop.transaction():
        shop.accounts.limit(shop.accounts.lock(DEVICE), 1900)
    bench.trust_time()
    payloads = [bench.road.commit(agreed(1)).payload for _ in range(2)]
    assert together(bench, payloads) == ["ordered", "credit_limit"]


def test_one_that_no_database_could_take_is_acknowledged_all_the_same(bench: Bench) -> None:
    """It would come again and again."""
    refuses(bench, "orders", "NEW.person = 'person-9'")
    [one, other] = [one.payload for one in intents(bench, "person-9", "person-1")]
    assert Counter(bench).take([one]) == ["ack 0"]
    assert Counter(bench).take([other]) == ["answer", "ack 0"]
    assert persons(bench) == ["person-1"]


def test_one_that_no_database_could_take_does_not_stop_the_others(bench: Bench) -> None:
    refuses(bench, "orders", "NEW.person = 'person-9'")
    payloads = [one.payload for one in intents(bench, "person-1", "person-9", "person-2")]
    assert Counter(bench).take(payloads) == ["answer", "ack 0", "ack 1", "answer", "ack 2"]
    assert persons(bench) == ["person-1", "person-2"]


@pytest.mark.parametrize("other", [b"", b"{}", b'{"id": "x"}'])
def test_what_is_no_intent_does_not_stop_the_others(bench: Bench, other: bytes) -> None:
    [first, last] = [one.payload for one in intents(bench, "person-1", "person-2")]
    assert Counter(bench).take([first, other, last]) == ["answer", "ack 0", "ack 1", "answer", "ack 2"]
    assert persons(bench) == ["person-1", "person-2"]


def test_the_same_intent_twice_is_one_order_and_the_same_answer(bench: Bench) -> None:
    [intent] = intents(bench, "person-1")
    assert Counter(bench).take([intent.payload] * 2) == ["answer", "ack 0", "answer", "ack 1"]
    assert persons(bench) == ["person-1"]


def test_forged_ones_among_them_decide_nothing(bench: Bench) -> None:
    """They are answered, and the device's own of that id is placed after them."""
    [one, other] = [intent.payload for intent in intents(bench, "person-1", "person-2")]
    forged_one = forged(bench, both(), key=ECKey.generate_key("P-256"), id_=json.loads(one)["id"])
    assert together(bench, [forged_one, other]) == ["signature_invalid", "ordered"]
    assert together(bench, [one, other]) == ["ordered", "replayed"]


def test_nothing_is_answered_or_acknowledged_where_the_commit_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a process that is killed before it: each device sends its intent again."""
    payloads = [one.payload for one in intents(bench, "person-1", "person-2")]
    database = bench.desk.shop.database
    run = database.run

    def full(sql: str) -> object:
        if sql == "COMMIT":
            raise OperationalError(sql, {}, Exception("the disk is full"))
        return run(sql)

    with monkeypatch.context() as patch:
        patch.setattr(database, "run", full)
        counter = Counter(bench)
        assert counter.take(payloads) == []
        assert isinstance(counter.taking.fault, OperationalError)
        counter.taking.add(Arrived(up_topic(DEVICE, "intent"), payloads[0], 7, 1))
        counter.taking.take_waiting()
        assert counter.done == [], "nothing more is taken here"
    assert persons(bench) == []
    assert Counter(bench).take(payloads)[:2] == ["answer", "answer"]


def test_a_question_is_answered_after_the_intents_that_came_before_it(bench: Bench) -> None:
    """Or an order that is on its way would be said not to have been placed."""
    counter = Counter(bench)
    [intent] = intents(bench, "person-1")
    counter.taking.add(Arrived(up_topic(DEVICE, "intent"), intent.payload, 0, 1))
    counter.taking.add(Arrived(up_topic(DEVICE, "query"), b"no question", 1, 1))
    assert counter.done == ["answer", "ack 0", "ack 1"]


def test_order_services_that_want_the_same_things_never_wait_for_each_other(bench: Bench) -> None:
    """Each wants both, in another order: what one of them locks first the other would lock last."""
    shop = bench.desk.shop
    for item in (COFFEE, SOAP):
        shop.stock.count(item, 10_000)
    bench.trust_time()

    def batches(first: str, second: str) -> list[list[tuple[str, bytes]]]:
        def signed(product: str) -> bytes:
            options = {"roast": "dark"} if product == "coffee" else {}
            line = CATALOGUE.line(product, options, 1, "en")
            order = AgreedOrder(Basket((line,), CATALOGUE.version), "person-1", ("voice",), str(uuid.uuid4()))
            return bench.road.commit(order).payload

        return [[(DEVICE, signed(first)), (DEVICE, signed(second))] for _ in range(12)]

    def takes(some: list[list[tuple[str, bytes]]]) -> object:
        def work(desk: OrderDesk) -> str:
            codes = [reply.code for one in some for reply in desk.intents(one, now_s=NOW_S)]
            return " ".join(codes)

        return work

    work = [takes(batches(*pair)) for pair in (("coffee", SOAP), (SOAP, "coffee")) * 2]
    said = " ".join(at_once(bench, work)).split()  # type: ignore[arg-type]
    assert said == ["ordered"] * 96
    assert shop.stock.counted() == {COFFEE: 10_000 - 48, SOAP: 10_000 - 48}


def test_what_comes_while_an_order_is_placed_is_taken_together_over_a_real_broker(
    folder: ShopFolder, broker: PrivateBroker, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    others_have_come = threading.Event()
    take, take_together = Intake.take, Intake.take_together

    def alone(intake: Intake, topic: str, *args: Any, **more: Any) -> None:
        if topic.endswith("/intent"):
            taken.append(1)
            others_have_come.wait(PATIENCE_S)
        take(intake, topic, *args, **more)

    def together(intake: Intake, some: Iterable[tuple[str, bytes]], *args: Any) -> None:
        batch = list(some)
        taken.append(len(batch))
        others_have_come.wait(PATIENCE_S)
        take_together(intake, batch, *args)

    monkeypatch.setattr(Intake, "take", alone)
    monkeypatch.setattr(Intake, "take_together", together)
    with serving(folder, broker.port):
        device.until(device.road.clock_trusted, "the shop's time")
        for number in range(8):
            device.road.commit(agreed(person=f"person-{number}"))
        device.until(lambda: "queued" not in device.states(), "that the broker has them all")
        others_have_come.set()
        device.until(lambda: device.states() == ["ordered"] * 8, "all receipts")
    assert max(taken) >= 4, f"all that waited when the first was placed: {taken}"


@pytest.mark.parametrize("seed", range(4))
def test_together_they_are_told_what_they_would_be_told_alone(tmp_path: Path, seed: int) -> None:
    """Of stock and credit that do not last, with some that are sent again."""
    chance = random.Random(seed)
    quantities = [chance.randint(1, 5) for _ in range(30)]
    sent = [*range(30), *(chance.randrange(30) for _ in range(10))]
    chance.shuffle(sent)
    said = []
    for name, most in (("alone", 1), ("together", MOST_TOGETHER)):
        bench = make_bench(tmp_path / name)
        shop = bench.desk.shop
        shop.stock.count(COFFEE, 48)
        with shop.transaction():
            shop.accounts.limit(shop.accounts.lock(DEVICE), 44 * 1900)
        bench.trust_time()
        payloads = [bench.road.commit(agreed(quantity)).payload for quantity in quantities]
        codes: list[str] = []
        while len(codes) < len(sent):
            batch = sent[len(codes) : len(codes) + chance.randint(1, most)]
            batch = batch[: next((at for at, one in enumerate(batch) if one in batch[:at]), len(batch))]
            codes += together(bench, [payloads[one] for one in batch])
        with shop.transaction():
            said.append((codes, shop.stock.counted(), shop.accounts.lock(DEVICE).owed_minor))
        bench.journal.close()
        bench.desk.close()
    assert said[0] == said[1]
    assert set(said[0][0]) == {"ordered", "unavailable", "credit_limit", "replayed"}
