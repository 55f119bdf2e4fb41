"""What happens to a conversation beside its order, as its events: something was asked in between, or nobody
hears and speaks any more. They count among those of `agent.deciding.conversation`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Inquired:
    """Somebody asked something, or wanted something of the list, and `answer` is what came of it: whatever is
    open stays open."""

    answer: str


@dataclass(frozen=True)
class VoiceLost:
    """Nobody is heard any more, and nothing can be said: what was asked was not heard to its end."""


@dataclass(frozen=True)
class Tell:
    """Say `text`, and what else is said with this step after it in one breath."""

    text: str


Beside = Inquired | VoiceLost
