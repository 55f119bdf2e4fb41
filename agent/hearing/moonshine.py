"""Moonshine (tiny and base, English) on ONNX Runtime: encoder once per utterance, decoder step by step for
any number of beams.

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

TINY, BASE = "asr-moonshine-tiny-en", "asr-moonshine-base-en"
SHORTEST_SAMPLES = 1_600
"""The encoder's convolutions need 895 samples for one frame; shorter audio is padded with silence."""

_DECODERS = {TINY: "decoder_model_merged.ort", BASE: "decoder.onnx"}
_PAST = "past_key_values"
_SAMPLES_PER_FRAME = 384

Float32 = npt.NDArray[np.float32]


class Moonshine:
    """The model `name` as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged.

    Both have the same tokens, so that their probabilities of one sentence can be compared token by token.
    """

    def __init__(self, models_dir: Path, name: str = TINY, *, threads: int = 1) -> None:
        folder = models_dir / name
        self.vocabulary = Vocabulary.from_file(folder / "tokenizer.bin")
        self._encoder = open_session(folder / "encoder_model.ort", threads=threads)
        self._decoder = _Decoder(open_session(folder / _DECODERS[name], threads=threads))
        self._encoder_inputs = {entry.name for entry in self._encoder.get_inputs()}

    def encode(self, samples: Float32) -> Float32:
        """float32 [n] at 16 kHz -> float32 [1, frames, width of the model]."""
        if len(samples) < SHORTEST_SAMPLES:
            samples = np.pad(samples, (0, SHORTEST_SAMPLES - len(samples)))
        feed: dict[str, npt.NDArray[Any]] = {"input_values": samples[None]}
        if "attention_mask" in self._encoder_inputs:
            feed["attention_mask"] = np.ones((1, len(samples)), np.int64)
        hidden: Float32 = self._encoder.run(["last_hidden_state"], feed)[0]
        return hidden

    def begin(self, encoded: Float32) -> Decoding:
        """A fresh decode of what `encode` gave."""
        return Decoding(self._decoder, encoded)


class _Decoder:
    """A decoder session and the names of its caches: `own` of the tokens so far, `cross` of the encoder's
    output."""

    def __init__(self, session: Any) -> None:
        self.run = session.run
        inputs = {entry.name: entry.shape for entry in session.get_inputs()}
        past = [name for name in inputs if name.startswith(_PAST)]
        self.own = [name for name in past if ".decoder." in name]
        self.cross = [name for name in past if ".encoder." in name]
        _, self.heads, _, self.width = inputs[past[0]]
        self.masked = "encoder_attention_mask" in inputs


class Decoding:
    """One decode in progress: the caches of its rows (beams), which all attend to the same encoder output.

    The model broadcasts: encoder output and cross-attention caches are passed once, whatever the number of
    rows (same numbers as with copies, at half the time).
    """

    def __init__(self, decoder: _Decoder, encoded: Float32) -> None:
        self._decoder = decoder
        frames = encoded.shape[1]
        self._fixed: dict[str, npt.NDArray[Any]] = {"encoder_hidden_states": encoded}
        if decoder.masked:
            self._fixed["encoder_attention_mask"] = np.ones((1, frames * _SAMPLES_PER_FRAME), np.int64)
        shape = (1, decoder.heads, frames, decoder.width)
        self._cross = {name: np.zeros(shape, np.float32) for name in decoder.cross}
        shape = (1, decoder.heads, 0, decoder.width)
        self._own = {name: np.zeros(shape, np.float32) for name in decoder.own}
        self._rows = [0]
        self._begun = False

    def step(self, tokens: list[int], parents: list[int]) -> Float32:
        """Appends `tokens[i]` to a copy of row `parents[i]`; gives natural log probabilities, float32
        [rows, vocabulary].

        The first step has one row, tokens [BOS] and parents [0].
        """
        own = self._own
        if parents != self._rows:
            own = {name: past[parents] for name, past in own.items()}
        self._rows = list(range(len(tokens)))
        feed = self._fixed | self._cross | own
        feed["input_ids"] = np.array(tokens, np.int64)[:, None]
        feed["use_cache_branch"] = np.array([self._begun])
        changed = self._decoder.own if self._begun else self._decoder.own + self._decoder.cross
        wanted = ["logits", *(name.replace(_PAST, "present", 1) for name in changed)]
        logits, *caches = self._decoder.run(wanted, feed)
        fresh = dict(zip(changed, caches, strict=True))
        self._own = {name: fresh[name] for name in self._decoder.own}
        if not self._begun:
            self._cross = {name: fresh[name] for name in self._decoder.cross}
            self._begun = True
        return _log_softmax(logits[:, -1])


def _log_softmax(logits: Float32) -> Float32:
    shifted: Float32 = logits - logits.max(-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(-1, keepdims=True))
    return shifted
