"""A sentence cut out of a recording, as the listener cuts it out of the stream."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.listener import MARGIN_SAMPLES
from agent.hearing.nearest_voice import chunk_powers, nearest_voice
from agent.hearing.voice_activity import CHUNK_SAMPLES

_FEWEST_CHUNKS = 3  # less than 96 ms is a click


def cut_sentence(samples: Float32, speech: npt.NDArray[np.bool_], since: int = 0) -> Float32:
    """From the first speech after sample `since` to the last, with a little room around it; may be empty.

    samples: float32 [n] at 16 kHz; speech: bool, one for each chunk of CHUNK_SAMPLES.
    """
    chunks = np.flatnonzero(speech)
    chunks = chunks[chunks * CHUNK_SAMPLES >= since]
    if len(chunks) < _FEWEST_CHUNKS:
        return samples[:0]
    first, last = nearest_voice(chunk_powers(samples), speech & (np.arange(len(speech)) >= chunks[0]))
    begin = max(since, first * CHUNK_SAMPLES - MARGIN_SAMPLES)
    return samples[begin : (last + 1) * CHUNK_SAMPLES + MARGIN_SAMPLES]
