"""The search by itself, on made-up probabilities: the open decode beside the beam changes neither, and a
sentence that breaks off is seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from agent.hearing.audio import Float32
from agent.hearing.beam import JointDecoding, decode_both, decode_bound, decode_open
from agent.hearing.grammar_automaton import Allowed
from agent.hearing.tokens import BOS, EOS

_TOKENS = 12
_TEA, _OF, _BOX, _LOUD = 5, 6, 7, 8
_NEXT = {0: (_BOX,), 1: (_OF,), 2: (_TEA,), 3: (EOS,)}  # "box of tea"


def _allowed(state: int) -> Allowed:
    tokens = _NEXT[state]
    return Allowed(np.array(tokens), np.array([state if token == EOS else state + 1 for token in tokens]))


class _Model:
    """Gives what comes after a row's own tokens; counts its runs."""

    def __init__(self, said: tuple[int, ...]) -> None:
        self._said = said
        self._rows: list[tuple[int, ...]] = [()]
        self.runs = self.most_rows = 0

    def step(self, tokens: list[int], parents: list[int]) -> Float32:
        self.runs += 1
        self.most_rows = max(self.most_rows, len(tokens))
        self._rows = [(*self._rows[parent], token) for token, parent in zip(tokens, parents, strict=True)]
        assert all(row[0] == BOS for row in self._rows)
        log_p = np.full((len(tokens), _TOKENS), -9.0, np.float32)
        for row, so_far in enumerate(self._rows):
            at = len(so_far) - 1
            log_p[row, self._said[at] if at < len(self._said) else EOS] = -0.1
        return log_p


@pytest.mark.parametrize("said", [(_BOX, _OF, _TEA), (_BOX, _LOUD, _TEA), (_BOX,), (_LOUD,) * 6])
def test_both_in_one_are_what_each_is_alone(said: tuple[int, ...]) -> None:
    free = decode_open(_Model(said), 10)
    bound = decode_bound(_Model(said), _allowed, 0, 4, free.score - 60.0)
    model = _Model(said)
    together = decode_both(model, _allowed, 0, 4, 10, 60.0)
    assert together[0].tokens == free.tokens
    assert together[0].score == pytest.approx(free.score)
    assert [(h.tokens, h.state) for h in together[1].finished] == [
        (h.tokens, h.state) for h in bound.finished
    ]
    assert [h.score for h in together[1].finished] == pytest.approx([h.score for h in bound.finished])
    assert model.runs <= max(len(free.tokens), 3) + 1


def test_what_both_hear_alike_takes_one_row() -> None:
    model = _Model((_BOX, _OF, _TEA))
    decode_both(model, _allowed, 0, 4, 10, 60.0)
    assert model.most_rows == 1
    model = _Model((_BOX, _LOUD, _TEA))
    decode_both(model, _allowed, 0, 4, 10, 60.0)
    assert model.most_rows == 2


def test_two_decodes_as_one_are_their_weighted_mean() -> None:
    one, other = _Model((_BOX, _OF)), _Model((_LOUD, _OF))
    with ThreadPoolExecutor(1) as beside:
        mean = JointDecoding([(one, 1.0), (other, 3.0)], beside).step([BOS], [0])[0]
    assert mean[_BOX] == pytest.approx(-0.1 * 0.25 - 9.0 * 0.75)
    assert mean[_LOUD] == pytest.approx(-9.0 * 0.25 - 0.1 * 0.75)
    assert mean[_OF] == pytest.approx(-9.0)


def test_what_lies_too_far_behind_has_not_survived() -> None:
    free, bound = decode_both(_Model((_LOUD,) * 4), _allowed, 0, 4, 10, within_nats=20.0)
    assert free.tokens == (_LOUD,) * 4
    assert bound.finished == []


def test_a_sentence_that_breaks_off_ends_where_it_does() -> None:
    bound = decode_bound(_Model((_BOX, _OF)), _allowed, 0, 4, -100.0)
    assert bound.cut_off is not None
    assert bound.cut_off.tokens == (_BOX, _OF)
    assert bound.cut_off.state == 2
    assert bound.cut_off.score > bound.finished[0].score
