"""The order journal: one SQLite file, written before anything is said or sent.

WAL with synchronous=FULL, so a method that returned has its rows on disk. One process writes; readers may
look on.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from agent.committing.envelope import up_topic
from agent.committing.intents import SignedIntent
from agent.committing.journal_faults import journal_error
from agent.committing.journal_rows import (
    ALLOWED,
    DAMAGED,
    OLDEST_READER,
    OPEN,
    SCHEMA,
    SCHEMA_VERSION,
    DecisionRow,
    EventRow,
    OrderRow,
    State,
)
from agent.committing.read_back import SignedFacts
from agent.deciding.basket import AgreedOrder
from agent.deciding.money import Money
from agent.plumbing.errors import JournalError

__all__ = ["DecisionRow", "EventRow", "Journal", "OrderRow"]

FILE_NAME = "journal.db"
"""Under state_dir."""

MOST_DECISIONS = 10_000

_COLUMNS = (
    "intent_id, conversation, person, basket_key, title, total_minor, currency, sha256, iat, exp, state, "
    "attempts, order_id, reason, delivery_date, queued_at_s, settled_at_s, seconds_to_journal"
)
_SELECT = f"SELECT {_COLUMNS} FROM orders"  # noqa: S608
_OPEN_STATES = "state IN ('" + "', '".join(OPEN) + "')"


class Journal:
    """Owns one connection; used from one thread."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the journal at `path`, owner-only.

        Raises JournalError: journal_unusable (no such folder, no permission), journal_corrupt, journal_newer.
        """
        self._path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise JournalError(
                "journal_unusable", f"cannot open {path}: {error.strerror}", "earmark doctor"
            ) from error
        with self._errors():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Folds the write-ahead log back into the file."""
        self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def queue(self, signed: SignedIntent, order: AgreedOrder, *, now_s: int, monotonic_ns: int) -> None:
        """Keeps the signed bytes as a 'queued' order. On disk when this returns.

        Raises JournalError: journal_full, journal_read_only, journal_duplicate, journal_corrupt,
        journal_unusable.
        """
        basket = order.basket
        waited = (monotonic_ns - order.speech_ended_ns) / 1e9 if order.speech_ended_ns else None
        title = order.title or ", ".join(f"{line.quantity} × {line.title}" for line in basket.lines)
        with self._writing() as db:
            db.execute(
                "INSERT INTO orders (intent_id, conversation, person, basket_key, title, total_minor,"
                " currency, topic, payload, sha256, iat, exp, state, queued_at_s, seconds_to_journal)"
                " VALUES (:intent_id, :conversation, :person, :basket_key, :title, :total_minor, :currency,"
                " :topic, :payload, :sha256, :iat, :exp, 'queued', :now_s, :waited)",
                {
                    **msgspec.structs.asdict(signed),
                    "conversation": order.conversation,
                    "person": order.person,
                    "basket_key": basket.key,
                    "title": title,
                    "total_minor": basket.total.minor,
                    "currency": basket.total.currency,
                    "now_s": now_s,
                    "waited": waited,
                },
            )
            _event(db, signed.intent_id, "queued", now_s, monotonic_ns)

    def attempted(self, intent_ids: Iterable[str], *, now_s: int, monotonic_ns: int) -> None:
        """Notes that these are about to be handed to the uplink: written first, so 0 attempts means never
        sent."""
        with self._writing() as db:
            for intent_id in intent_ids:
                db.execute("UPDATE orders SET attempts = attempts + 1 WHERE intent_id = ?", (intent_id,))
                _event(db, intent_id, "attempt", now_s, monotonic_ns)

    def damaged(self, intent_id: str, *, now_s: int, monotonic_ns: int) -> None:
        """Its signed bytes are not those that were signed: they leave no more, and the shop is asked. Nothing
        that the row says of attempts is believed either."""
        with self._writing() as db:
            db.execute(
                "UPDATE orders SET state = 'unknown', attempts = max(attempts, 1), reason = ?"
                " WHERE intent_id = ? AND state IN ('queued', 'sent')",
                (DAMAGED, intent_id),
            )
            _event(db, intent_id, DAMAGED, now_s, monotonic_ns)

    def mended(self, facts: SignedFacts, *, now_s: int, monotonic_ns: int) -> None:
        """Its signed bytes hold and its other columns do not: they are written anew from what was signed."""
        with self._writing() as db:
            db.execute(
                "UPDATE orders SET person = :person, basket_key = :basket_key, total_minor = :total_minor,"
                " currency = :currency, topic = :topic, sha256 = :sha256, iat = :iat, exp = :exp,"
                " attempts = max(attempts, 1) WHERE intent_id = :intent_id",
                {
                    **msgspec.structs.asdict(facts),
                    "total_minor": facts.total.minor,
                    "currency": facts.total.currency,
                    "topic": up_topic(facts.device_id, "intent"),
                },
            )
            _event(db, facts.intent_id, "mended", now_s, monotonic_ns)

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
    ) -> None:
        """Takes an order to its next state. Raises JournalError journal_transition where it may not go there,
        journal_no_such_order, and what `queue` raises."""
        with self._writing() as db:
            found = db.execute("SELECT state FROM orders WHERE intent_id = ?", (intent_id,)).fetchone()
            if found is None:
                raise JournalError("journal_no_such_order", f"no order {intent_id}")
            before: State = found[0]
            if state not in ALLOWED[before]:
                raise JournalError("journal_transition", f"{intent_id} is {before} and cannot become {state}")
            settled = None if state in OPEN else now_s
            db.execute(
                "UPDATE orders SET state = ?, order_id = ?, reason = ?, delivery_date = ?, settled_at_s = ?"
                " WHERE intent_id = ?",
                (state, order_id, reason, delivery_date, settled, intent_id),
            )
            _event(db, intent_id, state, now_s, monotonic_ns)

    def order(self, intent_id: str) -> OrderRow | None:
        """One order, or None."""
        return self._one(f"{_SELECT} WHERE intent_id = ?", (intent_id,))

    def orders(self, limit: int = 20) -> list[OrderRow]:
        """The newest orders first."""
        return self._many(f"{_SELECT} ORDER BY number DESC LIMIT ?", (limit,))

    def open_orders(self) -> list[OrderRow]:
        """Everything without an end, oldest first."""
        return self._many(f"{_SELECT} WHERE {_OPEN_STATES} ORDER BY number", ())

    def open_count(self) -> int:
        """How many orders have no end yet."""
        with self._errors():
            count: int = self._db.execute(f"SELECT count(*) FROM orders WHERE {_OPEN_STATES}").fetchone()[0]  # noqa: S608
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

    def orders_since(self, since_s: int) -> list[OrderRow]:
        """Everything without an end, and what the shop has taken since `since_s` (Unix seconds)."""
        taken = "(state = 'ordered' AND settled_at_s >= ?)"
        return self._many(f"{_SELECT} WHERE {_OPEN_STATES} OR {taken} ORDER BY number", (since_s,))

    def queued_like(self, person: str, basket_key: str) -> OrderRow | None:
        """An order of the same basket by the same person that has no end yet."""
        return self._one(
            f"{_SELECT} WHERE person = ? AND basket_key = ? AND {_OPEN_STATES} ORDER BY number DESC LIMIT 1",
            (person, basket_key),
        )

    def spent_since(self, person: str, since_s: int, currency: str) -> int:
        """Minor units that `person` has ordered or may yet have ordered since then."""
        with self._errors():
            total: int = self._db.execute(
                "SELECT coalesce(sum(total_minor), 0) FROM orders WHERE person = ? AND iat >= ?"
                " AND currency = ? AND state NOT IN ('refused', 'expired')",
                (person, since_s, currency),
            ).fetchone()[0]
        return total

    def events(self, intent_id: str) -> list[EventRow]:
        """What happened to one order, in order."""
        with self._errors():
            rows = self._db.execute(
                "SELECT intent_id, what, at_s, monotonic_ns FROM events WHERE intent_id = ? ORDER BY number",
                (intent_id,),
            ).fetchall()
        return [EventRow(*row) for row in rows]

    def record_decision(self, *, conversation: str, code: str, title: str, person: str, at_s: int) -> None:
        """Keeps how a conversation was decided; nothing that was said. The newest MOST_DECISIONS stay:
        whoever talks or types on and on must not fill the disk that orders are written to."""
        with self._writing() as db:
            db.execute(
                "DELETE FROM decisions WHERE number <= (SELECT max(number) FROM decisions) - ?",
                (MOST_DECISIONS,),
            )
            db.execute(
                "INSERT INTO decisions (at_s, conversation, code, title, person) VALUES (?, ?, ?, ?, ?)",
                (at_s, conversation, code, title, person),
            )

    def decisions(self, limit: int = 20) -> list[DecisionRow]:
        """The newest decisions first."""
        with self._errors():
            rows = self._db.execute(
                "SELECT at_s, conversation, code, title, person FROM decisions ORDER BY number DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [DecisionRow(*row) for row in rows]

    def meta_get(self, key: str) -> str | None:
        """A small value that outlives the process, or None."""
        with self._errors():
            found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def meta_set(self, key: str, value: str) -> None:
        """Keeps `value` under `key`."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def _prepare(self) -> None:
        db = self._db
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION and int(self.meta_get("oldest_reader") or version) > SCHEMA_VERSION:
            raise JournalError(
                "journal_newer",
                f"{self._path} has schema {version}, this release knows {SCHEMA_VERSION}",
                "update Earmark",
            )
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        if version == 0:
            db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
            self.meta_set("oldest_reader", str(OLDEST_READER))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise journal_error(error, self._path) from error

    def _one(self, query: str, values: tuple[object, ...]) -> OrderRow | None:
        return next(iter(self._many(query, values)), None)

    def _many(self, query: str, values: tuple[object, ...]) -> list[OrderRow]:
        with self._errors():
            rows = self._db.execute(query, values).fetchall()
        return [_order_row(row) for row in rows]


def _order_row(row: tuple[Any, ...]) -> OrderRow:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    total = Money(fields.pop("total_minor"), fields.pop("currency"))
    return OrderRow(total=total, **fields)


def _event(db: sqlite3.Connection, intent_id: str, what: str, at_s: int, monotonic_ns: int) -> None:
    db.execute(
        "INSERT INTO events (intent_id, what, at_s, monotonic_ns) VALUES (?, ?, ?, ?)",
        (intent_id, what, at_s, monotonic_ns),
    )
