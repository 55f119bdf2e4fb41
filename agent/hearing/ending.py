"""How far along a sentence is where somebody pauses."""

from __future__ import annotations

from enum import StrEnum


class Ending(StrEnum):
    """What the grammar says of a sentence that stops here."""

    COMPLETE = "complete"  # nothing that means anything can follow
    OPEN = "open"  # a sentence, and it may go on
    HANGING = "hanging"  # only the beginning of one
    UNKNOWN = "unknown"  # not heard well enough to say, or no sentence at all
