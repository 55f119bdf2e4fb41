"""Whether a sensor has fallen silent, and when that is said: once for each silence. Pure values.

A sensor is silent when no good reading came for `silent_after_seconds`. That time is counted while the device
is on, by clocks that nobody sets; the wall clock only says whether it is night, and how to put it.
"""

from __future__ import annotations

import datetime
from typing import Literal, cast

import msgspec

Since = Literal[
    "never",
    "today",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "long_ago",
]
"""How people put it when something was last heard of."""

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEAST_NOTED_S = 60
"""A silence that has grown by less, or by less than a twenty-fourth of what makes one, is not written."""


class Silence(msgspec.Struct, frozen=True):
    """What is kept of one sensor, in the journal. `unheard_s` is how long no good reading had come when this
    was written; `ever` whether one came at all; `said` that this silence was told; `said_at_s` when a silence
    was told last, in Unix seconds."""

    unheard_s: int = 0
    ever: bool = False
    said: bool = False
    said_at_s: int | None = None


def noted(before: Silence, unheard_s: int, after_s: int, *, heard: bool) -> Silence:
    """With `unheard_s` as it is now. `heard`: `sensors` has told of a good reading, which ends a silence when
    it is newer than `after_s`. The same value where the change is not worth a write."""
    ended = heard and unheard_s < after_s
    grown_s = abs(unheard_s - before.unheard_s)
    now = msgspec.structs.replace(
        before,
        unheard_s=unheard_s,
        ever=before.ever or heard,
        said=before.said and not ended,
    )
    told_apart = (now.ever, now.said) != (before.ever, before.said)
    return now if told_apart or grown_s >= max(LEAST_NOTED_S, after_s / 24) else before


def is_due(silence: Silence, unheard_s: int, after_s: int, now_s: int, last_said_s: int, rest_s: int) -> bool:
    """Whether it is to be said. `last_said_s` is when anything was said last because of that sensor."""
    return unheard_s >= after_s and not silence.said and now_s >= last_said_s + rest_s


def told(before: Silence, unheard_s: int, now_s: int) -> Silence:
    """After it was said aloud."""
    return msgspec.structs.replace(before, unheard_s=unheard_s, said=True, said_at_s=now_s)


def since(unheard_s: int, now: datetime.datetime, *, ever: bool) -> Since:
    """In words that are true `now`, in local time."""
    if not ever:
        return "never"
    last = now - datetime.timedelta(seconds=min(unheard_s, 366 * 24 * 3600))
    days = (now.date() - last.date()).days
    if days < 2:
        return "yesterday" if days else "today"
    return cast(Since, _WEEK[last.weekday()]) if days < 7 else "long_ago"
