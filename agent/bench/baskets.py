"""How many made orders of several items, and with corrections, are understood with every line right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.made_baskets import KINDS, LANGUAGE, BasketMaker, MadeBasket
from agent.bench.made_people import people
from agent.bench.mixing import mixed, read_noise
from agent.bench.order_ear import OrderEar
from agent.deciding.basket import Basket
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.runner_up import runner_up
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.hearing.audio import Float32
from agent.hearing.listener import ORDER_ENTRY
from agent.plumbing.settings import Policy

OUTCOMES = ("right", "wrong", "asked", "rejected")
_NOISE_SEED = 3


class BasketsBench:
    """The recogniser at the default settings on the grammar of the catalogue in a file.

    Raises CatalogueError, ModelError.
    """

    def __init__(self, catalogue: Path, models_dir: Path) -> None:
        self.catalogue = parse_catalogue(catalogue.read_bytes())
        graph = compile_sentences(self.catalogue, LANGUAGE)
        self._parser = SentenceParser(graph)
        self._ear = OrderEar(graph, models_dir)

    def outcome(self, made: MadeBasket, samples: Float32) -> str:
        """right: every line and count, and no other line; asked: one of two orders in a question is right;
        wrong: another order passed the gate; rejected: the rest, and an order that the default policy refuses
        for its counts or lines ("44 packs")."""
        heard = self._ear.hear(samples)
        best = self._basket(heard.words, heard.open_words)
        passed = heard.gap_per_token >= self._ear.settings.reject_gap_per_token
        if best is None or not passed or _is_too_much(best):
            return "rejected"
        others = ((self._basket(words), behind) for words, behind in heard.alternatives)
        other = runner_up(best, others, self._ear.settings.ask_within_nats)
        if other is not None:
            return "asked" if made.counts in (_counts(best), _counts(other)) else "rejected"
        return "right" if made.counts == _counts(best) else "wrong"

    def _basket(self, words: str, open_words: str = "") -> Basket | None:
        meaning = understand(self._parser, self.catalogue, ORDER_ENTRY, words, open_words)
        return meaning.basket if isinstance(meaning, OrderAsked) else None


def _is_too_much(basket: Basket) -> bool:
    limits = Policy()
    return len(basket.lines) > limits.most_lines or any(
        line.quantity > limits.largest_quantity for line in basket.lines
    )


def _counts(basket: Basket) -> dict[str, int]:
    return {line.sku: line.quantity for line in basket.lines}


def run_baskets_bench(
    catalogue: Path, noise: Path | None, snrs: list[float], count: int, seed: int, models_dir: Path
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB), on the same `count` sentences; each is said by
    one of the synthetic people in turn.

    {"voices": n, "results": [{"snr_db": null or number, "utterances": n, "right": n, "wrong": n, "asked": n,
    "rejected": n, "kinds": {kind: {"utterances": n, "right": n}}}]}. Raises AudioError (bench_noise,
    bench_no_voices), CatalogueError, ModelError.
    """
    bench = BasketsBench(catalogue, models_dir)
    room = read_noise(noise)
    speakers = people()
    made = BasketMaker(bench.catalogue, seed).baskets(count)
    said = [(one, speakers[number % len(speakers)].says(one.text)) for number, one in enumerate(made)]
    results = []
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        outcomes = [
            (one.kind, bench.outcome(one, mixed(samples, room, snr_db, rng))) for one, samples in said
        ]
        results.append({"snr_db": snr_db, "utterances": len(made), **_row(outcomes)})
    return {"voices": len(speakers), "results": results}


def _row(outcomes: list[tuple[str, str]]) -> dict[str, Any]:
    every = Counter(outcome for _, outcome in outcomes)
    said, right = Counter(kind for kind, _ in outcomes), Counter(outcomes)
    return {
        **{outcome: every[outcome] for outcome in OUTCOMES},
        "kinds": {
            kind: {"utterances": said[kind], "right": right[kind, "right"]} for kind in KINDS if said[kind]
        },
    }
