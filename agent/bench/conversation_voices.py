"""Voices without sound: a unit vector for each person, as far from all others as can be."""

from __future__ import annotations

import math

_MOST_PEOPLE = 16


class Voices:
    """Whoever is named gets an axis of its own."""

    def __init__(self) -> None:
        self._axes: dict[str, int] = {}

    def of(self, name: str) -> tuple[float, ...]:
        """`name`'s voice."""
        axis = self._axes.setdefault(name, len(self._axes))
        return tuple(float(axis == at) for at in range(_MOST_PEOPLE))

    def like(self, name: str, other: str, cosine: float) -> tuple[float, ...]:
        """`name` imitates `other`, or has a cold, where both are one: that near to `other`, to nobody
        else."""
        own = self.of(name if name != other else f"{name}, changed")
        rest = math.sqrt(1 - cosine**2)
        return tuple(cosine * near + rest * far for near, far in zip(self.of(other), own, strict=True))
