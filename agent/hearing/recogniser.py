"""Speech to a sentence of the grammar: beam search that may only walk the grammar, and an open decode
beside it.

The open decode hears the same encoder output without the grammar. How much likelier it is, per token, tells
whether a sentence of the grammar was said at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from agent.hearing.grammar_automaton import DEAD, Allowed, GrammarAutomaton
from agent.hearing.moonshine import Float32, Moonshine
from agent.hearing.tokens import BOS, EOS, TokenTrie
from agent.plumbing.sentence_graph import SentenceGraph, normalise_text

NO_SENTENCE_GAP = -99.0
"""Stands for 'no sentence of the grammar survived the beam'."""

WIDER_BEAMS = 24
_SURE_GAP = -0.5  # of clean orders nineteen in twenty lie above
"""Tried once more where nothing survived."""

_HOPELESS_NATS = 60.0
"""So far behind the open decode nothing passes any gate: orders in 6 dB of noise stay within 40."""

_LONGEST_BOUND_TOKENS = 64
_SHORTEST_SAMPLES = 800
_OPEN_TOKENS_PER_SECOND = 6.5  # of the model's authors; more is a loop, not speech
_SAMPLE_RATE = 16_000


class Alternative(NamedTuple):
    """Another sentence that survived, and how many nats it lies behind the best one (>= 0)."""

    words: str
    behind_nats: float


class Recognition(NamedTuple):
    """What was heard. `words`: the best sentence of the grammar, normalised, or ''. `open_words`: the open
    decode, normalised. `gap_per_token`: how far the bound decode lies behind the open one, nats per token,
    <= 0; NO_SENTENCE_GAP without words. `alternatives`: runners-up with other words, best first.
    """

    words: str
    open_words: str
    gap_per_token: float
    alternatives: tuple[Alternative, ...] = ()


class _Hypothesis(NamedTuple):
    score: float
    tokens: tuple[int, ...]
    state: int
    row: int


class Recogniser:
    """Holds the model; `use` gives it a grammar. Not thread-safe: one recognition at a time."""

    def __init__(self, model: Moonshine, *, beams: int = 6) -> None:
        self._model = model
        self._beams = beams
        self._trie = TokenTrie(model.vocabulary)
        self._automaton: GrammarAutomaton | None = None

    def use(self, graph: SentenceGraph) -> None:
        """Replaces the grammar. Raises AudioError('grammar_invalid')."""
        self._automaton = GrammarAutomaton(graph, self._trie)

    @property
    def entries(self) -> frozenset[str]:
        """What can be listened for; empty before `use`."""
        return self._automaton.entries if self._automaton else frozenset()

    def recognise(self, samples: Float32, entry: str) -> Recognition:
        """The best sentence of `entry` in float32 [n] at 16 kHz in -1..1.

        Without a grammar, and for audio under 50 ms, of pure zeros or with values that are no numbers,
        nothing is recognised. Raises AudioError('grammar_no_entry').
        """
        automaton = self._automaton
        if automaton is None:
            return Recognition("", "", NO_SENTENCE_GAP)
        automaton.trim()
        start = automaton.start(entry)
        if len(samples) < _SHORTEST_SAMPLES or not np.isfinite(samples).all() or not samples.any():
            return Recognition("", "", NO_SENTENCE_GAP)
        encoded = self._model.encode(np.ascontiguousarray(samples, np.float32))
        free = self._decode_open(encoded, len(samples) / _SAMPLE_RATE)
        open_words = normalise_text(self._model.vocabulary.text(free.tokens))
        bound: list[_Hypothesis] = []
        for beams in (self._beams, WIDER_BEAMS):
            if not bound and start != DEAD:
                bound = self._decode_bound(
                    encoded, automaton.allowed, start, beams, free.score - _HOPELESS_NATS
                )
        if not bound:
            return Recognition("", open_words, NO_SENTENCE_GAP)
        ranked = self._sentences(bound)
        best = bound[0]
        gap = min(0.0, (best.score - free.score) / max(1, len(best.tokens)))
        alternatives = tuple(Alternative(words, best.score - score) for words, score in ranked[1:])
        return Recognition(ranked[0][0], open_words, gap, alternatives)

    def recognise_after_wake(self, sentence: Float32, whole: Float32, entry: str) -> Recognition:
        """The sentence after the wake phrase; where that is unsure, also `whole`, with the phrase.

        The cut may have taken the first sound of the sentence, and the grammar has the phrase. The likelier
        of the two is what was heard.
        """
        heard = self.recognise(sentence, entry)
        if heard.gap_per_token >= _SURE_GAP:
            return heard
        return max(heard, self.recognise(whole, entry), key=lambda recognition: recognition.gap_per_token)

    def transcribe(self, samples: Float32) -> str:
        """The open decode alone, normalised: what is heard by somebody who knows no catalogue."""
        encoded = self._model.encode(np.ascontiguousarray(samples, np.float32))
        free = self._decode_open(encoded, len(samples) / _SAMPLE_RATE)
        return normalise_text(self._model.vocabulary.text(free.tokens))

    def _sentences(self, bound: list[_Hypothesis]) -> list[tuple[str, float]]:
        """Distinct sentences with their best score, best first; one can be written in several ways."""
        scores: dict[str, float] = {}
        for hypothesis in bound:
            scores.setdefault(
                normalise_text(self._model.vocabulary.text(hypothesis.tokens)), hypothesis.score
            )
        return list(scores.items())

    def _decode_open(self, encoded: Float32, seconds: float) -> _Hypothesis:
        """Greedy decode; its score includes EOS."""
        decoding, token, score = self._model.begin(encoded), BOS, 0.0
        tokens: list[int] = []
        for _ in range(8 + math.ceil(seconds * _OPEN_TOKENS_PER_SECOND)):
            log_p = decoding.step([token], [0])[0]
            token = int(log_p.argmax())
            score += float(log_p[token])
            if token == EOS:
                break
            tokens.append(token)
        return _Hypothesis(score, tuple(tokens), DEAD, 0)

    def _decode_bound(
        self, encoded: Float32, allowed: Callable[[int], Allowed], start: int, beams: int, lowest_score: float
    ) -> list[_Hypothesis]:
        """Finished sentences, best first; empty when none survived with `lowest_score`."""
        decoding = self._model.begin(encoded)
        beam = [_Hypothesis(0.0, (), start, 0)]
        finished: list[_Hypothesis] = []
        for _ in range(_LONGEST_BOUND_TOKENS):
            log_p = decoding.step([h.tokens[-1] if h.tokens else BOS for h in beam], [h.row for h in beam])
            grown = [
                grown
                for row, hypothesis in enumerate(beam)
                for grown in _grow(hypothesis, row, log_p[row], allowed(hypothesis.state), beams)
            ]
            grown.sort(key=lambda h: -h.score)
            beam = []
            for hypothesis in grown:
                if len(beam) == beams:
                    break
                if hypothesis.tokens[-1] == EOS:
                    finished.append(hypothesis)
                else:
                    beam.append(hypothesis)
            best_finished = max((h.score for h in finished), default=lowest_score)
            if not beam or best_finished > beam[0].score:
                break
        return sorted((h for h in finished if h.score >= lowest_score), key=lambda h: -h.score)


def _grow(
    hypothesis: _Hypothesis, row: int, log_p: Float32, allowed: Allowed, beams: int
) -> list[_Hypothesis]:
    """The likeliest `beams` ways to go on from `hypothesis`, in no order."""
    scores = log_p[allowed.tokens]
    best = scores.argpartition(-beams)[-beams:] if len(scores) > beams else np.arange(len(scores))
    return [
        _Hypothesis(
            hypothesis.score + float(scores[i]),
            (*hypothesis.tokens, int(allowed.tokens[i])),
            int(allowed.states[i]),
            row,
        )
        for i in best
    ]
