"""What a challenge is to a conversation: a state, and the event that answers it. They count among those of
`agent.deciding.conversation`."""

from __future__ import annotations

from dataclasses import dataclass

from agent.deciding.basket import Basket, Offer
from agent.deciding.offered import MayBeOffered
from agent.deciding.verification import Verdict


@dataclass(frozen=True)
class Challenged(MayBeOffered):
    """The basket and its total were read back, with words to be said again: that is the consent. `words` are
    their places in the list; each question has new ones, and one answer. The rest as in `Confirming`."""

    basket: Basket
    speaker: Verdict
    words: tuple[int, ...]
    tries: int = 1
    offer: Offer | None = None
    said: str = ""


@dataclass(frozen=True)
class ChallengeAnswered:
    """`words` were said, by their places; `speaker` and `same_speaker` as in `Answered`."""

    words: tuple[int, ...]
    speaker: Verdict
    same_speaker: bool = False
