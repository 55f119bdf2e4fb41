"""Device, network and shop under whatever interleaving of crash, resend, duplicate, reorder, expire and query
hypothesis can think of: what people were told is what became of their money.

The device is the real road on a real journal, the shop two real desks ("replicas") on one database whose
clocks do not agree. The network is a bag of messages that may be delivered in any order, again, or never.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TypeVar

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.committing.envelope import (
    INTENT,
    CloudEvent,
    IntentData,
    SignedData,
    decode_data,
    decode_event,
    down_topic,
)
from agent.committing.journal import OrderRow
from agent.committing.road import CancelTooLate, OrderPlaced, RoadEvent, TimeTrusted
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from order_backend.desk import OrderDesk, Reply
from order_backend.shop import Shop
from tests.committing.kit import DEVICE, agreed, make_bench, open_bench, unsigned_question

SKEWS_S = (0, -7_200, -3_700, -200, 200, 3_700, 7_200)
"""An order may wait for an hour (`intent_lifetime_seconds`)."""
MEANT_REFUSALS = {"expired", "not_yet_valid", "not_placed", "cancelled"}
"""What time alone may bring a true intent. Anything else here would be an attacker's doing."""
MEANT_STORIES = [
    *(["OrderPlaced"], ["OrderRefused"], ["OrderExpired"]),
    *(["OrderPlaced", "OrderRefused"], ["OrderPlaced", "CancelTooLate"]),
]
"""What may be told of one order, in this order: only one that was placed may be cancelled after that."""
SIGNED_AND_ALTERED = ("checkout", "payment")


T = TypeVar("T")


class Died(Exception):
    """The replica was killed inside its transaction."""


@functools.cache
def template() -> Path:
    """A shop and a device to copy: founding one takes longer than an example."""
    root = Path(tempfile.mkdtemp())
    bench = make_bench(root)
    bench.journal.close()
    bench.desk.close()
    return root


class Replica:
    """One of the shop's processes, with a clock of its own."""

    def __init__(self, desk: OrderDesk, skew_s: int) -> None:
        self.desk, self.skew_s = desk, skew_s


class Roads(RuleBasedStateMachine):
    """`up` and `down` are what is under way; what is delivered leaves the bag unless it is a duplicate."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        shutil.copytree(template(), self.root, dirs_exist_ok=True)
        self.bench = open_bench(self.root)
        self.dying, self.numbers = False, 0
        self.replicas: list[Replica] = []
        self.up: list[Publish] = []
        self.sent: list[Publish] = []
        self.down: list[tuple[str, bytes]] = []
        self.signed: dict[str, IntentData] = {}
        self.told: list[RoadEvent] = []
        self.shop = Shop.open(self.bench.folder.database)

    @initialize(skews=st.lists(st.sampled_from(SKEWS_S), min_size=2, max_size=2))
    def open_shop(self, skews: list[int]) -> None:
        self.replicas = [Replica(OrderDesk(self.bench.folder, order_number=self.number), s) for s in skews]
        self.bench.time.accept_event(self.replicas[0].desk.time(now_s=self.now(self.replicas[0])))
        self.bench.road.link(True)

    def number(self) -> str:
        """An order number: asked for inside the transaction."""
        if self.dying:
            raise Died
        self.numbers += 1
        return f"E-{self.numbers}"

    # The device

    @rule()
    def somebody_orders(self) -> None:
        signed = self.bench.road.commit(agreed())
        self.signed[signed.intent_id] = decode_data(decode_event(signed.payload, INTENT), IntentData)

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def somebody_takes_one_back(self, data: st.DataObject) -> None:
        """Whatever has become of it."""
        with contextlib.suppress(TrustError):
            self.bench.road.cancel(data.draw(st.sampled_from(list(self.signed))), factors=("voice",))

    @precondition(lambda self: self.shop.orders(1))
    @rule(data=st.data())
    def shop_hands_one_over(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.shop.orders(10_000)))
        self.shop.ends.put(order.order_id, "accepted", now_s=0)

    @rule()
    def tick(self) -> None:
        turn = self.bench.road.tick()
        self.told += turn.events
        self.up += turn.publishes
        self.sent += turn.publishes

    @rule()
    def die_between_noting_and_sending(self) -> None:
        self.told += self.bench.road.tick().events
        self.restart()

    @rule()
    def restart(self) -> None:
        self.bench.restart_device()
        self.bench.road.link(True)

    @rule()
    def lose_and_regain_the_link(self) -> None:
        self.bench.road.link(False)
        self.bench.road.link(True)

    @rule(seconds=st.sampled_from([1, 30, 400, 3_000, 4_000]))
    def time_passes(self, seconds: int) -> None:
        self.bench.clocks.pass_by(seconds)

    # The network

    @precondition(lambda self: self.up)
    @rule(data=st.data(), replica=st.integers(0, 1), again=st.booleans(), heard=st.booleans())
    def shop_gets_one(self, data: st.DataObject, replica: int, again: bool, heard: bool) -> None:
        """Any of those under way. Not `heard`: the replica dies after its commit, before its answer."""
        message = self.pick(self.up, data, keep=again)
        reply = self.at_the_shop(message, self.replicas[replica])
        if heard and reply is not None and reply.what:
            self.down.append((down_topic(DEVICE, reply.what), reply.payload))

    @precondition(lambda self: self.up)
    @rule(data=st.data(), replica=st.integers(0, 1))
    def shop_dies_before_its_commit(self, data: st.DataObject, replica: int) -> None:
        """The message was not acknowledged, so the broker has it still."""
        self.dying = True
        try:
            self.at_the_shop(self.pick(self.up, data, keep=True), self.replicas[replica])
        except Died:
            pass
        finally:
            self.dying = False

    @precondition(lambda self: self.down)
    @rule(data=st.data(), again=st.booleans())
    def device_gets_one(self, data: st.DataObject, again: bool) -> None:
        self.told += self.at_the_device(*self.pick(self.down, data, keep=again))

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def one_is_lost_going_up(self, data: st.DataObject) -> None:
        self.pick(self.up, data, keep=False)

    @precondition(lambda self: self.down)
    @rule(data=st.data())
    def one_is_lost_coming_down(self, data: st.DataObject) -> None:
        self.pick(self.down, data, keep=False)

    @rule(replica=st.integers(0, 1))
    def shop_tells_the_time(self, replica: int) -> None:
        payload = self.replicas[replica].desk.time(now_s=self.now(self.replicas[replica]))
        self.down.append((down_topic(DEVICE, "time"), payload))

    @rule(replica=st.integers(0, 1), seconds=st.sampled_from(SKEWS_S))
    def somebody_sets_a_clock(self, replica: int, seconds: int) -> None:
        self.replicas[replica].skew_s = seconds

    # Who has the network and no key

    @precondition(lambda self: self.signed)
    @rule(data=st.data(), which=st.sampled_from(SIGNED_AND_ALTERED))
    def somebody_alters_an_intent(self, data: st.DataObject, which: str) -> None:
        """Under its own id, as a thief of the device's TLS key could."""
        intent_id = data.draw(st.sampled_from(list(self.signed)))
        topic, payload = self.bench.journal.signed_bytes(intent_id)
        self.up.append(Publish("forged", topic, altered(payload, IntentData, which)))

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def somebody_asks_in_the_devices_name(self, data: st.DataObject) -> None:
        """While the clocks are right: it must not have anything refused that is in time."""
        intent_id = data.draw(st.sampled_from(list(self.signed)))
        reply = self.bench.desk.query(
            DEVICE, unsigned_question(intent_id), now_s=int(self.bench.clocks.wall_s)
        )
        self.down.append((down_topic(DEVICE, reply.what), reply.payload))

    @precondition(lambda self: self.down)
    @rule(data=st.data())
    def somebody_alters_an_answer(self, data: st.DataObject) -> None:
        """Other claims under the old signature."""
        topic, payload = self.pick(self.down, data, keep=True)
        before = self.rows()
        assert self.at_the_device(topic, altered(payload, SignedData, "signed")) == []
        assert self.rows() == before

    # What must hold, always

    @invariant()
    def what_people_were_told_is_true(self) -> None:
        orders = {row.intent_id: row for row in self.shop.orders(10_000)}
        ends = self.shop.ends.all()
        undone = {id_ for id_, order in orders.items() if ends.get(order.order_id) == "cancelled"}
        asked = {cancel.intent_id for cancel in self.bench.journal.open_cancels()}
        for intent_id, row in self.rows().items():
            if row.state == "ordered":
                assert orders[intent_id].order_id == row.order_id
                assert intent_id not in undone or intent_id in asked, "told ordered, and cancelled since"
            elif row.state in ("refused", "expired"):
                stands = intent_id in orders.keys() - undone
                assert not stands, f"told {row.state}, and ordered all the same"
            if row.state == "refused":
                assert row.reason in MEANT_REFUSALS
        told: dict[str, list[str]] = defaultdict(list)
        for event in self.told:
            if not isinstance(event, TimeTrusted):
                told[event.intent_id].append(type(event).__name__)
            if isinstance(event, OrderPlaced):
                assert orders[event.intent_id].order_id == event.order_id
            if isinstance(event, CancelTooLate):
                assert event.intent_id in orders and event.intent_id not in undone
        assert all(said in MEANT_STORIES for said in told.values())
        owed = sum(order.total_minor for id_, order in orders.items() if id_ not in undone)
        assert self.shop.accounts.lock(DEVICE).owed_minor == owed

    @invariant()
    def nothing_is_lost_and_nothing_made_up(self) -> None:
        assert self.rows().keys() == self.signed.keys()
        placed = self.shop.orders(10_000)
        assert len(placed) == len({row.intent_id for row in placed})
        for order in placed:
            pair = order.open_checkout or order.closed_checkout, order.open_payment or order.closed_payment
            assert self.signed[order.intent_id] == IntentData(*pair)

    def teardown(self) -> None:
        try:
            if self.replicas and sys.exc_info()[0] is None:  # a step that failed says it better
                self.quiet_end()
        finally:
            self.shop.close()
            self.bench.journal.close()
            self.bench.desk.close()
            for replica in self.replicas:
                replica.desk.close()
            shutil.rmtree(self.root)

    def quiet_end(self) -> None:
        """Nobody dies any more and the clocks are set right: every order comes to its end."""
        self.up = []  # what is under way now comes when all is over: late_copies
        for replica in self.replicas:
            replica.skew_s = 0
        for _ in range(150):
            journal = self.bench.journal
            if not journal.open_orders() and not journal.open_cancels() and not self.up and not self.down:
                break
            self.tick()
            for message in self.up:
                reply = self.at_the_shop(message, self.replicas[0])
                if reply is not None and reply.what:
                    self.down.append((down_topic(DEVICE, reply.what), reply.payload))
            for topic, payload in self.down:
                self.told += self.at_the_device(topic, payload)
            self.up, self.down = [], []
            self.bench.clocks.pass_by(200)
        assert not self.bench.journal.open_orders() and not self.bench.journal.open_cancels()
        self.what_people_were_told_is_true()
        self.nothing_is_lost_and_nothing_made_up()
        self.late_copies()

    def late_copies(self) -> None:
        """Long after all is over a broker hands out again what was ever sent, to a replica whose clock says
        that it is in time."""
        rows, replica = self.rows(), self.replicas[1]
        for message in self.sent:
            if message.ref in rows:
                replica.skew_s = rows[message.ref].iat + 1 - int(self.bench.clocks.wall_s)
                self.at_the_shop(message, replica)
        self.what_people_were_told_is_true()
        self.nothing_is_lost_and_nothing_made_up()

    def at_the_shop(self, message: Publish, replica: Replica) -> Reply | None:
        desk, what = replica.desk, message.topic.rpartition("/")[2]
        asks = {"intent": desk.intent, "query": desk.query, "cancel": desk.cancel, "offer": desk.offer}
        try:
            return asks[what](DEVICE, message.payload, now_s=self.now(replica))
        except TrustError:
            return None

    def at_the_device(self, topic: str, payload: bytes) -> list[RoadEvent]:
        return self.bench.road.received(topic, payload)

    def now(self, replica: Replica) -> int:
        return int(self.bench.clocks.wall_s) + replica.skew_s

    def rows(self) -> dict[str, OrderRow]:
        return {row.intent_id: row for row in self.bench.journal.orders(10_000)}

    @staticmethod
    def pick(bag: list[T], data: st.DataObject, *, keep: bool) -> T:
        index = data.draw(st.integers(0, len(bag) - 1))
        return bag[index] if keep else bag.pop(index)


def altered(payload: bytes, type_: type[msgspec.Struct], which: str) -> bytes:
    """The event with something else in the claims of the token `which`, and the old signature."""
    event = msgspec.json.decode(payload, type=CloudEvent)
    data = decode_data(event, type_)
    header, claims, rest = getattr(data, which).split(".", 2)
    middle = len(claims) // 2
    claims = claims[:middle] + ("A" if claims[middle] != "A" else "B") + claims[middle + 1 :]
    changed = msgspec.structs.replace(data, **{which: ".".join((header, claims, rest))})
    return msgspec.json.encode(msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(changed))))


TestRoads = Roads.TestCase
TestRoads.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
