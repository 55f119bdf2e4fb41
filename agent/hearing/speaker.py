"""Speaker embedding: GE2E (Wan et al., "Generalized End-to-End Loss for Speaker Verification", 2018), the
encoder of the Resemblyzer project as ONNX. The same steps as there, but for silence, which our own voice
activity removes.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.mel import HOP_SAMPLES, mel_spectrogram
from agent.hearing.onnx_session import open_session
from agent.hearing.voice_activity import CHUNK_SAMPLES

MODEL = "speaker-ge2e"
EMBEDDING_SIZE = 256

_TARGET_RMS = 10.0 ** (-30.0 / 20.0)  # -30 dBFS; louder speech stays as it is
_PARTIAL_FRAMES = 160  # 1.6 s
_PARTIAL_STEP_FRAMES = 77  # 1.3 partials a second
_LEAST_COVERAGE = 0.75  # of the last partial
_KEPT_SILENCE_CHUNKS = 3  # about 100 ms on either side of speech


class SpeakerEmbedder:
    """The model as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged."""

    def __init__(self, models_dir: Path, *, threads: int = 1) -> None:
        self._session = open_session(models_dir / MODEL / "ge2e.onnx", threads=threads)

    def embed(self, samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32 | None:
        """float32 [n] at 16 kHz, and which chunks of it are speech (`VoiceActivity.speech_mask`), to a
        float32 [256] of unit length; None where there is no speech.
        """
        voiced = normalise_volume(keep_speech(samples, speech))
        if not voiced.any():
            return None
        starts, length = partials(len(voiced))
        mels = mel_spectrogram(np.pad(voiced, (0, max(0, length - len(voiced)))))
        batch = np.stack([mels[start : start + _PARTIAL_FRAMES] for start in starts])
        embeddings: Float32 = self._session.run(["embedding"], {"mels": batch})[0]
        mean: Float32 = embeddings.mean(axis=0)
        norm = float(np.linalg.norm(mean))
        return mean / np.float32(norm) if norm > 0.0 else None


def keep_speech(samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32:
    """The samples of speech and of the short silences around it."""
    width = 2 * _KEPT_SILENCE_CHUNKS + 1
    counts = np.convolve(
        np.pad(speech, _KEPT_SILENCE_CHUNKS).astype(np.int64), np.ones(width, np.int64), "valid"
    )
    whole = np.repeat(counts > 0, CHUNK_SAMPLES)[: len(samples)]
    return samples[: len(whole)][whole]


def normalise_volume(samples: Float32) -> Float32:
    """Raises quiet audio to -30 dBFS; leaves louder audio alone."""
    rms = math.sqrt(float(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
    if rms == 0.0 or rms >= _TARGET_RMS:
        return samples
    return samples * np.float32(_TARGET_RMS / rms)


def partials(samples: int) -> tuple[list[int], int]:
    """First frames of the stretches that are embedded one by one, and the samples that cover them all."""
    frames = math.ceil((samples + 1) / HOP_SAMPLES)
    starts = list(range(0, max(1, frames - _PARTIAL_FRAMES + _PARTIAL_STEP_FRAMES + 1), _PARTIAL_STEP_FRAMES))
    covered = (samples - starts[-1] * HOP_SAMPLES) / (_PARTIAL_FRAMES * HOP_SAMPLES)
    if covered < _LEAST_COVERAGE and len(starts) > 1:
        starts.pop()
    return starts, (starts[-1] + _PARTIAL_FRAMES) * HOP_SAMPLES
