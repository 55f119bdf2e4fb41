"""When a journalled order is sent again, asked after, or given up: a pure function of the rows and the
clock."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from agent.committing.journal_rows import DAMAGED, OrderRow

GRACE_S = 300
"""After `exp`, how long a receipt may still be on its way before the shop is asked."""


class Plan(NamedTuple):
    """Intent ids: publish the same bytes, ask the shop, take to 'unknown', take to 'expired'."""

    publish: tuple[str, ...]
    ask: tuple[str, ...]
    unknown: tuple[str, ...]
    expired: tuple[str, ...]


def plan(
    rows: Iterable[OrderRow],
    *,
    now_s: int | None,
    monotonic_s: float,
    due: Mapping[str, float],
    connected: bool,
    fresh: Container[str],
    held: Container[str] = (),
    early: Container[str] = (),
) -> Plan:
    """What to do now about the open orders.

    `now_s` is the trusted time, None where it is not known: then nothing is given up, and the shop judges
    what is late. `due` is the monotonic time before which an order rests; one that is not in it is due at
    once. An order that was never handed out cannot have been placed, so it expires without asking. That is
    known only of a `fresh` one, which this process queued itself: a journal that was put back from a copy, or
    mended, says "never" of what has left long ago.

    `rows` come oldest first, and the orders of one person leave in that order: a later one waits until the
    broker has taken the one before, not for the shop's answer. Other people's go on. What is `held` is being
    cancelled: it is sent no more, and holds nobody back. What is `early` was given up by a clock that was
    wrong: the shop has it not, and by its time may still place it. So the same bytes leave once more, or the
    shop could only say "not yet" until their time is over there, too.
    """
    publish: list[str] = []
    ask: list[str] = []
    unknown: list[str] = []
    expired: list[str] = []
    not_taken_yet: set[str] = set()
    for row in rows:
        never_left = row.attempts == 0 and row.intent_id in fresh
        if now_s is not None and never_left and now_s >= row.exp:
            expired.append(row.intent_id)
        elif row.state != "unknown" and now_s is not None and now_s > row.exp + GRACE_S:
            unknown.append(row.intent_id)
        else:
            is_due = connected and monotonic_s >= due.get(row.intent_id, 0.0)
            if row.state == "unknown":
                again = row.intent_id in early and row.intent_id not in held and row.reason != DAMAGED
                (publish if again else ask).extend([row.intent_id] * is_due)
            elif row.intent_id not in held and row.person not in not_taken_yet:
                publish += [row.intent_id] * is_due
                if row.state == "queued":
                    not_taken_yet.add(row.person)
    return Plan(tuple(publish), tuple(ask), tuple(unknown), tuple(expired))


def rest_seconds(attempts: int, *, shortest_s: float, longest_s: float, jitter: float) -> float:
    """How long to wait after attempt number `attempts` (from 1): doubling, at most `longest_s`, and up to a
    quarter less by `jitter` (0..1), so that a fleet does not return as one wave."""
    full = min(longest_s, shortest_s * 2.0 ** min(max(attempts - 1, 0), 30))
    return full * (1.0 - 0.25 * jitter)
