"""The second stage of the wake word: whether the recogniser hears the phrase where the first stage did.

The first stage is small and hears everything; this one is asked about its hits only. It asks how likely the
phrase is as the *beginning* of a short window, whatever follows: people go on speaking without a pause.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agent.hearing.audio import SAMPLE_RATE
from agent.hearing.beam import decode_prefix
from agent.hearing.grammar_automaton import GrammarAutomaton
from agent.hearing.moonshine import Float32, Moonshine
from agent.plumbing.sentence_graph import graph_of_phrases


class Phrase(NamedTuple):
    """A wake phrase as the recogniser writes it, which does not know the invented ones, and what counts as
    having heard it: `nats` (log probability of the likeliest spelling), or `nats_when_sure` where the first
    stage gave `sure` (0..1) or more. Noise takes the phrase from the recogniser sooner than from the first
    stage.
    """

    spellings: tuple[str, ...]
    nats: float
    sure: float
    nats_when_sure: float

    def heard(self, nats: float, score: float) -> bool:
        """Whether it was said, by both stages' measures."""
        return nats >= (self.nats_when_sure if score >= self.sure else self.nats)


PHRASES = {
    "alexa": Phrase(("alexa", "alexia", "alex a", "a lexa", "aleksa"), -5.5, 0.8, -14.0),
    "hey_jarvis": Phrase(
        (
            *(
                "hey jarvis",
                "hey jarvus",
                "hey jarves",
                "hey jarvas",
                "k jarvis",
                "hey travis",
                "hey harvest",
            ),
            *("hey drivers", "hey charters", "hey jars", "hey artist"),
        ),
        -12.0,
        0.9,
        -20.0,
    ),
    "hey_mycroft": Phrase(
        (
            *(
                "hey mycroft",
                "hey my croft",
                "hey my craft",
                "hey my cloth",
                "hey mick roft",
                "hey mick croft",
            ),
            *("hey microft", "hey micraft", "hey me croft", "hey my", "hey mick", "hey me", "hey mac"),
            "hey make",
        ),
        -8.0,
        0.9,
        -14.0,
    ),
    "okay_nabu": Phrase(
        (
            *(
                "okay nabu",
                "okay naboo",
                "okay nabo",
                "okay naba",
                "okay nab",
                "okay nah",
                "okay no",
                "okay now",
            ),
            *(
                "okay not",
                "okay number",
                "ok nabu",
                "ok naboo",
                "ok naba",
                "ok nah",
                "ok no",
                "ok now",
                "ok not",
            ),
            *("kay nabu", "k nabu"),
        ),
        -8.0,
        0.7,
        -14.0,
    ),
}
"""By the names of the wake models. Measured with `earmark bench wake` (docs/figures.md)."""

BEFORE_SAMPLES = (8 * SAMPLE_RATE // 10, 12 * SAMPLE_RATE // 10)
"""Two windows: what was said before the phrase must not stand before it in one of them."""

IMPOSSIBLE_NATS = -99.0
"""Stands for a phrase that did not survive the beam."""

_BEAMS = 6
_ENTRY = "wake"


class Look(NamedTuple):
    """`nats`: as of `WakeCheck.phrase_nats`."""

    heard: bool
    nats: float


class WakeCheck:
    """Asks `model` for the wake word `phrase` (a key of PHRASES)."""

    def __init__(self, model: Moonshine, phrase: str) -> None:
        self._model, self._phrase = model, PHRASES[phrase]
        self._automaton = GrammarAutomaton(
            graph_of_phrases(_ENTRY, self._phrase.spellings), model.vocabulary.trie
        )

    def look(self, heard: Float32, after: int, score: float) -> Look:
        """Whether the phrase was said in `heard` (as of `phrase_nats`); `score` is the first stage's."""
        nats = self.phrase_nats(heard, after)
        return Look(self._phrase.heard(nats, score), nats)

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
