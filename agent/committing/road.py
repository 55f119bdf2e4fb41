"""The road of an agreed order from signature to verified receipt: values in, values out, and the journal.

No sockets and no loop: the process that owns it calls `tick` now and then and whenever something happened,
and hands the returned messages to the uplink. Everything that matters is in the journal, so a new process
goes on where a killed one stopped.
"""

from __future__ import annotations

import random
import time as clocks
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, Unpack
from uuid import UUID, uuid4

from agent.committing import outbox
from agent.committing.approval_requests import ApprovalAsking
from agent.committing.arriving import Arriving, Settling
from agent.committing.asking import Asking
from agent.committing.cancelling import Cancels, Factor
from agent.committing.direct_intents import sign_agreed
from agent.committing.intents import SignedIntent
from agent.committing.journal import Journal
from agent.committing.journal_rows import OPEN, State
from agent.committing.key_renewal import KeyRenewal
from agent.committing.keys import KeyStore
from agent.committing.leaving import Leaving
from agent.committing.live_trust import LiveTrust
from agent.committing.offering import Offering
from agent.committing.presence import PresenceSigner
from agent.committing.receipts import CANCELLED
from agent.committing.renewal import Renewal
from agent.committing.returning import Returning
from agent.committing.road_events import (
    CancelTooLate,
    OrderDiffers,
    OrderExpired,
    OrderPlaced,
    OrderRefused,
    RoadEvent,
    TimeTrusted,
    about,
)
from agent.committing.shop_answers import Details, ShopAnswers
from agent.committing.shop_policy import ShopPolicy
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.deciding.basket import AgreedOrder
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, JournalError, TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.settings import Settings

__all__ = [
    "CancelTooLate", "OrderDiffers", "OrderExpired", "OrderPlaced", "OrderRefused", "OrderRoad", "RoadEvent",
    "TimeTrusted", "Turn",
]  # fmt: skip


class Turn(NamedTuple):
    """What `tick` wants done."""

    publishes: list[Publish]
    events: list[RoadEvent]


class OrderRoad:
    """Used from one thread. `refused` counts the messages from below that changed nothing, by error code."""

    def __init__(
        self,
        journal: Journal,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        settings: Settings,
        *,
        monotonic_ns: Callable[[], int] = clocks.monotonic_ns,
        jitter: Callable[[], float] = random.random,
        new_id: Callable[[], UUID] = uuid4,
        key_folder: Path | None = None,
    ) -> None:
        """`key_folder` as the `folder` of `KeyRenewal`. Raises TrustError environment_mismatch where settings
        and trust name different environments."""
        if trust.environment != settings.device.environment:
            raise TrustError(
                "environment_mismatch",
                f"settings say {settings.device.environment!r}, trust says {trust.environment!r}",
                "set [device] environment, or provision the device again",
            )
        self._journal, self._keys, self._trust, self._time = journal, keys, trust, time
        self._device, self._orders = settings.device, settings.orders
        self._monotonic_ns, self._jitter, self._new_id = monotonic_ns, jitter, new_id
        self._connected = False
        self._fresh: set[str] = set()
        self.refused: Counter[str] = Counter()
        self.policy = ShopPolicy(trust, settings.device.id, journal)
        """What the shop lets this device order."""
        self.authorities = trust.authorities if isinstance(trust, LiveTrust) else None
        """Who may vouch for the broker; None where that is what was pinned, for good."""
        self.renewal = Renewal(
            keys, trust, time, settings.device.id, monotonic_s=self._monotonic_s, new_id=new_id,
            authorities=self.authorities, jitter=jitter,
        )  # fmt: skip
        """Of the certificate that `uplink` shows the broker."""
        self.presence = PresenceSigner(keys, trust, time, settings.device.id, new_id, self.renewal.holds)
        self.key_renewal = KeyRenewal(
            keys, trust, time, settings.device.id, key_folder, monotonic_s=self._monotonic_s, new_id=new_id,
            jitter=jitter, say_again=self.presence.again,
        )  # fmt: skip
        """Of the key that all of this is signed with."""
        self.offering = Offering(keys, trust, time, settings.device.id, new_id)
        """Of the one offer that is awaited."""
        self.approval_asking = ApprovalAsking(keys, trust, time, settings.device.id, new_id)
        """Of what is to be approved on phones."""
        self.asking = Asking(
            *(journal, keys, trust, time, settings.device.id),
            monotonic_s=self._monotonic_s,
            rest_s=self._rest_s,
            new_id=new_id,
        )
        """Of what only the shop knows."""
        self._leaving = Leaving(
            *(journal, keys, trust, time, settings, self.key_renewal.earlier),
            monotonic_ns=monotonic_ns,
            label_s=self._label_s,
            rest_s=self._rest_s,
            new_id=new_id,
        )
        self._cancels = Cancels(
            journal, keys, trust, settings, monotonic_s=self._monotonic_s, rest_s=self._rest_s, new_id=new_id
        )
        self._returning = Returning(
            *(journal, trust, time, self._device),
            monotonic_s=self._monotonic_s, rest_s=self._rest_s, new_id=new_id,
        )  # fmt: skip
        answers = ShopAnswers(
            *(journal, trust, time, self._device, self._move, self._label_s),
            self._leaving.early.add, self.refused,
        )  # fmt: skip
        settling = Settling(answers, self._leaving, self._cancels, self._returning)
        takers = (time.accept_event, self.key_renewal.received, self.policy.accept_event)
        self._arriving = Arriving(self._device.id, trust, settling, *takers)
        self._news: list[RoadEvent] = []

    def clock_trusted(self) -> bool:
        """Whether an order could be signed now."""
        return self._time.trusted

    def now_s(self) -> int:
        """Unix seconds. Raises TrustError clock_untrusted."""
        return self._time.now()

    def commit(self, order: AgreedOrder) -> SignedIntent:
        """Signs `order` and queues it; it is on disk when this returns, and only then may "queued" be said.

        Raises TrustError (clock_untrusted and what `sign_agreed` raises) and JournalError; nothing is
        ordered then.
        """
        now_s = self._time.now()
        signed = sign_agreed(
            order,
            connected=self._connected,
            keys=self._keys,
            trust=self._trust,
            device_id=self._device.id,
            environment=self._device.environment,
            now_s=now_s,
            lifetime_s=self._orders.intent_lifetime_seconds,
            intent_id=self._new_id(),
        )
        self._journal.queue(signed, order, now_s=now_s, monotonic_ns=self._monotonic_ns())
        self._fresh.add(signed.intent_id)
        return signed

    def cancel(self, intent_id: str, *, factors: tuple[Factor, ...]) -> Literal["cancelled", "asked"]:
        """Takes an order back, for whoever was verified by `factors`. What never left is cancelled now; else
        it is signed and on disk when this returns, and the shop says later which came first: `tick` and
        `received` tell. Until then the order is sent no more.

        Raises JournalError (journal_no_such_order, ...) and TrustError (order_over, cancel_too_late,
        clock_untrusted, key_store_unavailable); nothing has changed then.
        """
        row = self._journal.order(intent_id)
        if row is None:
            raise JournalError("journal_no_such_order", f"no order {intent_id}", "earmark orders")
        if row.state in OPEN and row.attempts == 0 and row.intent_id in self._fresh:
            self._move(row.intent_id, "refused", reason=CANCELLED)
            self._news.append(OrderRefused(*about(row), CANCELLED))
            return "cancelled"
        self._cancels.ask(row, factors, now_s=self._time.now())
        return "asked"

    def link(self, connected: bool) -> None:
        """The uplink's session came or went; when it comes, everything open is due (`Leaving.linked`)."""
        if connected and not self._connected:
            self._leaving.linked()
            self._cancels.linked()
            self.key_renewal.linked()
            self.asking.linked()
        self._connected = connected

    def tick(self) -> Turn:
        """What is due now: messages for the uplink, and orders whose time is over. Cheap when nothing is.

        A journal that cannot be written is logged, and nothing leaves that it could not note first; so is a
        key store that does not sign, and what it should have signed is tried again.
        """
        if isinstance(self._trust, LiveTrust):
            self._trust.keep(self._monotonic_s())
        turn = Turn([], self._news)
        self._news = []
        try:
            self._tick(turn)
        except JournalError as error:
            turn.publishes.clear()
            self._count(error)
        return turn

    def _tick(self, turn: Turn) -> None:
        now_s = self._time.now() if self._time.trusted else None
        rows = {row.intent_id: row for row in self._journal.open_orders()}
        held = {cancel.intent_id for cancel in self._journal.open_cancels()}
        todo = outbox.plan(
            rows.values(),
            now_s=now_s,
            monotonic_s=self._monotonic_s(),
            due=self._leaving.due,
            connected=self._connected,
            fresh=self._fresh,
            held=held,
            early=self._leaving.early,
        )
        for intent_id in todo.unknown:
            self._move(intent_id, "unknown")
        for intent_id in todo.expired:
            self._move(intent_id, "expired")
            turn.events.append(OrderExpired(*about(rows[intent_id])))
        leaving = [publish for intent_id in todo.publish if (publish := self._leaving.order(rows[intent_id]))]
        turn.publishes.extend(leaving)
        if now_s is not None:  # a question is signed, and nothing is without the time; the shop tells it soon
            turn.publishes.extend(self._leaving.questions(rows[intent_id] for intent_id in todo.ask))
        if leaving:
            refs = [publish.ref for publish in leaving]
            self._journal.attempted(refs, now_s=self._label_s(), monotonic_ns=self._monotonic_ns())
        if self._connected and held:
            cancels, damaged = self._cancels.leaving(now_s=self._label_s())
            turn.publishes.extend(cancels)
            orders = filter(None, map(self._journal.order, damaged))
            turn.events.extend(CancelTooLate(*about(order)) for order in orders)
        if self._connected:
            turn.publishes.extend(self._returning.leaving(now_s=self._label_s()))
            turn.publishes.extend(self.key_renewal.tick())
            turn.publishes.extend(self.asking.leaving(now_s=self._label_s()))

    def published(self, ref: str) -> None:
        """The broker took the message `ref`, which proves nothing about the shop."""
        try:
            row = self._journal.order(ref)
            if row is not None and row.state == "queued":
                self._move(ref, "sent")
        except JournalError as error:
            self._count(error)

    def received(self, topic: str, payload: bytes) -> list[RoadEvent]:
        """Takes a message from below. What is forged, altered, foreign or repeated changes nothing and is
        counted; so is a true receipt that cannot be written down, which the shop will send again."""
        was_trusted, events = self._time.trusted, list[RoadEvent]()
        try:
            events += self._arriving.take(topic, payload)
        except (TrustError, JournalError) as error:
            self._count(error)
        if not was_trusted and self._time.trusted:
            events.append(TimeTrusted())
        return events

    def _count(self, error: EarmarkError) -> None:
        if error.code == "journal_corrupt":
            raise error  # whoever starts anew mends it
        audit.refused(self.refused, error)

    def _move(self, intent_id: str, state: State, **details: Unpack[Details]) -> None:
        now_s, monotonic_ns = self._label_s(), self._monotonic_ns()
        self._journal.move(intent_id, state, now_s=now_s, monotonic_ns=monotonic_ns, **details)

    def _label_s(self) -> int:
        """The time for a journal row: untrusted where nothing better is known, because it signs nothing."""
        return self._time.now() if self._time.trusted else int(clocks.time())

    def _rest_s(self, attempts: int) -> float:
        """After so many of whatever is sent until the shop answers."""
        shortest_s, longest_s = self._orders.resend_min_seconds, self._orders.resend_max_seconds
        return outbox.rest_seconds(
            attempts, shortest_s=shortest_s, longest_s=longest_s, jitter=self._jitter()
        )

    def _monotonic_s(self) -> float:
        return self._monotonic_ns() / 1e9
