"""Speaker embedding, by one of two models: what is the same for both. Silence is removed by our own voice
activity before either sees the speech."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import Float32
from agent.hearing.ecapa import Ecapa
from agent.hearing.ge2e import Ge2e
from agent.hearing.made_noise import in_noise
from agent.hearing.voice_activity import CHUNK_SAMPLES
from agent.plumbing.speaker_models import GE2E, SpeakerModel

_KEPT_SILENCE_CHUNKS = 3  # about 100 ms on either side of speech
_COPIES_SNR_DB = (20.0, 12.0, 5.0) * 2  # of the copies in noise; two different noises for each
_MOST_COPIED_CHUNKS = 188  # 6 s of speech; a sentence is shorter, and nobody shall keep a small board busy


class _Encoder(Protocol):
    @property
    def model(self) -> str:
        """Its full name (`agent.plumbing.speaker_models`)."""
        ...

    def encode(self, samples: Float32, speech: npt.NDArray[np.bool_], voiced: Float32) -> Float32 | None:
        """float32 [n] at 16 kHz, which of its chunks are speech, and the samples of speech alone, to a
        float32 [size] of any length; None where that is too little."""
        ...


class SpeakerEmbedder:
    """The model as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged."""

    def __init__(self, models_dir: Path, model: SpeakerModel = GE2E, *, threads: int = 1) -> None:
        self._encoder: _Encoder = (
            Ge2e(models_dir, threads=threads) if model == GE2E else Ecapa(models_dir, threads=threads)
        )

    @property
    def model(self) -> str:
        """The full name of what the embeddings can be compared within."""
        return self._encoder.model

    def embed(self, samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32 | None:
        """float32 [n] at 16 kHz, and which chunks of it are speech (`VoiceActivity.speech_mask`), to a
        float32 of unit length ([256] with speaker-ge2e, [192] with speaker-ecapa); None where there is no
        speech.
        """
        voiced = keep_speech(samples, speech)
        if not voiced.any():
            return None
        embedding = self._encoder.encode(samples, speech, voiced)
        return None if embedding is None else _unit(embedding)

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


def keep_speech(samples: Float32, speech: npt.NDArray[np.bool_]) -> Float32:
    """The samples of speech and of the short silences around it."""
    width = 2 * _KEPT_SILENCE_CHUNKS + 1
    counts = np.convolve(
        np.pad(speech, _KEPT_SILENCE_CHUNKS).astype(np.int64), np.ones(width, np.int64), "valid"
    )
    whole = np.repeat(counts > 0, CHUNK_SAMPLES)[: len(samples)]
    return samples[: len(whole)][whole]


def _unit(vector: Float32) -> Float32 | None:
    norm = np.float32(np.linalg.norm(vector))
    return vector / norm if norm > 0.0 else None
