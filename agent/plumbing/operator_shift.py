"""What the operator socket speaks about shifts."""

from __future__ import annotations

from agent.plumbing.messages import Message


class ShowShift(Message, frozen=True):
    """Who is on shift. The answer is `ShiftShown`."""


class EndShift(Message, frozen=True):
    """Nobody is on from now. The answer is `ShiftShown`, of the shift that was ended."""


class ShiftShown(Message, frozen=True):
    """`used`: whether there are shifts; `person` is a pseudonym, '' where nobody is on. Times are Unix
    seconds; it ends at `until_s` at the latest."""

    used: bool
    person: str = ""
    name: str = ""
    since_s: int = 0
    until_s: int = 0


ShiftRequest = ShowShift | EndShift
