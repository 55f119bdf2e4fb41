"""Speaker embedding: GE2E (Wan et al., "Generalized End-to-End Loss for Speaker Verification", 2018), the
encoder of the Resemblyzer project as ONNX. The same steps as there, but for silence, which our own voice
activity removes, for stretches that overlap more, and for a second look with the room's noise subtracted.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.made_noise import in_noise
from agent.hearing.mel import HOP_SAMPLES, mel_spectrogram
from agent.hearing.onnx_session import open_session
from agent.hearing.spectral_subtraction import room_mels, subtract_room
from agent.hearing.voice_activity import CHUNK_SAMPLES

MODEL = "speaker-ge2e"
EMBEDDING_SIZE = 256

_TARGET_RMS = 10.0 ** (-30.0 / 20.0)  # -30 dBFS; louder speech stays as it is
_PARTIAL_FRAMES = 160  # 1.6 s
_PARTIAL_STEP_FRAMES = 40  # 2.5 partials a second
_LEAST_COVERAGE = 0.75  # of the last partial
_KEPT_SILENCE_CHUNKS = 3  # about 100 ms on either side of speech
_COPIES_SNR_DB = (20.0, 12.0, 5.0) * 2  # of the copies in noise; two different noises for each
_MOST_COPIED_CHUNKS = 188  # 6 s of speech; a sentence is shorter, and nobody shall keep a small board busy


class SpeakerEmbedder:
    """The model as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged."""

    def __init__(self, models_dir: Path, *, threads: int = 1) -> None:
        self._session = open_session(models_dir / MODEL / "ge2e.onnx", threads=threads)

    def embed(self, samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32 | None:
        """float32 [n] at 16 kHz, and which chunks of it are speech (`VoiceActivity.speech_mask`), to a
        float32 [256] of unit length; None where there is no speech.
        """
        voiced = keep_speech(samples, speech)
        if not voiced.any():
            return None
        return _unit(self._embeddings(samples, speech, voiced).mean(axis=0))

    def embed_in_noise(self, samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32 | None:
        """As `embed`, of the samples and of copies with made noise: what the voice is like in any room. For
        enrolment; takes about seven times as long. Speech after the first six seconds does not count.
        """
        if not speech.any():
            return None
        if int(speech.sum()) > _MOST_COPIED_CHUNKS:
            speech = speech[: np.flatnonzero(speech)[_MOST_COPIED_CHUNKS]]
            samples = samples[: len(speech) * CHUNK_SAMPLES]
        # Other noise for every sentence, the same for the same one: five sentences then know thirty noises.
        rng = np.random.default_rng(zlib.crc32(samples.tobytes()))
        copies = [samples, *(in_noise(samples, speech, snr_db, rng) for snr_db in _COPIES_SNR_DB)]
        embeddings = [embedding for copy in copies if (embedding := self.embed(copy, speech)) is not None]
        return _unit(np.mean(embeddings, axis=0)) if embeddings else None

    def _embeddings(self, samples: Float32, speech: npt.NDArray[np.bool_], voiced: Float32) -> Float32:
        """float32 [stretches, 256]: each stretch as it is, and, where the room is known, without its
        noise."""
        gain = volume_gain(voiced)
        starts, length = partials(len(voiced))
        mels = mel_spectrogram(np.pad(voiced * gain, (0, max(0, length - len(voiced)))))
        room = room_mels(samples, speech)
        looks = [mels] if room is None else [mels, subtract_room(mels, room * gain**2)]
        batch = np.stack([look[start : start + _PARTIAL_FRAMES] for look in looks for start in starts])
        embeddings: Float32 = self._session.run(["embedding"], {"mels": batch})[0]
        return embeddings


def _unit(vector: Float32) -> Float32 | None:
    norm = np.float32(np.linalg.norm(vector))
    return vector / norm if norm > 0.0 else None


def keep_speech(samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32:
    """The samples of speech and of the short silences around it."""
    width = 2 * _KEPT_SILENCE_CHUNKS + 1
    counts = np.convolve(
        np.pad(speech, _KEPT_SILENCE_CHUNKS).astype(np.int64), np.ones(width, np.int64), "valid"
    )
    whole = np.repeat(counts > 0, CHUNK_SAMPLES)[: len(samples)]
    return samples[: len(whole)][whole]


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
