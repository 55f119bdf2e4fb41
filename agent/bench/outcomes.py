"""What becomes of one recording in the benchmark of orders, and how often each of that came about."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

OUTCOMES = ("accepted", "wrong", "asked", "rejected")


class Heard(NamedTuple):
    """One recording: the gap per token of its best sentence, and what becomes of it if that passes the gate.

    `outcome`: accepted, wrong, asked, or rejected (also where the question offers only wrong orders: the
    person denies both, and nothing is ordered).
    """

    gap_per_token: float
    outcome: str


def counted(heard: list[Heard], gate: float) -> dict[str, int]:
    """How often each outcome came about, with `gate` as the lowest gap per token."""
    counts = Counter(one.outcome if one.gap_per_token >= gate else "rejected" for one in heard)
    return {outcome: counts[outcome] for outcome in OUTCOMES}
