"""Moonshine (tiny, English) on ONNX Runtime: encoder once per utterance, decoder step by step for any
number of beams.

Jeffries et al., "Moonshine: Speech Recognition for Live Transcription and Voice Commands", 2024 (arXiv
2410.15608).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agent.hearing.onnx_session import open_session
from agent.hearing.tokens import Vocabulary

MODEL = "asr-moonshine-tiny-en"
SHORTEST_SAMPLES = 1_600
"""The encoder's convolutions need 895 samples for one frame; shorter audio is padded with silence."""

_LAYERS, _HEADS, _WIDTH = 6, 8, 36
_SAMPLES_PER_FRAME = 384

Float32 = npt.NDArray[np.float32]


def _cache_names(side: str, prefix: str) -> list[str]:
    return [f"{prefix}.{layer}.{side}.{kind}" for layer in range(_LAYERS) for kind in ("key", "value")]


_OWN_PAST, _CROSS_PAST = (
    _cache_names("decoder", "past_key_values"),
    _cache_names("encoder", "past_key_values"),
)
_OWN_PRESENT, _CROSS_PRESENT = _cache_names("decoder", "present"), _cache_names("encoder", "present")


class Moonshine:
    """The model as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged."""

    def __init__(self, models_dir: Path, *, threads: int = 1) -> None:
        folder = models_dir / MODEL
        self.vocabulary = Vocabulary.from_file(folder / "tokenizer.bin")
        self._encoder = open_session(folder / "encoder_model.ort", threads=threads)
        self._decoder = open_session(folder / "decoder_model_merged.ort", threads=threads)

    def encode(self, samples: Float32) -> Float32:
        """float32 [n] at 16 kHz -> float32 [1, frames, 288]."""
        if len(samples) < SHORTEST_SAMPLES:
            samples = np.pad(samples, (0, SHORTEST_SAMPLES - len(samples)))
        feed = {"input_values": samples[None], "attention_mask": np.ones((1, len(samples)), np.int64)}
        hidden: Float32 = self._encoder.run(["last_hidden_state"], feed)[0]
        return hidden

    def begin(self, encoded: Float32) -> Decoding:
        """A fresh decode of what `encode` gave."""
        return Decoding(self._decoder, encoded)


class Decoding:
    """One decode in progress: the caches of its rows (beams), which all attend to the same encoder output.

    The model broadcasts: encoder output and cross-attention caches are passed once, whatever the number of
    rows (same numbers as with copies, at half the time).
    """

    def __init__(self, decoder: Any, encoded: Float32) -> None:
        self._decoder = decoder
        frames = encoded.shape[1]
        self._fixed: dict[str, npt.NDArray[Any]] = {
            "encoder_hidden_states": encoded,
            "encoder_attention_mask": np.ones((1, frames * _SAMPLES_PER_FRAME), np.int64),
        }
        self._cross = {name: np.zeros((1, _HEADS, frames, _WIDTH), np.float32) for name in _CROSS_PAST}
        self._own = {name: np.zeros((1, _HEADS, 0, _WIDTH), np.float32) for name in _OWN_PAST}
        self._begun = False

    def step(self, tokens: list[int], parents: list[int]) -> Float32:
        """Appends `tokens[i]` to a copy of row `parents[i]`; gives natural log probabilities, float32
        [rows, vocabulary].

        The first step has one row, tokens [BOS] and parents [0].
        """
        own = {name: past[parents] for name, past in self._own.items()}
        feed = self._fixed | self._cross | own
        feed["input_ids"] = np.array(tokens, np.int64)[:, None]
        feed["use_cache_branch"] = np.array([self._begun])
        wanted = ["logits", *_OWN_PRESENT] + ([] if self._begun else _CROSS_PRESENT)
        logits, *caches = self._decoder.run(wanted, feed)
        self._own = dict(zip(_OWN_PAST, caches, strict=False))
        if not self._begun:
            self._cross = dict(zip(_CROSS_PAST, caches[len(_OWN_PAST) :], strict=True))
            self._begun = True
        return _log_softmax(logits[:, -1])


def _log_softmax(logits: Float32) -> Float32:
    shifted = logits - logits.max(-1, keepdims=True)
    result: Float32 = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return result
