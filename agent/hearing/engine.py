"""The seam between hearing and the speech recognisers: what every engine offers, and which one a language
gets.

Moonshine hears English; Vosk hears whatever language has a model in models.toml.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from agent.hearing.moonshine import Float32
from agent.hearing.recogniser import Recogniser
from agent.hearing.recognition import Draft, Recognition
from agent.hearing.vosk_recogniser import VoskRecogniser
from agent.hearing.wake_check import WakeCheck
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Asr


class AsrEngine(Protocol):
    """A recogniser that may only hear sentences of a grammar. Not thread-safe: one recognition at a time."""

    @property
    def entries(self) -> frozenset[str]:
        """What can be listened for; empty before `use`."""

    def use(self, graph: SentenceGraph) -> None:
        """Replaces the grammar. Raises AudioError('grammar_invalid')."""

    def use_phrases(self, entry: str, phrases: Iterable[str]) -> None:
        """Beside the grammar, `phrases` (normalised) as the only sentences of `entry`; replaces those of an
        earlier call. Raises AudioError('grammar_invalid')."""

    def expect(self, entry: str) -> None:
        """Somebody has begun to speak, and `entry` will be asked for: loads what may be needed and rests."""

    def rest(self) -> None:
        """Nobody has spoken for a while: what is seldom needed leaves the memory."""

    def recognise(self, samples: Float32, entry: str) -> Recognition:
        """The best sentence of `entry` in float32 [n] at 16 kHz in -1..1. Raises
        AudioError('grammar_no_entry')."""

    def recognise_after_wake(self, sentence: Float32, whole: Float32, entry: str) -> Recognition:
        """The sentence after the wake phrase; `whole` is the same audio with the phrase."""

    def draft(self, sentence: Float32, entry: str, whole: Float32 | None = None) -> Draft:
        """The first step of `recognise`, or with `whole` of `recognise_after_wake`, while nobody knows yet
        whether the speech is over."""

    def finish(self, draft: Draft) -> Recognition:
        """The rest of it."""


def open_engine(models_dir: Path, asr: Asr, language: str) -> AsrEngine:
    """The engine that `asr.engine` gives to `language`, loaded. Raises ModelError: model_missing (also where
    no engine hears the language), model_damaged."""
    if asr.engine_for(language) == "vosk":
        return VoskRecogniser(models_dir, language)
    return Recogniser.from_settings(models_dir, asr)


def wake_check(engine: AsrEngine, phrase: str) -> WakeCheck | None:
    """The second stage of the wake word `phrase` with what `engine` has loaded; None where that does not know
    English, in which the phrases are."""
    return WakeCheck(engine.model, phrase) if isinstance(engine, Recogniser) else None
