"""The closing table, read from the device's journal and the shop's database, not from what the story hoped for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    scene: str
    heard: str
    decided: str
    ended: str
    times: str


def table(rows: Sequence[Row]) -> str:
    """A text table, as wide as its contents."""
    heads = ("scene", "heard", "decided", "where it ended", "times")
    cells = [heads, *((row.scene, row.heard, row.decided, row.ended, row.times) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
