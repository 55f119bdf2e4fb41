"""What a recogniser makes of speech, whichever engine it is."""

from __future__ import annotations

import math
from typing import NamedTuple

from agent.hearing.audio import Float32
from agent.hearing.ending import Ending

NO_SENTENCE_GAP = -99.0
"""Stands for 'no sentence of the grammar survived the beam'."""

SURE_AHEAD_NATS = 3.0
"""A sentence that lies nearer than this behind another may as well have been said."""

_SURE_PER_TOKEN = -0.3  # nats


class Alternative(NamedTuple):
    """Another sentence that survived, and how many nats it lies behind the best one (>= 0)."""

    words: str
    behind_nats: float


class Recognition(NamedTuple):
    """What was heard. `words`: the best sentence of the grammar, normalised, or ''. `open_words`: the open
    decode, normalised. `gap_per_token`: how far the bound decode lies behind the open one, nats per token,
    <= 0; NO_SENTENCE_GAP without words. `alternatives`: runners-up with other words, best first.
    `nats_per_token`: log probability of the words in their likeliest spelling; NO_SENTENCE_GAP without words.
    `ahead_nats`: how far the next sentence that means something else lies behind. `ending`: whether the
    speech stops where a sentence does.
    """

    words: str
    open_words: str
    gap_per_token: float
    alternatives: tuple[Alternative, ...] = ()
    nats_per_token: float = NO_SENTENCE_GAP
    ahead_nats: float = math.inf
    ending: Ending = Ending.UNKNOWN

    @property
    def sure(self) -> bool:
        """Whether the words are likely in themselves and no sentence that means something else is near."""
        return self.nats_per_token >= _SURE_PER_TOKEN and self.ahead_nats >= SURE_AHEAD_NATS


class Draft(NamedTuple):
    """What the first model makes of speech that may not be over: it can still be reconsidered. Which speech
    that was."""

    recognition: Recognition
    samples: Float32
    entry: str
    whole: Float32 | None = None
