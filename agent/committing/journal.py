"""The order journal: what was agreed, what was signed, what became of it. Written before anything is said or
sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from agent.committing import journal_bounds
from agent.committing.envelope import up_topic
from agent.committing.intents import SignedIntent
from agent.committing.journal_cancels import CancelRows
from agent.committing.journal_decisions import JournalDecisions
from agent.committing.journal_lists import ListRows
from agent.committing.journal_past import PastRows
from agent.committing.journal_people import PeopleRows
from agent.committing.journal_requests import RequestRows
from agent.committing.journal_returned import ReturnedRows
from agent.committing.journal_rows import (
    ALLOWED,
    CHECKED,
    DAMAGED,
    OPEN,
    OPEN_STATES,
    EventRow,
    OrderRow,
    State,
    checksum,
)
from agent.committing.journal_spent import SpentRows
from agent.committing.read_back import SignedFacts
from agent.deciding.basket import AgreedOrder
from agent.deciding.money import Money
from agent.plumbing import audit
from agent.plumbing.errors import JournalError

__all__ = ["EventRow", "Journal", "OrderRow"]

FILE_NAME = "journal.db"
"""Under state_dir."""

_TABLES = (
    *("meta", "orders", "events", "decisions", "cancels", "requests"),
    *("list_entries", "list_reminders"),
)
_COLUMNS = (
    "intent_id, conversation, person, basket_key, title, total_minor, currency, sha256, iat, exp, state, "
    "attempts, order_id, reason, delivery_date, queued_at_s, settled_at_s, seconds_to_journal, factors, "
    "by_another"
)
_SELECT = f"SELECT {_COLUMNS} FROM orders"  # noqa: S608


class Journal(
    CancelRows, RequestRows, ReturnedRows, SpentRows, JournalDecisions, PeopleRows, ListRows, PastRows
):
    """Owns one connection; used from one thread."""

    def queue(self, signed: SignedIntent, order: AgreedOrder, *, now_s: int, monotonic_ns: int) -> None:
        """Keeps the signed bytes as a 'queued' order. On disk when this returns.

        Raises JournalError: queue_full (MOST_OPEN wait already), journal_full, journal_read_only,
        journal_duplicate, journal_corrupt, journal_unusable.
        """
        basket = order.basket
        row = {
            **msgspec.structs.asdict(signed),
            "conversation": order.conversation,
            "person": order.person,
            "basket_key": basket.key,
            "title": order.title or ", ".join(f"{line.quantity} × {line.title}" for line in basket.lines),
            "total_minor": basket.total.minor,
            "currency": basket.total.currency,
            "factors": ",".join(factor for factor in order.factors if factor != "voice"),
            "by_another": order.by_another,
            "now_s": now_s,
            "waited": (monotonic_ns - order.speech_ended_ns) / 1e9 if order.speech_ended_ns else None,
        }

        def insert(db: sqlite3.Connection) -> None:
            journal_bounds.make_room(db, now_s)
            db.execute(
                "INSERT INTO orders (intent_id, conversation, person, basket_key, title, total_minor,"
                " currency, topic, payload, sha256, iat, exp, state, queued_at_s, seconds_to_journal,"
                " checksum, factors, by_another)"
                " VALUES (:intent_id, :conversation, :person, :basket_key, :title, :total_minor, :currency,"
                " :topic, :payload, :sha256, :iat, :exp, 'queued', :now_s, :waited, :checksum, :factors,"
                " :by_another)",
                {**row, "checksum": checksum(row)},
            )
            _event(db, signed.intent_id, "queued", now_s, monotonic_ns)

        self._write(insert)

    def attempted(self, intent_ids: Iterable[str], *, now_s: int, monotonic_ns: int) -> None:
        """Notes that these are about to be handed to the uplink: written first, so 0 attempts means never
        sent, where this process queued it (`outbox.plan`). Of many attempts only some are events as well
        (`audit.is_news`), or an order that waits would fill the disk; the row counts them all."""

        def note(db: sqlite3.Connection) -> None:
            for intent_id in intent_ids:
                [attempts] = db.execute(
                    "UPDATE orders SET attempts = attempts + 1 WHERE intent_id = ? RETURNING attempts",
                    (intent_id,),
                ).fetchone() or (0,)
                if audit.is_news(attempts, first=8):
                    _event(db, intent_id, "attempt", now_s, monotonic_ns)

        self._write(note, promised=True)

    def damaged(self, intent_id: str, *, now_s: int, monotonic_ns: int) -> None:
        """Its signed bytes are not those that were signed: they leave no more, and the shop is asked. Nothing
        that the row says of attempts is believed either."""

        def note(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE orders SET state = 'unknown', attempts = max(attempts, 1), reason = ?"
                " WHERE intent_id = ? AND state IN ('queued', 'sent')",
                (DAMAGED, intent_id),
            )
            _event(db, intent_id, DAMAGED, now_s, monotonic_ns)

        self._write(note, promised=True)

    def mended(self, facts: SignedFacts, *, now_s: int, monotonic_ns: int) -> None:
        """Its signed bytes hold and its other columns do not: they are written anew from what was signed."""
        signed = {
            **msgspec.structs.asdict(facts),
            "total_minor": facts.total.minor,
            "currency": facts.total.currency,
            "topic": up_topic(facts.device_id, "intent"),
        }

        def note(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE orders SET person = :person, basket_key = :basket_key, total_minor = :total_minor,"
                " currency = :currency, topic = :topic, sha256 = :sha256, iat = :iat, exp = :exp,"
                " attempts = max(attempts, 1), checksum = :checksum WHERE intent_id = :intent_id",
                {**signed, "checksum": checksum(signed)},
            )
            _event(db, facts.intent_id, "mended", now_s, monotonic_ns)

        self._write(note, promised=True)

    def move(
        self,
        intent_id: str,
        state: State,
        *,
        now_s: int,
        monotonic_ns: int,
        order_id: str = "",
        reason: str = "",
        delivery_date: str = "",
        receipt: bytes | None = None,
        charged_minor: int | None = None,
    ) -> None:
        """Takes an order to its next state. `receipt` is the shop's signed answer, kept as it came, and
        `charged_minor` what it charges in the order's currency.

        Raises JournalError journal_transition where it may not go there, journal_no_such_order, and what
        `queue` raises but queue_full.
        """

        def step(db: sqlite3.Connection) -> None:
            found = db.execute("SELECT state FROM orders WHERE intent_id = ?", (intent_id,)).fetchone()
            if found is None:
                raise JournalError("journal_no_such_order", f"no order {intent_id}")
            before: State = found[0]
            if state not in ALLOWED[before]:
                raise JournalError("journal_transition", f"{intent_id} is {before} and cannot become {state}")
            settled = None if state in OPEN else now_s
            db.execute(
                "UPDATE orders SET state = ?, order_id = ?, reason = ?, delivery_date = ?, settled_at_s = ?,"
                " receipt = ?, charged_minor = ?, told_at_s = NULL WHERE intent_id = ?",
                (state, order_id, reason, delivery_date, settled, receipt, charged_minor, intent_id),
            )
            _event(db, intent_id, state, now_s, monotonic_ns)

        self._write(step, promised=True)

    def order(self, intent_id: str) -> OrderRow | None:
        """One order, or None."""
        return self._one(f"{_SELECT} WHERE intent_id = ?", (intent_id,))

    def orders(self, limit: int = 20, *, person: str = "") -> list[OrderRow]:
        """The newest orders first; those of `person` only, where one is given."""
        own = "person = ? OR ? = ''"
        return self._many(f"{_SELECT} WHERE {own} ORDER BY number DESC LIMIT ?", (person, person, limit))

    def open_orders(self) -> list[OrderRow]:
        """Everything without an end, oldest first."""
        return self._many(f"{_SELECT} WHERE {OPEN_STATES} ORDER BY number", ())

    def open_count(self) -> int:
        """How many orders have no end yet."""
        with self._errors():
            count: int = self._db.execute(f"SELECT count(*) FROM orders WHERE {OPEN_STATES}").fetchone()[0]  # noqa: S608
        return count

    def signed_bytes(self, intent_id: str) -> tuple[str, bytes]:
        """(topic, payload) exactly as they were signed. Raises JournalError journal_no_such_order."""
        with self._errors():
            found = self._db.execute(
                "SELECT topic, payload FROM orders WHERE intent_id = ?", (intent_id,)
            ).fetchone()
        if found is None:
            raise JournalError("journal_no_such_order", f"no order {intent_id}")
        return found[0], found[1]

    def receipt(self, intent_id: str) -> bytes | None:
        """The shop's signed answer as it came; None where there is none (yet), or an earlier release took
        it."""
        with self._errors():
            found = self._db.execute(
                "SELECT receipt FROM orders WHERE intent_id = ?", (intent_id,)
            ).fetchone()
        return found[0] if found else None

    def orders_since(self, since_s: int) -> list[OrderRow]:
        """Everything without an end, and what the shop has taken since `since_s` (Unix seconds)."""
        taken = "(state = 'ordered' AND settled_at_s >= ?)"
        return self._many(f"{_SELECT} WHERE {OPEN_STATES} OR {taken} ORDER BY number", (since_s,))

    def taken_since(self, person: str, since_s: int) -> list[OrderRow]:
        """What `person` (a pseudonym; '' for everybody) has ordered since then (Unix seconds) and was not
        refused, oldest first."""
        own = "(person = ? OR ? = '') AND iat >= ? AND state NOT IN ('refused', 'expired')"
        return self._many(f"{_SELECT} WHERE {own} ORDER BY number", (person, person, since_s))

    def queued_like(self, person: str, basket_key: str) -> OrderRow | None:
        """An order of the same basket by the same person that has no end yet."""
        return self._one(
            f"{_SELECT} WHERE person = ? AND basket_key = ? AND {OPEN_STATES} ORDER BY number DESC LIMIT 1",
            (person, basket_key),
        )

    def untold(self, since_s: int) -> list[OrderRow]:
        """What has found its end since then and was not said to anybody, oldest first."""
        ended = f"NOT {OPEN_STATES} AND told_at_s IS NULL AND settled_at_s >= ?"
        return self._many(f"{_SELECT} WHERE {ended} ORDER BY settled_at_s, number", (since_s,))

    def told(self, intent_id: str, *, now_s: int) -> None:
        """The end of that order was said to its end. Raises JournalError as `move`."""

        def note(db: sqlite3.Connection) -> None:
            db.execute("UPDATE orders SET told_at_s = ? WHERE intent_id = ?", (now_s, intent_id))

        self._write(note, promised=True)

    def events(self, intent_id: str) -> list[EventRow]:
        """What happened to one order, in order."""
        with self._errors():
            rows = self._db.execute(
                "SELECT intent_id, what, at_s, monotonic_ns FROM events WHERE intent_id = ? ORDER BY number",
                (intent_id,),
            ).fetchall()
        return [EventRow(*row) for row in rows]

    def read_through(self) -> None:
        """Reads every value once, and looks whether each open order's row still says what it said. Raises
        JournalError journal_corrupt where one does not, or cannot be read."""
        with self._errors():
            for table in _TABLES:
                for _ in self._db.execute(f"SELECT * FROM {table}"):  # noqa: S608
                    pass
            rows = self._db.execute(
                f"SELECT checksum, {', '.join(CHECKED)} FROM orders WHERE {OPEN_STATES} AND checksum != ''"  # noqa: S608
            ).fetchall()
        for expected, *values in rows:
            if checksum(dict(zip(CHECKED, values, strict=True))) != expected:
                raise JournalError("journal_corrupt", f"{self._path}: the row of {values[0]} was altered")

    def _one(self, query: str, values: tuple[object, ...]) -> OrderRow | None:
        return next(iter(self._many(query, values)), None)

    def _many(self, query: str, values: tuple[object, ...]) -> list[OrderRow]:
        with self._errors():
            rows = self._db.execute(query, values).fetchall()
        return [_order_row(row) for row in rows]


def _order_row(row: tuple[Any, ...]) -> OrderRow:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    total = Money(fields.pop("total_minor"), fields.pop("currency"))
    return OrderRow(total=total, by_another=bool(fields.pop("by_another")), **fields)


def _event(db: sqlite3.Connection, intent_id: str, what: str, at_s: int, monotonic_ns: int) -> None:
    db.execute(
        "INSERT INTO events (intent_id, what, at_s, monotonic_ns) VALUES (?, ?, ?, ?)",
        (intent_id, what, at_s, monotonic_ns),
    )
