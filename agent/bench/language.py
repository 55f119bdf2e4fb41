"""How well one line orders, things that are not sold and other speech are told apart in any language that has
words, by whichever recogniser the language gets; spoken by espeak-ng, which has a voice for each."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from agent.bench.language_sentences import OTHER_SPEECH, MadeOrder, made_orders
from agent.bench.made_people import MadePerson, no_voices
from agent.bench.made_room import in_quiet_room
from agent.bench.mixing import mixed, read_noise
from agent.bench.order_ear import OrderEar
from agent.bench.outcomes import Heard, counted
from agent.bench.trade import write_curve
from agent.deciding.basket import Basket
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.runner_up import runner_up
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, OrderAsked, understand
from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.recognition import Recognition
from agent.plumbing.settings import Asr

_NOISE_SEED = 3
_PEAK = 0.5
_VOICES = (("", 0.85), ("+f3", 0.85), ("+m3", 0.8), ("+f2", 0.75), ("+m7", 0.85), ("+f5", 0.9))
"""espeak-ng's variants of a language's voice, and how fast each speaks."""

NO_GATE = float("-inf")


class Sound(NamedTuple):
    """A sentence as it was said: float32 [n] at 16 kHz, in a quiet room."""

    text: str
    samples: Float32


class LanguageBench:
    """The engine that `asr` gives to `language`, on the grammar of the catalogue in a file.

    Raises AudioError bench_no_voices, CatalogueError, ModelError.
    """

    def __init__(self, catalogue: Path, language: str, asr: Asr, models_dir: Path) -> None:
        if shutil.which("espeak-ng") is None:
            raise no_voices("espeak-ng is not installed")
        self.catalogue = parse_catalogue(catalogue.read_bytes())
        self.language, self.gate = language, asr.lowest_gap(language)
        graph = compile_sentences(self.catalogue, language)
        self._asr, self._parser = asr, SentenceParser(graph)
        self._ear = OrderEar(graph, models_dir, asr)
        self._spent_s = self._heard_s = 0.0

    @property
    def real_time_factor(self) -> float:
        """Time of recognition by length of audio, over all that was heard so far."""
        return self._spent_s / self._heard_s if self._heard_s else 0.0

    def says(self, texts: Iterable[str]) -> list[Sound]:
        """The voices take turns."""
        return [
            Sound(text, in_quiet_room(_levelled(self._person(variant).says(text, speed)), 0.5, 0.5))
            for text, (variant, speed) in zip(texts, cycle(_VOICES), strict=False)
        ]

    def order(self, made: MadeOrder, samples: Float32) -> Heard:
        """accepted, wrong, asked, rejected as in the benchmark of recorded orders."""
        heard = self._hear(samples, "order")
        best = self._basket(heard.words, heard.open_words)
        if best is None:
            return Heard(heard.gap_per_token, "rejected")
        others = ((self._basket(words), behind) for words, behind in heard.alternatives)
        other = runner_up(best, others, self._asr.ask_within_nats)
        right = made.counts in (_counts(best), _counts(other) if other else None)
        if other is not None:
            return Heard(heard.gap_per_token, "asked" if right else "rejected")
        return Heard(heard.gap_per_token, "accepted" if right else "wrong")

    def no_order(self, samples: Float32) -> Heard:
        """Wrong where it is taken for an order."""
        heard = self._hear(samples, "order")
        taken = self._basket(heard.words, heard.open_words) is not None
        return Heard(heard.gap_per_token, "wrong" if taken else "rejected")

    def answer(self, samples: Float32) -> str:
        """What it is after a read-back: consent, bare, denial, later, or '' for none."""
        heard = self._hear(samples, "consent")
        words = heard.words if heard.gap_per_token >= self.gate else ""
        meaning = understand(self._parser, self.catalogue, "consent", words, heard.open_words)
        return meaning.kind if isinstance(meaning, Answer) else ""

    def _hear(self, samples: Float32, entry: str) -> Recognition:
        begun = time.process_time()
        heard = self._ear.hear(samples, entry)
        self._spent_s += time.process_time() - begun
        self._heard_s += len(samples) / SAMPLE_RATE
        return heard

    def _person(self, variant: str) -> MadePerson:
        return MadePerson("espeak-ng", f"{self.language}{variant}")

    def _basket(self, words: str, open_words: str = "") -> Basket | None:
        meaning = understand(self._parser, self.catalogue, "order", words, open_words)
        return meaning.basket if isinstance(meaning, OrderAsked) else None


def run_language_bench(
    catalogue: Path,
    language: str,
    engine: Literal["auto", "moonshine", "vosk"],
    models_dir: Path,
    *,
    count: int,
    seed: int,
    noise: Path | None = None,
    snrs: Sequence[float] = (),
    curve: Path | None = None,
) -> dict[str, Any]:
    """One row of the `count` orders without noise and one for each of `snrs` (dB).

    {"language", "engine", "gate": x, "voices": n, "results": [{"snr_db": null or number, "utterances": n,
    "accepted": n, "wrong": n, "asked": n, "rejected": n, "right_without_gate": n}], "unsold" and "talk":
    {"utterances": n, "accepted": n}, "consents": {"utterances": n, "heard": n, "denied": n}, "denials":
    {"utterances": n, "heard": n, "consented": n}, "talk_as_answer": {"utterances": n, "consented": n},
    "real_time_factor": x}: processor time of recognition by length of audio, half a second of quiet
    before and after each included. `curve` is written as `agent.bench.trade` says. Raises AudioError
    (bench_language, bench_noise, bench_no_voices), CatalogueError, ModelError.
    """
    asr = Asr(engine=engine)
    bench = LanguageBench(catalogue, language, asr, models_dir)
    room = read_noise(noise, snrs)
    made = made_orders(bench.catalogue, language, count, seed)
    said = bench.says(order.text for order in made)
    heard: dict[float | None, list[Heard]] = {}
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        sounds = [mixed(sound.samples, room, snr_db, rng) for sound in said]
        heard[snr_db] = [bench.order(*pair) for pair in zip(made, sounds, strict=True)]
    other, lexicon = OTHER_SPEECH[language], LEXICONS[language]
    unsold = [bench.no_order(sound.samples) for sound in bench.says(other.unsold)]
    talk = [bench.no_order(sound.samples) for sound in bench.says(other.talk)]
    if curve is not None:
        write_curve(curve, heard, [*unsold, *talk], bench.gate)
    return {
        "language": language,
        "engine": asr.engine_for(language),
        "gate": bench.gate,
        "voices": len(_VOICES),
        "results": [_row(snr_db, orders, bench.gate) for snr_db, orders in heard.items()],
        **{name: _taken(others, bench.gate) for name, others in (("unsold", unsold), ("talk", talk))},
        **_answers(bench, lexicon.consent_sentences, lexicon.denials, other.talk),
        "real_time_factor": bench.real_time_factor,
    }


def _row(snr_db: float | None, orders: list[Heard], gate: float) -> dict[str, Any]:
    without = counted(orders, NO_GATE)
    return {
        "snr_db": snr_db,
        "utterances": len(orders),
        **counted(orders, gate),
        "right_without_gate": without["accepted"] + without["asked"],
    }


def _taken(others: list[Heard], gate: float) -> dict[str, int]:
    return {"utterances": len(others), "accepted": counted(others, gate)["wrong"]}


def _answers(
    bench: LanguageBench, consents: Sequence[str], denials: Sequence[str], talk: Sequence[str]
) -> dict[str, dict[str, int]]:
    agreed, denied, other = (
        [bench.answer(sound.samples) for sound in bench.says(texts)] for texts in (consents, denials, talk)
    )
    return {
        "consents": {
            "utterances": len(agreed),
            "heard": agreed.count("consent"),
            "denied": agreed.count("denial"),
        },
        "denials": {
            "utterances": len(denied),
            "heard": denied.count("denial"),
            "consented": denied.count("consent"),
        },
        "talk_as_answer": {"utterances": len(other), "consented": other.count("consent")},
    }


def _counts(basket: Basket) -> dict[str, int]:
    return {line.sku: line.quantity for line in basket.lines}


def _levelled(samples: Float32) -> Float32:
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    return samples * np.float32(_PEAK / peak) if peak else samples
