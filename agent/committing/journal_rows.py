"""The order journal's rows: what they say, and which state may follow which. The tables are those of
`journal_steps`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec

from agent.deciding.money import Money

State = Literal["queued", "sent", "ordered", "refused", "expired", "unknown"]

ALLOWED: dict[State, frozenset[State]] = {
    "queued": frozenset({"sent", "ordered", "refused", "expired", "unknown"}),
    "sent": frozenset({"ordered", "refused", "unknown"}),
    "unknown": frozenset({"ordered", "refused", "expired"}),
    "ordered": frozenset({"refused"}),
    "refused": frozenset(),
    "expired": frozenset(),
}
"""queued: on disk. sent: the broker took it, which proves nothing. unknown: its time is over and only the
shop knows what became of it. ordered, refused and expired are ends; only the shop's word that an order was
cancelled after all takes it from ordered to refused."""

DAMAGED = "damaged"
"""The `reason` of an open order whose signed bytes were altered in storage."""

OPEN: tuple[State, ...] = ("queued", "sent", "unknown")
OPEN_STATES = "state IN ('" + "', '".join(OPEN) + "')"
"""The same as a condition of SQL."""

CHECKED = ("intent_id", "person", "basket_key", "total_minor", "currency", "sha256", "iat", "exp")
"""Columns that `checksum` is over."""


def checksum(row: Mapping[str, object]) -> str:
    """Over what of a row never changes and is no signed byte itself: where it fits, the row is about the
    order that it names, whatever became of the bytes."""
    fields = [row[name] for name in CHECKED]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


class OrderRow(msgspec.Struct, frozen=True):
    """One order without its signed bytes. `reason` is the shop's error code or ''; times are Unix seconds;
    `seconds_to_journal` runs from the end of speech to the moment before the commit, None where unknown;
    `factors` are what confirmed it beside a voice, with commas, '' for a voice alone; `by_another`: somebody
    else agreed as well, also where an earlier release has kept that among the decisions only (False)."""

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
    factors: str
    by_another: bool = False


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
