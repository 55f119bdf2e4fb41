"""A device of a chaos run without ears and mouth, as a process: the real road, journal and uplink process,
and between them the shim. `python -m agent.bench.chaos_device DIR NAME INCARNATION`.

It orders what the plan says when its time has come and it is not in the journal, takes back what the plan
says, and asks again where either was refused: so does a person. What it would say aloud it writes down.
"""

from __future__ import annotations

import contextlib
import os
import queue
import random
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

from agent.bench.chaos_account import Said
from agent.bench.chaos_files import ChaosFiles, Weather
from agent.bench.chaos_plan import End, Wish
from agent.bench.chaos_shim import Forger, Shim, unchecked_claims
from agent.committing import outbox
from agent.committing.envelope import RECEIPT, SignedData, decode_data, decode_event
from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore
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
from agent.plumbing.child import Program, start_child
from agent.plumbing.errors import EarmarkError, IpcError, TrustError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import LinkState, Peer, Publish, Published, Received, UplinkToTill
from agent.plumbing.settings_file import load_settings

GRACE_S = 5
"""Instead of five minutes, so that a run sees what becomes of orders whose time is over."""
_LOOK_EVERY_S = 0.1
_ASK_AGAIN_S = 1.0
"""After any refusal: fifty devices that ask for each order at every turn leave the shop no processor time to
give them the time, for want of which they were refused."""
_MOST_A_TURN = 100
_COUNT_EVERY_S = 1.0
_NO_LIMIT = 2**30
_PEOPLE = 8
"""Of one device: the orders of each go one after the other."""


class ChaosDevice:
    """Until it is killed."""

    def __init__(self, files: ChaosFiles, name: str, incarnation: int) -> None:
        self._files, self._name = files, name
        plan = files.read_plan()
        self._wishes = [wish for wish in plan.wishes if wish.device == name]
        self._cancels = [cancel for cancel in plan.cancels if cancel.device == name]
        settings = load_settings(files.settings(name))
        trust = load_trust(Path(settings.paths.trust_file))
        self._journal = Journal(files.journal(name))
        self._weather = Weather()
        self._ask_again_at_s = 0.0
        self._next_id = UUID(int=0)
        self._road = OrderRoad(
            self._journal,
            FileKeyStore.load(Path(settings.paths.keys_dir)),
            trust,
            TrustedTime(trust, self._journal, self._clocks),
            settings,
            new_id=self._new_id,
        )
        self._catalogue = parse_catalogue((files.shop / "catalogue.json").read_bytes())
        chance = random.Random(f"{plan.seed} {name} {incarnation}")  # noqa: S311
        self._chance = chance
        self._counts: Counter[str] = Counter()
        self._up: Shim[Publish] = Shim(chance, self._counts)
        self._down: Shim[Received] = Shim(chance, self._counts)
        self._forger = Forger(chance)
        self._inbox: queue.Queue[tuple[IpcConnection, Any]] = queue.Queue()
        self._start_uplink()

    def run(self) -> None:
        """Turns for ever."""
        next_count = 0.0
        while True:
            if self._child.process.poll() is not None:
                self._road.link(False)
                self._child.end(1.0)
                self._start_uplink()
            self._take_weather(self._files.weather())
            self._order_what_is_wished()
            self._cancel_what_is_not()
            self._hear()
            self._send()
            if time.monotonic() >= next_count:
                next_count = time.monotonic() + _COUNT_EVERY_S
                self._files.count(self._name, self._counts)
                self._counts.clear()

    def _start_uplink(self) -> None:
        program = Program("uplink", "agent.committing.uplink")
        self._child = start_child("uplink", program, self._files.settings(self._name), time.monotonic())
        (self._files.device(self._name) / "uplink.pid").write_text(str(self._child.process.pid))
        ours, theirs = socket.socketpair()
        with theirs:
            self._child.control.send(Peer("till"), (theirs.fileno(),))
        self._uplink = IpcConnection(ours, peer="uplink")
        threading.Thread(target=self._read, args=(self._uplink,), daemon=True).start()

    def _read(self, connection: IpcConnection) -> None:
        with contextlib.suppress(EOFError, IpcError):
            while True:
                self._inbox.put((connection, connection.receive(UplinkToTill)[0]))

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
        self._up.quiet = self._down.quiet = weather.quiet
        if was_full != is_full:
            # SQLite says then what it says of a full disk: SQLITE_FULL, at the first page too many.
            database = self._journal._db
            pages = database.execute("PRAGMA page_count").fetchone()[0] if is_full else _NO_LIMIT
            database.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def _order_what_is_wished(self) -> None:
        now_s = self._files.elapsed_s()
        while self._wishes and max(self._wishes[0].at_s, self._ask_again_at_s) <= now_s:
            if self._journal.order(self._wishes[0].intent_id) is None and not self._order(self._wishes[0]):
                self._ask_again_at_s = now_s + _ASK_AGAIN_S
                return
            self._wishes.pop(0)

    def _order(self, wish: Wish) -> bool:
        line = self._catalogue.line("coffee", {"roast": "dark"}, wish.quantity, "en")
        basket = Basket((line,), self._catalogue.version)
        self._next_id = UUID(wish.intent_id)
        person = f"person-{self._next_id.int % _PEOPLE}"
        try:
            self._road.commit(AgreedOrder(basket, person, ("voice",), wish.intent_id))
        except EarmarkError as error:
            self._counts[f"not_queued_{error.code}"] += 1
            self._files.say(self._name, Said("not_queued", wish.intent_id))
            return False
        finally:
            self._next_id = UUID(int=0)
        self._files.say(self._name, Said("queued", wish.intent_id))
        return True

    def _cancel_what_is_not(self) -> None:
        now_s = self._files.elapsed_s()
        for cancel in [cancel for cancel in self._cancels if cancel.at_s <= now_s]:
            self._cancels.remove(cancel)
            if not self._cancel(cancel.intent_id):
                self._cancels.append(End(now_s + _ASK_AGAIN_S, cancel.device, cancel.intent_id))

    def _cancel(self, intent_id: str) -> bool:
        """False where it has to be tried again."""
        if self._journal.order(intent_id) is None:
            return False  # wished, and not queued yet
        if self._journal.cancel(intent_id) is not None:
            return True
        try:
            done = self._road.cancel(intent_id, factors=("voice",))
        except EarmarkError as error:
            self._counts[f"not_cancelled_{error.code}"] += 1
            return isinstance(error, TrustError) and error.code in ("order_over", "cancel_too_late")
        self._counts[f"cancel_{done}"] += 1
        if done == "asked":
            self._files.say(self._name, Said("cancel_asked", intent_id))
        return True

    def _new_id(self) -> UUID:
        return self._next_id if self._next_id.int else UUID(bytes=os.urandom(16), version=4)

    def _hear(self) -> None:
        """All that has come: one a turn would fall behind on a slow machine, and then never catch up."""
        now_s, timeout_s = time.monotonic(), _LOOK_EVERY_S
        with contextlib.suppress(queue.Empty):
            for _ in range(_MOST_A_TURN):
                connection, message = self._inbox.get(timeout=timeout_s)
                timeout_s = 0.001
                if connection is self._uplink:
                    self._take(message, now_s)
        for passed in self._down.due(now_s):
            self._say(self._road.received(passed.topic, passed.payload))

    def _take(self, message: Any, now_s: float) -> None:
        match message:
            case LinkState(connected=connected):
                self._road.link(connected)
            case Published(ref=ref):
                self._road.published(ref)
            case Received():
                self._count_refused_forgery(message)
                for passed in self._down.put(message, now_s):
                    self._say(self._road.received(passed.topic, passed.payload))

    def _count_refused_forgery(self, message: Received) -> None:
        """By what the shop answers to it; nobody checks that signature here."""
        with contextlib.suppress(EarmarkError):
            signed = decode_data(decode_event(message.payload, RECEIPT), SignedData).signed
            claims = unchecked_claims(signed)
            way = self._forger.made.get(str(claims.get("intent_sha256")))
            if way is not None:
                self._counts[f"answered_{way}_{claims.get('error') or 'with_the_order'}"] += 1

    def _send(self) -> None:
        turn = self._road.tick()
        self._say(turn.events)
        now_s = time.monotonic()
        out: list[Publish] = []
        for publish in turn.publishes:
            true = self._up.put(publish, now_s)
            forged = None if self._up.quiet else self._forger.perhaps(publish)
            if forged is None:
                out += true
            else:
                self._counts["forged"] += 1
                out += [forged, *true] if self._chance.random() < 0.5 else [*true, forged]
        out += self._up.due(now_s)
        for publish in out:
            with contextlib.suppress(EOFError, IpcError, OSError):
                self._uplink.send(publish)

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


def main() -> None:
    """The process."""
    root, name, incarnation = sys.argv[1:4]
    outbox.GRACE_S = GRACE_S
    ChaosDevice(ChaosFiles(Path(root)), name, int(incarnation)).run()


if __name__ == "__main__":
    main()
