"""Samples that were appended are there as they came, and appending moves few of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.hearing.audio import SAMPLE_RATE
from agent.hearing.growing_samples import GrowingSamples


@given(st.lists(st.integers(0, 2 * SAMPLE_RATE), max_size=8), st.data())
def test_it_is_what_concatenating_gives(lengths: list[int], data: st.DataObject) -> None:
    random = np.random.default_rng(len(lengths))
    pieces = [random.random(length, np.float32) for length in lengths]
    whole, growing = np.concatenate([np.zeros(0, np.float32), *pieces]), GrowingSamples()
    for piece in pieces:
        growing.append(piece)
    assert len(growing) == len(whole)
    begin, end = (data.draw(st.integers(0, len(whole) + 100)) for _ in range(2))
    assert np.array_equal(growing.part(begin, end), whole[begin:end])


def test_a_part_stays_as_it_is_when_more_comes() -> None:
    growing = GrowingSamples()
    growing.append(np.ones(SAMPLE_RATE // 2, np.float32))
    part = growing.part(0, SAMPLE_RATE)
    for _ in range(5):
        growing.append(np.zeros(SAMPLE_RATE, np.float32))
    assert np.array_equal(part, np.ones(SAMPLE_RATE // 2))


def test_a_minute_in_blocks_is_moved_a_few_times_only() -> None:
    growing, block = GrowingSamples(), np.ones(256, np.float32)
    growing.append(block)
    moves = 0
    for _ in range(60 * SAMPLE_RATE // len(block)):
        before = growing.part(0, 1)
        growing.append(block)
        moves += not np.shares_memory(before, growing.part(0, 1))
    assert 1 <= moves <= np.log2(60) + 1
