"""Decoding token by token: in the open, or along the grammar. It takes log probabilities and knows no
model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def __init__(self, parts: Sequence[tuple[Steps, float]]) -> None:
        """Each decode with its weight; only the proportions of the weights count."""
        whole = sum(weight for _, weight in parts)
        self._parts = [(part, np.float32(weight / whole)) for part, weight in parts]

    def step(self, tokens: list[int], parents: list[int]) -> Float32:
        """As `Steps.step`."""
        if len(self._parts) == 1:
            return self._parts[0][0].step(tokens, parents)
        weighted = [part.step(tokens, parents) * weight for part, weight in self._parts]
        mean: Float32 = np.add.reduce(weighted)
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
    beam = [Hypothesis(0.0, (), start, 0)]
    finished: list[Hypothesis] = []
    cut_off: Hypothesis | None = None
    for _ in range(_LONGEST_BOUND_TOKENS):
        log_p = decoding.step([h.tokens[-1] if h.tokens else BOS for h in beam], [h.row for h in beam])
        for row, hypothesis in enumerate(beam):
            score = hypothesis.score + float(log_p[row, EOS])
            if hypothesis.tokens and (cut_off is None or score > cut_off.score):
                cut_off = hypothesis._replace(score=score)
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
    survived = sorted((h for h in finished if h.score >= lowest_score), key=lambda h: -h.score)
    return BoundDecode(survived, cut_off)


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
