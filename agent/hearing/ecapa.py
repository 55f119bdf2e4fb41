"""The speaker encoder ECAPA-TDNN (Desplanques et al., "ECAPA-TDNN: Emphasized Channel Attention, Propagation
and Aggregation in TDNN Based Speaker Verification", 2020) of SpeechBrain, as scripts/export_speaker_model.py
writes it: its features (80 log mel bands, the sentence's mean subtracted) are part of the graph, so that
neither torch nor our own features are needed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.onnx_session import open_session
from agent.plumbing.errors import ModelError
from agent.plumbing.speaker_models import ECAPA, full_name

FILE = "ecapa.onnx"
EXPORT = ".venv/bin/python scripts/export_speaker_model.py"
WEIGHTS = "earmark_weights"
"""Key of the model's metadata: which weights were exported. Those of two exports may differ under one id."""

_SHORTEST_SAMPLES = SAMPLE_RATE // 10  # its convolutions reach over nine frames of 10 ms


class Ecapa:
    """The model as it lies in `models_dir`. Raises ModelError: model_missing, model_damaged."""

    def __init__(self, models_dir: Path, *, threads: int = 1) -> None:
        path = models_dir / ECAPA / FILE
        if not path.is_file():
            raise ModelError("model_missing", f"{path} is not there", EXPORT)
        self._session = open_session(path, threads=threads)
        weights = self._session.get_modelmeta().custom_metadata_map.get(WEIGHTS, "")
        if not weights:
            raise ModelError("model_damaged", f"{path} does not say which weights it holds", EXPORT)
        self.model = full_name(ECAPA, weights)

    def encode(self, samples: Float32, speech: npt.NDArray[np.bool_], voiced: Float32) -> Float32 | None:
        """As `_Encoder` of `agent.hearing.speaker`: float32 [192] of unit length, of all the speech at
        once."""
        if len(voiced) < _SHORTEST_SAMPLES:
            return None
        embedding: Float32 = self._session.run(["embedding"], {"samples": voiced[None]})[0][0]
        return embedding

    def look(self, samples: Float32) -> tuple[Float32, Float32]:
        """float32 [n] at 16 kHz, 0.1 s or more, to its embedding float32 [192] of unit length and its
        features float32 [1 + n // 160, 80] in decibels."""
        embedding, features = self._session.run(["embedding", "features"], {"samples": samples[None]})
        return embedding[0], features[0]
