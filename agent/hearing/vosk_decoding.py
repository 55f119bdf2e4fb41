"""Vosk's model, and decoding with it: once, with a list of sentences as the grammar.

Vosk makes a bigram model of the list in which any word may follow any other at the price of going back to
the words alone: for a voice that the model hardly knows, nonsense then beats every sentence. A word that
nobody says, listed often, takes nearly all the probability of the words alone; what stays cheap is the
pairs that were listed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.hearing.audio import SAMPLE_RATE
from agent.plumbing.errors import ModelError

MODELS = {
    "de": "asr-vosk-small-de",
    "en": "asr-vosk-small-en-us",
    "ko": "asr-vosk-small-ko",
    "pl": "asr-vosk-small-pl",
}
"""By language, as in models.toml."""

NO_WORD = ("[unk]", "<UNK>", "<unk>")
"""How vocabularies write what is no word; the first that a model has is listed often."""

_MODEL_FILE = "conf/model.conf"
_TIMES = 30  # as often as all words of the sentences together
_MOST = 100_000  # in a large grammar the words alone are cheap for nobody, and the list long enough


class Scored(NamedTuple):
    """Text as Vosk writes it, and its log likelihood in nats."""

    text: str
    nats: float


class Decoder:
    """Decodes with the sentences of a grammar or (None) with the vendor's language model. Every utterance
    gets a KaldiRecognizer of its own: a kept one adapts to the voices it has heard, which shifts its
    likelihoods, and grows."""

    def __init__(
        self, model: Any, sentences: Sequence[str] | None, *, nearest: int, strict: bool = False
    ) -> None:
        """`nearest`: at most so many readings. `strict`: pairs of words that are not listed are dear."""
        self._model, self._nearest = model, nearest
        listed = [*(sentences or ()), *(_no_words(model, sentences) if strict and sentences else ())]
        self._grammar = () if sentences is None else (json.dumps(listed, ensure_ascii=False),)

    def decode(self, pcm: bytes) -> list[Scored]:
        """At least one reading of int16 samples, likeliest first."""
        from vosk import KaldiRecognizer

        recognizer = KaldiRecognizer(self._model, SAMPLE_RATE, *self._grammar)
        recognizer.SetMaxAlternatives(self._nearest)
        recognizer.AcceptWaveform(pcm)
        found = json.loads(recognizer.FinalResult()).get("alternatives", [])
        return [Scored(one["text"], float(one["confidence"])) for one in found] or [Scored("", 0.0)]


def _no_words(model: Any, sentences: Sequence[str]) -> list[str]:
    word = next((word for word in NO_WORD if model.vosk_model_find_word(word) >= 0), None)
    if word is None:
        return []
    words = sum(sentence.count(" ") + 2 for sentence in sentences)
    return [" ".join([word] * min(_MOST, _TIMES * words))]


def load_vosk_model(models_dir: Path, language: str) -> Any:
    """A `vosk.Model`. Raises ModelError: model_missing (also where models.toml has none for the language),
    model_damaged, engine_missing (the extra `vosk` is not installed)."""
    name = MODELS.get(language)
    if name is None:
        raise ModelError(
            "model_missing", f"no recogniser here hears {language!r}", f"choose one of {', '.join(MODELS)}"
        )
    folder = models_dir / name
    if not (folder / _MODEL_FILE).is_file():
        raise ModelError("model_missing", f"{folder} is not there", missing_step(name))
    try:
        import vosk
    except (ImportError, OSError) as error:
        raise ModelError(
            "engine_missing", f"vosk does not load: {error}", "pip install 'earmark-agent[vosk]'"
        ) from error
    vosk.SetLogLevel(-1)
    try:
        return vosk.Model(str(folder))
    except Exception as error:  # the library raises nothing more telling
        raise ModelError("model_damaged", f"{folder}: {error}", missing_step(name)) from error


def missing_step(name: str) -> str:
    """What brings the model: one that models.toml has no hash of cannot be fetched, only pinned."""
    return f"earmark models fetch {name}" if name == MODELS["ko"] else f"earmark models pin {name} FILE"
