"""How many made questions, also about the shopping list, are understood by voice, how many of them are taken
for orders, and how many orders for questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.made_people import people
from agent.bench.made_questions import LANGUAGE, MadeQuestion, QuestionMaker
from agent.bench.mixing import mixed, read_noise
from agent.bench.order_ear import OrderEar
from agent.deciding.asked import question_in
from agent.deciding.basket import Basket
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.habit_words import HABIT_KINDS
from agent.deciding.heard_questions import QuestionAsked
from agent.deciding.list_asked import list_asked
from agent.deciding.question_frames import question_frames
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import AgainAsked, Answer, OrderAsked, understand
from agent.hearing.audio import Float32
from agent.hearing.listener import ORDER_ENTRY

OUTCOMES = ("right", "question", "order", "denied", "rejected")
"""As it was said; as another question; as an order (of an order: as another one); as a denial; not at all."""

_NOISE_SEED = 3


class QuestionsBench:
    """The recogniser at the default settings on the grammar of the catalogue in a file.

    Raises CatalogueError, ModelError.
    """

    def __init__(self, catalogue: Path, models_dir: Path) -> None:
        self.catalogue = parse_catalogue(catalogue.read_bytes())
        graph = compile_sentences(self.catalogue, LANGUAGE)
        self._parser, self._frames = SentenceParser(graph), question_frames(LANGUAGE)
        self._ear = OrderEar(graph, models_dir)

    def outcome(self, made: MadeQuestion, samples: Float32) -> str:
        """One of OUTCOMES for `made`, said in float32 [n]."""
        heard = self._ear.hear(samples)
        if heard.gap_per_token < self._ear.settings.reject_gap_per_token:
            return "rejected"
        meaning = understand(self._parser, self.catalogue, ORDER_ENTRY, heard.words, heard.open_words)
        match meaning:
            case OrderAsked(basket):
                return "right" if ("order", _counts(basket)) == (made.kind, made.counts) else "order"
            case AgainAsked():
                return "order"
            case Answer():
                return "denied"
            case QuestionAsked(text):
                asked = self._asked(text)
                if asked is None:
                    return "rejected"
                return "right" if asked == made._replace(text="") else "question"
        return "rejected"

    def _asked(self, text: str) -> MadeQuestion | None:
        """What is asked by `text`, as it was heard, without that text; None where nothing is."""
        if listed := list_asked(self._parser, self.catalogue, self._frames, text):
            return MadeQuestion(listed.kind, "", _counts(listed.basket), listed.day)
        habits = (frame.kind for frame in self._frames if frame.kind in HABIT_KINDS and frame.before == text)
        if habit := next(habits, ""):
            return MadeQuestion(habit, "", {})
        asked = question_in(self._parser, self.catalogue, self._frames, text)
        return asked and MadeQuestion(asked.kind, "", _counts(asked.basket))


def _counts(basket: Basket | None) -> dict[str, int]:
    return {line.sku: line.quantity for line in basket.lines} if basket else {}


def run_questions_bench(
    catalogue: Path,
    noise: Path | None,
    snrs: list[float],
    count: int,
    seed: int,
    models_dir: Path,
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB), on the same `count` questions and as many
    orders; each is said by one of the synthetic people in turn.

    {"voices": n, "results": [{"snr_db": null or number, "questions": {outcome: n}, "orders": {outcome: n},
    "kinds": {kind: {"utterances": n, "right": n}}}]} with OUTCOMES. Raises AudioError (bench_noise,
    bench_no_voices), CatalogueError, ModelError.
    """
    bench = QuestionsBench(catalogue, models_dir)
    room = read_noise(noise)
    speakers = people()
    maker = QuestionMaker(bench.catalogue, seed)
    made = [*maker.questions(count), *maker.orders(count)]
    said = [(one, speakers[number % len(speakers)].says(one.text)) for number, one in enumerate(made)]
    results = []
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        outcomes = [
            (one.kind, bench.outcome(one, mixed(samples, room, snr_db, rng))) for one, samples in said
        ]
        results.append({"snr_db": snr_db, **_row(outcomes[:count], outcomes[count:])})
    return {"voices": len(speakers), "results": results}


def _row(questions: list[tuple[str, str]], orders: list[tuple[str, str]]) -> dict[str, Any]:
    said, right = Counter(kind for kind, _ in questions), Counter(questions)
    return {
        "questions": _outcomes(questions),
        "orders": _outcomes(orders),
        "kinds": {kind: {"utterances": said[kind], "right": right[kind, "right"]} for kind in said},
    }


def _outcomes(of: Iterable[tuple[str, str]]) -> dict[str, int]:
    counted = Counter(outcome for _, outcome in of)
    return {outcome: counted[outcome] for outcome in OUTCOMES}
