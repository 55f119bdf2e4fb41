"""A device of a chaos run without ears and mouth, as a process: the real road, journal and uplink process,
and between them the shims. `python -m agent.bench.chaos_device DIR NAME INCARNATION`.

It orders what the plan says when its time has come and it is not in the journal, takes back what the plan
says, and asks again where either was refused: so does a person. What it would say aloud it writes down, and
what it was told yes to.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from agent.bench.chaos_account import Said
from agent.bench.chaos_agreed import Agreed
from agent.bench.chaos_files import ChaosFiles, Weather
from agent.bench.chaos_journals import wished_row
from agent.bench.chaos_link import ChaosLink
from agent.bench.chaos_plan import End, Wish
from agent.committing import outbox, renewal
from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.live_trust import LiveTrust
from agent.committing.offering import Offered
from agent.committing.receipts import CANCELLED
from agent.committing.road import OrderRoad
from agent.committing.road_events import (
    CancelTooLate,
    OrderDiffers,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    RoadEvent,
)
from agent.committing.trust import load_trust
from agent.committing.trusted_time import ClockReading, TrustedTime, read_clocks
from agent.deciding.basket import AgreedOrder, Basket
from agent.deciding.catalogue import parse_catalogue
from agent.plumbing.errors import EarmarkError, TrustError
from agent.plumbing.messages import Received
from agent.plumbing.settings_file import load_settings

GRACE_S = 5
"""Instead of five minutes, so that a run sees what becomes of orders whose time is over."""
RENEWAL_SPREAD_S = 10.0
"""Instead of five minutes, so that a run sees certificates of the successor."""
OFFER_WAIT_S = 3.0
"""Twice as long as the till waits: more is lost and late here, and a busy machine would see few offers."""
_ASK_AGAIN_S = 1.0
"""After any refusal: fifty devices that ask for each order at every turn leave the shop no processor time to
give them the time, for want of which they were refused."""
_LONGEST_YES_S = 1.0
"""From an offer to the yes to it."""
_MOST_WAITING = 3
"""People at a device: with more behind somebody, nobody waits for an offer."""
_COUNT_EVERY_S = 1.0
_NO_LIMIT = 2**30
_PEOPLE = 8
"""Of one device: the orders of each go one after the other."""


class _Asking(NamedTuple):
    wish: Wish
    until_s: float


class _Reading(NamedTuple):
    """What the shop offers is being read back."""

    at_s: float
    wish: Wish
    offered: Offered


class ChaosDevice:
    """Until it is killed."""

    def __init__(self, files: ChaosFiles, name: str, incarnation: int) -> None:
        self._files, self._name = files, name
        plan = files.read_plan()
        self._wishes = [wish for wish in plan.wishes if wish.device == name]
        self._cancels = [cancel for cancel in plan.cancels if cancel.device == name]
        settings = load_settings(files.settings(name))
        trust = LiveTrust(
            load_trust(Path(settings.paths.trust_file)), files.journal(name).with_name(ROTATIONS)
        )
        self._journal = Journal(files.journal(name))
        self._weather = Weather()
        self._ask_again_at_s = 0.0
        self._next_ids: list[UUID] = []
        self._road = OrderRoad(
            self._journal,
            FileKeyStore.load(Path(settings.paths.keys_dir)),
            trust,
            TrustedTime(trust, self._journal, self._clocks),
            settings,
            new_id=self._new_id,
        )
        self._catalogue = parse_catalogue((files.shop / "catalogue.json").read_bytes())
        self._chance = random.Random(f"{plan.seed} {name} {incarnation}")  # noqa: S311
        self._counts: Counter[str] = Counter()
        self._asking: _Asking | None = None
        self._readings: list[_Reading] = []
        self._link = ChaosLink(files, name, self._road, self._chance, self._counts)

    def run(self) -> None:
        """Turns for ever."""
        next_count = 0.0
        while True:
            self._link.live()
            self._take_weather(self._files.weather())
            self._end_conversations()
            self._order_what_is_wished()
            self._cancel_what_is_not()
            self._link.hear(self._take)
            turn = self._road.tick()
            self._say(turn.events)
            for publish in turn.publishes:
                self._link.send(publish)
            self._link.turn()
            if time.monotonic() >= next_count:
                next_count = time.monotonic() + _COUNT_EVERY_S
                self._files.count(self._name, self._counts)
                self._counts.clear()

    def _clocks(self) -> ClockReading:
        true, off_s = read_clocks(), self._weather.clocks.get(self._name)
        if off_s is None:
            return ClockReading(true.boot_s, true.wall_s, False, true.boot_id)
        return ClockReading(true.boot_s, true.wall_s + off_s, True, true.boot_id)

    def _take_weather(self, weather: Weather) -> None:
        if weather == self._weather:
            return
        was_full, is_full = (self._name in one.full for one in (self._weather, weather))
        self._weather = weather
        self._link.quieten(weather.quiet)
        if was_full != is_full:
            # SQLite says then what it says of a full disk: SQLITE_FULL, at the first page too many.
            database = self._journal._db
            pages = database.execute("PRAGMA page_count").fetchone()[0] if is_full else _NO_LIMIT
            database.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def _order_what_is_wished(self) -> None:
        """One after the other, and no other while the shop is asked for one: as the till does."""
        now_s = self._files.elapsed_s()
        while self._asking is None and self._wishes and self._is_due(self._wishes[0], now_s):
            wish = self._wishes.pop(0)
            if wished_row(self._journal, wish) is not None:
                continue
            waiting = sum(one.at_s <= now_s for one in self._wishes)
            asks = wish.offered_id and self._link.connected and waiting <= _MOST_WAITING
            if not (self._ask(wish) if asks else self._order(wish)):
                return

    def _is_due(self, wish: Wish, now_s: float) -> bool:
        return max(wish.at_s, self._ask_again_at_s) <= now_s

    def _ask(self, wish: Wish) -> bool:
        """The shop what it would cost. False where that cannot be asked now."""
        self._next_ids = [_random_id(), UUID(wish.offered_id)]
        try:
            request = self._road.offering.ask(self._basket(wish))
        except EarmarkError as error:
            self._counts[f"not_asked_{error.code}"] += 1
            self._again(wish)
            return False
        finally:
            self._next_ids = []
        self._counts["offers_asked"] += 1
        self._asking = _Asking(wish, time.monotonic() + OFFER_WAIT_S)
        self._link.send(request)
        return True

    def _end_conversations(self) -> None:
        """Who has heard an offer says yes to it; who has waited for one long enough is read the catalogue's
        price, and says yes to that."""
        now_s = time.monotonic()
        if self._asking is not None and now_s >= self._asking.until_s:
            wish, self._asking = self._asking.wish, None
            self._road.offering.drop()
            self._counts["offers_too_late"] += 1
            self._order(wish)
        for reading in [reading for reading in self._readings if reading.at_s <= now_s]:
            self._readings.remove(reading)
            self._order(reading.wish, reading.offered)

    def _offer(self, payload: bytes) -> None:
        try:
            offered = self._road.offering.received(payload)
        except TrustError as error:
            self._counts[f"offer_refused_{error.code}"] += 1
            return
        assert self._asking is not None  # noqa: S101  (only what is awaited is believed)
        yes_s = time.monotonic() + self._chance.uniform(0.0, _LONGEST_YES_S)
        self._readings.append(_Reading(yes_s, self._asking.wish, offered))
        self._asking = None

    def _order(self, wish: Wish, offered: Offered | None = None) -> bool:
        """False where it cannot be ordered now."""
        basket = offered.basket if offered is not None else self._basket(wish)
        offer = offered.offer if offered is not None else None
        token = offer.token if offer is not None else ""
        self._files.agree(Agreed.to(basket, device=self._name, intent_id=wish.intent_id, offer=token))
        person = f"person-{UUID(wish.intent_id).int % _PEOPLE}"
        self._next_ids = [UUID(wish.intent_id)]
        try:
            signed = self._road.commit(AgreedOrder(basket, person, ("voice",), wish.intent_id, offer=offer))
        except EarmarkError as error:
            self._counts[f"not_queued_{error.code}"] += 1
            self._files.say(self._name, Said("not_queued", wish.intent_id))
            self._again(wish)
            return False
        finally:
            self._next_ids = []
        if wish.offered_id:
            self._counts["by_an_offer" if signed.intent_id == wish.offered_id else "by_a_limit"] += 1
        self._files.say(self._name, Said("queued", signed.intent_id))
        return True

    def _again(self, wish: Wish) -> None:
        self._ask_again_at_s = self._files.elapsed_s() + _ASK_AGAIN_S
        self._wishes.insert(0, wish)

    def _basket(self, wish: Wish) -> Basket:
        line = self._catalogue.line("coffee", {"roast": "dark"}, wish.quantity, "en")
        return Basket((line,), self._catalogue.version)

    def _cancel_what_is_not(self) -> None:
        now_s = self._files.elapsed_s()
        for cancel in [cancel for cancel in self._cancels if cancel.at_s <= now_s]:
            self._cancels.remove(cancel)
            if not self._cancel(cancel):
                self._cancels.append(msgspec.structs.replace(cancel, at_s=now_s + _ASK_AGAIN_S))

    def _cancel(self, cancel: End) -> bool:
        """False where it has to be tried again."""
        row = wished_row(self._journal, cancel)
        if row is None:
            return False  # wished, and not queued yet
        if self._journal.cancel(row.intent_id) is not None:
            return True
        try:
            done = self._road.cancel(row.intent_id, factors=("voice",))
        except EarmarkError as error:
            self._counts[f"not_cancelled_{error.code}"] += 1
            return isinstance(error, TrustError) and error.code in ("order_over", "cancel_too_late")
        self._counts[f"cancel_{done}"] += 1
        if done == "asked":
            self._files.say(self._name, Said("cancel_asked", row.intent_id))
        return True

    def _new_id(self) -> UUID:
        return self._next_ids.pop(0) if self._next_ids else _random_id()

    def _take(self, message: Received) -> None:
        if message.topic.endswith("/dn/offer"):
            self._offer(message.payload)
        elif message.topic.endswith("/dn/cert"):
            self._link.certificate(message)
        else:
            self._say(self._road.received(message.topic, message.payload))

    def _say(self, events: list[RoadEvent]) -> None:
        for event in events:
            match event:
                case OrderPlaced():
                    self._files.say(self._name, Said("ordered", event.intent_id, event.order_id))
                case OrderDiffers():
                    self._files.say(self._name, Said("differs", event.intent_id, event.order_id))
                case OrderRefused(code=code) if code == CANCELLED:
                    self._files.say(self._name, Said("cancelled", event.intent_id))
                case CancelTooLate():
                    self._files.say(self._name, Said("too_late", event.intent_id))
                case OrderRefused():
                    self._files.say(self._name, Said("refused", event.intent_id))
                case OrderExpired():
                    self._files.say(self._name, Said("expired", event.intent_id))


def _random_id() -> UUID:
    return UUID(bytes=os.urandom(16), version=4)


def main() -> None:
    """The process."""
    root, name, incarnation = sys.argv[1:4]
    outbox.GRACE_S, renewal.SPREAD_S = GRACE_S, RENEWAL_SPREAD_S
    ChaosDevice(ChaosFiles(Path(root)), name, int(incarnation)).run()


if __name__ == "__main__":
    main()
