"""The order journal's shape: tables, what a row says, and which state may follow which."""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.deciding.money import Money

SCHEMA_VERSION = 1
OLDEST_READER = 1
"""The oldest release (by its SCHEMA_VERSION) that can work on what this one writes; a rollback depends on
it."""

State = Literal["queued", "sent", "ordered", "refused", "expired", "unknown"]

ALLOWED: dict[State, frozenset[State]] = {
    "queued": frozenset({"sent", "ordered", "refused", "expired", "unknown"}),
    "sent": frozenset({"ordered", "refused", "unknown"}),
    "unknown": frozenset({"ordered", "refused", "expired"}),
    "ordered": frozenset(),
    "refused": frozenset(),
    "expired": frozenset(),
}
"""queued: on disk. sent: the broker took it, which proves nothing. unknown: its time is over and only the
shop knows what became of it. ordered, refused and expired are ends."""

DAMAGED = "damaged"
"""The `reason` of an open order whose signed bytes were altered in storage."""

OPEN: tuple[State, ...] = ("queued", "sent", "unknown")

SCHEMA = """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    number         INTEGER PRIMARY KEY,
    intent_id      TEXT NOT NULL UNIQUE,
    conversation   TEXT NOT NULL,
    person         TEXT NOT NULL,
    basket_key     TEXT NOT NULL,
    title          TEXT NOT NULL,
    total_minor    INTEGER NOT NULL CHECK (total_minor > 0),
    currency       TEXT NOT NULL,
    topic          TEXT NOT NULL,
    payload        BLOB NOT NULL,
    sha256         TEXT NOT NULL,
    iat            INTEGER NOT NULL,
    exp            INTEGER NOT NULL,
    state          TEXT NOT NULL
                   CHECK (state IN ('queued', 'sent', 'ordered', 'refused', 'expired', 'unknown')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    order_id       TEXT NOT NULL DEFAULT '',
    reason         TEXT NOT NULL DEFAULT '',
    delivery_date  TEXT NOT NULL DEFAULT '',
    queued_at_s    INTEGER NOT NULL,
    settled_at_s   INTEGER,
    seconds_to_journal REAL
) STRICT;
CREATE INDEX orders_open ON orders (state) WHERE state IN ('queued', 'sent', 'unknown');
CREATE INDEX orders_person ON orders (person, iat);

CREATE TABLE events (
    number       INTEGER PRIMARY KEY,
    intent_id    TEXT NOT NULL REFERENCES orders (intent_id),
    what         TEXT NOT NULL,
    at_s         INTEGER NOT NULL,
    monotonic_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX events_intent ON events (intent_id);

CREATE TABLE decisions (
    number       INTEGER PRIMARY KEY,
    at_s         INTEGER NOT NULL,
    conversation TEXT NOT NULL,
    code         TEXT NOT NULL,
    title        TEXT NOT NULL,
    person       TEXT NOT NULL
) STRICT;
"""


class OrderRow(msgspec.Struct, frozen=True):
    """One order without its signed bytes. `reason` is the shop's error code or ''; times are Unix seconds;
    `seconds_to_journal` runs from the end of speech to the moment before the commit, None where unknown."""

    intent_id: str
    conversation: str
    person: str
    basket_key: str
    title: str
    total: Money
    sha256: str
    iat: int
    exp: int
    state: State
    attempts: int
    order_id: str
    reason: str
    delivery_date: str
    queued_at_s: int
    settled_at_s: int | None
    seconds_to_journal: float | None


class EventRow(msgspec.Struct, frozen=True):
    """Something that happened to an order: a state's name, 'attempt', 'damaged' or 'mended'. `monotonic_ns`
    compares within one boot."""

    intent_id: str
    what: str
    at_s: int
    monotonic_ns: int


class DecisionRow(msgspec.Struct, frozen=True):
    """One decision of a conversation; what was said is not kept."""

    at_s: int
    conversation: str
    code: str
    title: str
    person: str
