"""The second stage of the wake word: whether the recogniser hears the phrase where the first stage did.

The first stage is small and hears everything; this one is asked about its hits only. It asks how likely the
phrase is as the *beginning* of a short window, whatever follows: people go on speaking without a pause.
"""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import SAMPLE_RATE
from agent.hearing.beam import decode_prefix
from agent.hearing.grammar_automaton import GrammarAutomaton
from agent.hearing.moonshine import Float32, Moonshine
from agent.hearing.tokens import TokenTrie
from agent.plumbing.sentence_graph import graph_of_phrases

SPELLINGS = {
    "alexa": ("alexa",),
    "hey_jarvis": ("hey jarvis",),
    "hey_mycroft": ("hey mycroft", "hey my croft", "hey microft", "hey micraft"),
    "okay_nabu": (
        *("okay nabu", "okay naboo", "okay nabo", "okay nab", "okay now boo", "okay nah boo", "okay no boo"),
        *("ok nabu", "ok naboo", "ok nabo"),
    ),
}
"""What the recogniser writes for each phrase: it does not know the invented ones."""

BEFORE_SAMPLES = (8 * SAMPLE_RATE // 10, 12 * SAMPLE_RATE // 10)
"""Two windows: what was said before the phrase must not stand before it in one of them."""

IMPOSSIBLE_NATS = -99.0
"""Stands for a phrase that did not survive the beam."""

_BEAMS = 6
_ENTRY = "wake"


class WakeCheck:
    """Asks `model` for the wake word `phrase` (a key of SPELLINGS)."""

    def __init__(self, model: Moonshine, phrase: str) -> None:
        self._model = model
        trie = TokenTrie(model.vocabulary)
        self._automaton = GrammarAutomaton(graph_of_phrases(_ENTRY, SPELLINGS[phrase]), trie)

    def phrase_nats(self, heard: Float32, after: int) -> float:
        """Log probability of the phrase as the beginning of what is said, in its likeliest spelling and
        window; IMPOSSIBLE_NATS at the least. `heard`: float32 [n] at 16 kHz, at whose end the first stage's
        hit was `after` samples ago."""
        windows = (heard[-(before + after) :] for before in BEFORE_SAMPLES)
        return max(IMPOSSIBLE_NATS, *(self._beginning(window) for window in windows))

    def _beginning(self, samples: Float32) -> float:
        decoding = self._model.begin(self._model.encode(np.ascontiguousarray(samples, np.float32)))
        automaton = self._automaton
        return decode_prefix(decoding, automaton.allowed, automaton.complete, automaton.start(_ENTRY), _BEAMS)
