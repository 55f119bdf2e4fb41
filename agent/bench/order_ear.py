"""A recording of an order, cut and recognised as the device does it."""

from __future__ import annotations

from pathlib import Path

from agent.hearing.audio import Float32
from agent.hearing.cutting import cut_sentence
from agent.hearing.engine import open_engine
from agent.hearing.listener import ORDER_ENTRY
from agent.hearing.recognition import Recognition
from agent.hearing.voice_activity import VoiceActivity
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Asr, Endpoint


class OrderEar:
    """Voice activity, and the recogniser that `settings` give to the language of the grammar `graph`. Raises
    ModelError."""

    def __init__(self, graph: SentenceGraph, models_dir: Path, settings: Asr | None = None) -> None:
        self.settings = settings or Asr()
        self._speech_threshold = Endpoint().speech_threshold
        self._recogniser = open_engine(models_dir, self.settings, graph.language)
        self._recogniser.use(graph)
        self._activity = VoiceActivity()

    def hear(self, samples: Float32, entry: str = ORDER_ENTRY) -> Recognition:
        """Of float32 [n], what the voice activity holds for speech, with a little room around it."""
        speech = self._activity.speech_mask(samples, self._speech_threshold)
        return self._recogniser.recognise(cut_sentence(samples, speech), entry)
