"""Decoding token by token: in the open, or along the grammar. It takes log probabilities and knows no
model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple, Protocol

import numpy as np

from agent.hearing.grammar_automaton import DEAD, Allowed
from agent.hearing.moonshine import Float32
from agent.hearing.tokens import BOS, EOS

_LONGEST_BOUND_TOKENS = 64


class Hypothesis(NamedTuple):
    """Tokens (EOS included once finished), their log probability in nats, where they stand in the grammar,
    and the row of the hypothesis that they grew from.
    """

    score: float
    tokens: tuple[int, ...]
    state: int
    row: int


class BoundDecode(NamedTuple):
    """`finished`: sentences of the grammar, best first. `cut_off`: the likeliest beginning of a sentence,
    ended as if it were one, whether it is or not (EOS is in its score); None where there is none.
    """

    finished: list[Hypothesis]
    cut_off: Hypothesis | None


class Steps(Protocol):
    """One decode in progress, as `agent.hearing.moonshine.Decoding` is."""

    def step(self, tokens: list[int], parents: list[int]) -> Float32:
        """Natural log probabilities of the next token, float32 [rows, vocabulary]."""


class JointDecoding:
    """Several decodes of the same speech as one: log probabilities are the weighted mean of theirs (so a
    geometric mean, not scaled to one). What any of them holds for unlikely is unlikely.
    """

    def __init__(self, parts: Sequence[tuple[Steps, float]], beside: Executor) -> None:
        """Each decode with its weight; only the proportions of the weights count. All but the first take
        their steps in `beside`, at the same time as the first."""
        whole = sum(weight for _, weight in parts)
        self._beside = beside
        self._parts = [(part, np.float32(weight / whole)) for part, weight in parts]

    def step(self, tokens: list[int], parents: list[int]) -> Float32:
        """As `Steps.step`."""
        (first, weight), *others = self._parts
        if not others:
            return first.step(tokens, parents)
        awaited = [self._beside.submit(part.step, tokens, parents) for part, _ in others]
        mean = first.step(tokens, parents) * weight
        for (_, weight), step in zip(others, awaited, strict=True):
            mean += step.result() * weight
        return mean


def decode_open(decoding: Steps, most_tokens: int) -> Hypothesis:
    """Greedy decode; its score includes EOS, its tokens do not."""
    token, score = BOS, 0.0
    tokens: list[int] = []
    for _ in range(most_tokens):
        log_p = decoding.step([token], [0])[0]
        token = int(log_p.argmax())
        score += float(log_p[token])
        if token == EOS:
            break
        tokens.append(token)
    return Hypothesis(score, tuple(tokens), DEAD, 0)


def decode_bound(
    decoding: Steps, allowed: Callable[[int], Allowed], start: int, beams: int, lowest_score: float
) -> BoundDecode:
    """Sentences of the grammar; none is finished when none survived with `lowest_score`."""
    search = _BoundSearch(allowed, start, beams)
    while search.beam:
        search.grow(decoding.step(*_rows(search.beam)), 0, lowest_score)
    return search.found(lowest_score)


def decode_both(
    decoding: Steps,
    allowed: Callable[[int], Allowed],
    start: int,
    beams: int,
    most_open_tokens: int,
    within_nats: float,
) -> tuple[Hypothesis, BoundDecode]:
    """`decode_open` and `decode_bound` in the same steps, so that the model runs half as often: the open
    decode is one more row of the beam. What lies further than `within_nats` behind it has not survived, nor
    what is longer than an open decode may be: no sentence is, and without this the beam fills with endless
    repetitions wherever something else was said.
    """
    free, lowest = Hypothesis(0.0, (), DEAD, 0), -math.inf
    search = _BoundSearch(allowed, start, beams, most_open_tokens)
    is_open = most_open_tokens > 0
    while is_open or search.beam:
        # Where the grammar lets pass what is heard without it, one row stands for both.
        own = next((row for row, h in enumerate(search.beam) if h.tokens == free.tokens), None)
        rows = [free, *search.beam] if is_open and own is None else search.beam
        log_p = decoding.step(*_rows(rows))
        bound_from, free_row = int(len(rows) > len(search.beam)), own or 0
        if is_open:
            token = int(log_p[free_row].argmax())
            score = free.score + float(log_p[free_row, token])
            free = Hypothesis(score, (*free.tokens, token), DEAD, free_row)
            is_open = token != EOS and len(free.tokens) < most_open_tokens
            lowest = lowest if is_open else free.score - within_nats
        if search.beam:
            search.grow(log_p[bound_from:], bound_from, lowest)
    tokens = free.tokens[:-1] if free.tokens[-1:] == (EOS,) else free.tokens
    return free._replace(tokens=tokens), search.found(lowest)


def _rows(hypotheses: Sequence[Hypothesis]) -> tuple[list[int], list[int]]:
    """Their last tokens, and the rows that they grew from."""
    return [h.tokens[-1] if h.tokens else BOS for h in hypotheses], [h.row for h in hypotheses]


class _BoundSearch:
    """Beam search along the grammar; over when `beam` is empty."""

    def __init__(
        self,
        allowed: Callable[[int], Allowed],
        start: int,
        beams: int,
        most_tokens: int = _LONGEST_BOUND_TOKENS,
    ) -> None:
        self._allowed, self._beams = allowed, beams
        self._most_tokens = min(most_tokens, _LONGEST_BOUND_TOKENS)
        self.beam = [] if start == DEAD else [Hypothesis(0.0, (), start, 0)]
        self._finished: list[Hypothesis] = []
        self._cut_off: Hypothesis | None = None
        self._steps = 0

    def grow(self, log_p: Float32, first_row: int, lowest_score: float) -> None:
        """A token further: float32 [beam, vocabulary], which are the rows from `first_row` on of what was
        decoded."""
        self._steps += 1
        for row, hypothesis in enumerate(self.beam):
            score = hypothesis.score + float(log_p[row, EOS])
            if hypothesis.tokens and (self._cut_off is None or score > self._cut_off.score):
                self._cut_off = hypothesis._replace(score=score)
        grown = [
            grown
            for row, hypothesis in enumerate(self.beam)
            for grown in _grow(
                hypothesis, first_row + row, log_p[row], self._allowed(hypothesis.state), self._beams
            )
        ]
        grown.sort(key=lambda h: -h.score)
        self.beam = []
        for hypothesis in grown:
            if len(self.beam) == self._beams or hypothesis.score < lowest_score:
                break
            if hypothesis.tokens[-1] == EOS:
                self._finished.append(hypothesis)
            else:
                self.beam.append(hypothesis)
        best_finished = max((h.score for h in self._finished), default=lowest_score)
        if self._steps >= self._most_tokens or (self.beam and best_finished > self.beam[0].score):
            self.beam = []

    def found(self, lowest_score: float) -> BoundDecode:
        survived = sorted((h for h in self._finished if h.score >= lowest_score), key=lambda h: -h.score)
        return BoundDecode(survived, self._cut_off)


def decode_prefix(
    decoding: Steps,
    allowed: Callable[[int], Allowed],
    complete: Callable[[int], bool],
    start: int,
    beams: int,
) -> float:
    """Log probability (nats) of the likeliest sentence of the grammar as the beginning of what is said,
    whatever follows; -inf where none survived."""
    beam = [Hypothesis(0.0, (), start, 0)]
    best = -math.inf
    for _ in range(_LONGEST_BOUND_TOKENS):
        log_p = decoding.step([h.tokens[-1] if h.tokens else BOS for h in beam], [h.row for h in beam])
        grown = [
            grown
            for row, hypothesis in enumerate(beam)
            for grown in _grow(hypothesis, row, log_p[row], allowed(hypothesis.state), beams)
            if grown.tokens[-1] != EOS
        ]
        best = max([best, *(h.score for h in grown if complete(h.state))])
        beam = sorted((h for h in grown if h.score > best), key=lambda h: -h.score)[:beams]
        if not beam:
            break
    return best


def _grow(hypothesis: Hypothesis, row: int, log_p: Float32, allowed: Allowed, beams: int) -> list[Hypothesis]:
    """The likeliest `beams` ways to go on from `hypothesis`, in no order."""
    scores = log_p[allowed.tokens]
    best = scores.argpartition(-beams)[-beams:] if len(scores) > beams else np.arange(len(scores))
    return [
        Hypothesis(
            hypothesis.score + float(scores[i]),
            (*hypothesis.tokens, int(allowed.tokens[i])),
            int(allowed.states[i]),
            row,
        )
        for i in best
    ]
