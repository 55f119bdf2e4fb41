"""Whole conversations with synthetic customers: what counts as right, and what as which failure."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import order_backend
from agent.bench.journey import JourneyBench, _item, _not_read_back, _order, run_journey_bench
from agent.bench.made_people import people
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, MoreAsked, OrderAsked, understand
from agent.plumbing.settings_file import default_models_dir

CATALOGUE_FILE = Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json"
CATALOGUE = parse_catalogue(CATALOGUE_FILE.read_bytes())


def test_every_sentence_of_a_customer_orders_what_is_sold_and_its_consent_names_that_quantity() -> None:
    parser = SentenceParser(compile_sentences(CATALOGUE, "en"))
    rng = np.random.default_rng(1)
    for _ in range(40):
        words, quantity = _order(CATALOGUE, rng)
        ordered = understand(parser, CATALOGUE, "order", words)
        consent = understand(parser, CATALOGUE, "consent", f"yes order {quantity}")
        assert isinstance(ordered, OrderAsked), words
        assert isinstance(consent, Answer), quantity
        (line,) = ordered.basket.lines
        assert (line.quantity, line.unit) == (consent.quantity, consent.unit)


def test_more_is_an_item_of_an_order_and_is_understood_after_a_read_back() -> None:
    parser = SentenceParser(compile_sentences(CATALOGUE, "en"))
    rng = np.random.default_rng(2)
    for _ in range(40):
        words, quantity = _order(CATALOGUE, rng)
        assert _item(words).startswith(quantity)
        assert _item(f"also {_item(words)}") == _item(words)
        ordered = understand(parser, CATALOGUE, "order", words)
        more = understand(parser, CATALOGUE, "consent", f"and {_item(words)}")
        assert isinstance(ordered, OrderAsked)
        assert more == MoreAsked(ordered.basket)


def test_a_failure_is_named_after_what_the_device_decided() -> None:
    assert _not_read_back([]) == "order_not_heard"
    assert _not_read_back(["not_understood"]) == "order_not_heard"
    assert _not_read_back(["read_back"]) == "wrong_order"
    assert _not_read_back(["refused_unknown_voice"]) == "order_voice_not_known"
    assert _not_read_back(["refused_too_noisy"]) == "refused_too_noisy"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("flite"), reason="no flite: apt-get install flite")
def test_customers_get_what_they_order_and_strangers_nothing() -> None:
    (clean,) = run_journey_bench(default_models_dir(), None, None, [], 4)["results"]
    assert clean["right_first_time"] >= 3
    assert clean["right_first_time"] + clean["right_after_asking"] + sum(clean["failures"].values()) == 4
    assert clean["strangers_consents"] >= 1
    assert clean["strangers_accepted"] == 0
    assert clean["additions_right"] == clean["additions"] == 1
    assert 5 < clean["seconds"]["p50"] < 60


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("flite"), reason="no flite: apt-get install flite")
def test_an_order_by_somebody_unknown_fails_by_the_voice(tmp_path: Path) -> None:
    noise = np.ones(16_000, np.float32)
    bench = JourneyBench(tmp_path, default_models_dir(), CATALOGUE_FILE, noise)
    try:
        stranger = next(person for person in people() if person.voice == "kal16")
        conversation = bench.conversations(1)[0]._replace(customer=stranger)
        assert bench._hold(conversation, None, np.random.default_rng(1)).kind == "order_voice_not_known"
    finally:
        bench.close()
