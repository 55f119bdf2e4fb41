"""The speaker encoder GE2E (Wan et al., "Generalized End-to-End Loss for Speaker Verification", 2018) of the
Resemblyzer project as ONNX. The same steps as there, but for stretches that overlap more, and for a second
look with the room's noise subtracted.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.mel import HOP_SAMPLES, mel_spectrogram
from agent.hearing.onnx_session import open_session
from agent.hearing.spectral_subtraction import room_mels, subtract_room
from agent.plumbing.speaker_models import GE2E

_TARGET_RMS = 10.0 ** (-30.0 / 20.0)  # -30 dBFS; louder speech stays as it is
_PARTIAL_FRAMES = 160  # 1.6 s
_PARTIAL_STEP_FRAMES = 40  # 2.5 partials a second
_LEAST_COVERAGE = 0.75  # of the last partial


class Ge2e:
    """The model as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged."""

    model: str = GE2E

    def __init__(self, models_dir: Path, *, threads: int = 1) -> None:
        self._session = open_session(models_dir / GE2E / "ge2e.onnx", threads=threads)

    def encode(self, samples: Float32, speech: npt.NDArray[np.bool_], voiced: Float32) -> Float32:
        """As `_Encoder` of `agent.hearing.speaker`: float32 [256], the mean over stretches, each as it is,
        and, where the room is known, without its noise."""
        gain = volume_gain(voiced)
        starts, length = partials(len(voiced))
        mels = mel_spectrogram(np.pad(voiced * gain, (0, max(0, length - len(voiced)))))
        room = room_mels(samples, speech)
        looks = [mels] if room is None else [mels, subtract_room(mels, room * gain**2)]
        batch = np.stack([look[start : start + _PARTIAL_FRAMES] for look in looks for start in starts])
        embeddings: Float32 = self._session.run(["embedding"], {"mels": batch})[0]
        mean: Float32 = embeddings.mean(axis=0)
        return mean


def volume_gain(samples: Float32) -> np.float32:
    """What raises quiet audio to -30 dBFS and leaves louder audio, and silence, alone."""
    rms = math.sqrt(float(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
    return np.float32(1.0 if rms == 0.0 else max(1.0, _TARGET_RMS / rms))


def partials(samples: int) -> tuple[list[int], int]:
    """First frames of the stretches that are embedded one by one, and the samples that cover them all."""
    frames = math.ceil((samples + 1) / HOP_SAMPLES)
    starts = list(range(0, max(1, frames - _PARTIAL_FRAMES + _PARTIAL_STEP_FRAMES + 1), _PARTIAL_STEP_FRAMES))
    covered = (samples - starts[-1] * HOP_SAMPLES) / (_PARTIAL_FRAMES * HOP_SAMPLES)
    if covered < _LEAST_COVERAGE and len(starts) > 1:
        starts.pop()
    return starts, (starts[-1] + _PARTIAL_FRAMES) * HOP_SAMPLES
