"""That it went wrong, as a conversation's event and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class WasWrong:
    """Somebody says that what was understood or done is not what was wanted. `noted`: what led there is
    kept."""

    noted: bool


class Turn(msgspec.Struct, frozen=True):
    """One thing that the device said: in which state of the conversation, by which reply's key, and about
    what: the basket as it was understood, in the words of the catalogue."""

    state: str
    said: str
    about: str = ""


class Feedback(msgspec.Struct, frozen=True):
    """What led to where somebody said that it went wrong, at that Unix time, and by which release. Never
    words that were said, nor who said them."""

    at_s: int
    language: str
    release: str
    turns: tuple[Turn, ...] = ()
