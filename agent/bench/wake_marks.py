"""Whether the marks of a wake phrase hold for people on whom they were not chosen: chosen on one half of the
recordings, counted on the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from agent.hearing.wake_check import Phrase
from agent.hearing.waking import WakeDecision

_NATS = np.arange(-16.0, -1.9, 0.5)
_SURE = (0.7, 0.8, 0.9, 0.95)
_NATS_WHEN_SURE = np.arange(-24.0, -3.9, 1.0)

Decided = Sequence[WakeDecision]


class Marks(NamedTuple):
    """As of `Phrase`."""

    nats: float
    sure: float
    nats_when_sure: float

    @staticmethod
    def of(phrase: Phrase) -> Marks:
        """Those in use."""
        return Marks(phrase.nats, phrase.sure, phrase.nats_when_sure)

    def wake(self, decided: Decided) -> int:
        """How many of the decisions would wake the device."""
        phrase = Phrase((), *self)
        return sum(phrase.heard(one.phrase_nats, one.score) for one in decided)


class Half(NamedTuple):
    """`clips`: decisions of each clip of the phrase, by signal-to-noise ratio; `others`: of each recording of
    other speech, `hours` in all."""

    clips: dict[float | None, list[Decided]]
    others: list[Decided]
    hours: float

    def missed(self, marks: Marks) -> dict[float | None, int]:
        """Clips in which nothing wakes."""
        return {snr_db: sum(not marks.wake(one) for one in clips) for snr_db, clips in self.clips.items()}

    def false_alarms(self, marks: Marks) -> int:
        """In the other speech."""
        return sum(marks.wake(one) for one in self.others)


def chosen_marks(half: Half) -> Marks:
    """Of all marks on a grid those without a false alarm in `half` and with fewest clips missed, over all
    ratios together; of several the one in their middle. Where every one has false alarms, fewest of these."""

    def cost(marks: Marks) -> tuple[int, int]:
        return half.false_alarms(marks), sum(half.missed(marks).values())

    grid = [Marks(*map(float, point)) for point in product(_NATS, _SURE, _NATS_WHEN_SURE)]
    costs = [cost(marks) for marks in grid]
    best = [marks for marks, of in zip(grid, costs, strict=True) if of == min(costs)]
    middle = np.mean(best, axis=0)
    return min(best, key=lambda marks: float(np.abs(np.subtract(marks, middle)).sum()))


def split(halves: Sequence[Half], in_use: Marks) -> list[dict[str, Any]]:
    """A row for each of the two halves: {"chosen": {"nats", "sure", "nats_when_sure"} on the other half,
    "negative_hours": x, "chosen_marks": {"results": [{"snr_db", "clips", "missed"}], "false_alarms": n},
    "marks_in_use": the same}, both counted on this one."""
    rows = []
    for half, other in zip(halves, reversed(halves), strict=True):
        marks = chosen_marks(other)
        rows.append(
            {
                "chosen": marks._asdict(),
                "negative_hours": half.hours,
                "chosen_marks": _counted(half, marks),
                "marks_in_use": _counted(half, in_use),
            }
        )
    return rows


def _counted(half: Half, marks: Marks) -> dict[str, Any]:
    results = [
        {"snr_db": snr_db, "clips": len(half.clips[snr_db]), "missed": missed}
        for snr_db, missed in half.missed(marks).items()
    ]
    return {"results": results, "false_alarms": half.false_alarms(marks)}


def halves(
    clips: Mapping[float | None, Sequence[Decided]], others: Sequence[Decided], hours: Sequence[float]
) -> tuple[Half, Half]:
    """Every other clip, and every other recording of other speech (`hours` of each)."""
    first, second = (
        Half(
            {snr_db: list(of[at::2]) for snr_db, of in clips.items()}, list(others[at::2]), sum(hours[at::2])
        )
        for at in (0, 1)
    )
    return first, second
