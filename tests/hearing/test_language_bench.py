"""The benchmark of a language: its sentences mean what they are counted as, and what is heard is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.bench.language import LanguageBench, run_language_bench
from agent.bench.language_sentences import OTHER_SPEECH, MadeOrder, made_orders
from agent.bench.made_room import in_quiet_room
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, OrderAsked, understand
from agent.plumbing.settings import Asr
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import ROOT, spoken

SHOPS = ROOT / "order_backend" / "catalogues"


def shop(language: str) -> Path:
    return SHOPS / ("corner_shop_ko.json" if language == "ko" else "corner_shop.json")


def sold(language: str) -> Catalogue:
    return parse_catalogue(shop(language).read_bytes())


@pytest.mark.parametrize("language", LEXICONS)
def test_every_made_order_asks_for_what_it_is_counted_as(language: str) -> None:
    catalogue = sold(language)
    parser = SentenceParser(compile_sentences(catalogue, language))
    orders = made_orders(catalogue, language, 60, 5)
    assert orders == made_orders(catalogue, language, 60, 5) != made_orders(catalogue, language, 60, 6)
    for order in orders:
        meaning = understand(parser, catalogue, "order", order.text, order.text)
        assert isinstance(meaning, OrderAsked), order.text
        assert {line.sku: line.quantity for line in meaning.basket.lines} == order.counts


@pytest.mark.parametrize("language", LEXICONS)
def test_nothing_else_is_an_order_or_an_answer(language: str) -> None:
    catalogue = sold(language)
    parser = SentenceParser(compile_sentences(catalogue, language))
    other = OTHER_SPEECH[language]
    for text in (*other.unsold, *other.talk):
        assert not isinstance(understand(parser, catalogue, "order", text, text), OrderAsked), text
    for text in other.talk:
        assert understand(parser, catalogue, "consent", text) != Answer("consent"), text


def test_an_order_is_right_only_with_its_product_and_count() -> None:
    bench = LanguageBench(shop("en"), "en", Asr(), default_models_dir())
    text = "order two bags of rice"
    samples = in_quiet_room(spoken("slt", text))
    assert bench.order(MadeOrder(text, {"rice": 2}), samples).outcome == "accepted"
    assert bench.order(MadeOrder(text, {"rice": 3}), samples).outcome == "wrong"
    assert bench.no_order(samples).outcome == "wrong"
    assert bench.answer(in_quiet_room(spoken("slt", "yes place my order"))) == "consent"
    assert bench.real_time_factor > 0.0


@pytest.mark.slow
def test_the_whole_benchmark_counts_everything_once(tmp_path: Path) -> None:
    curve = tmp_path / "curve.json"
    result = run_language_bench(shop("en"), "en", "auto", default_models_dir(), count=6, seed=5, curve=curve)
    (row,) = result["results"]
    assert row["utterances"] == 6 == sum(row[kind] for kind in ("accepted", "wrong", "asked", "rejected"))
    assert row["right_without_gate"] >= row["accepted"] + row["asked"]
    assert result["engine"] == "moonshine"
    for name in ("unsold", "talk"):
        assert result[name]["utterances"] == len(getattr(OTHER_SPEECH["en"], name))
    assert result["consents"]["heard"] >= 1
    assert result["denials"]["consented"] == 0
    assert json.loads(curve.read_text())["gate_in_use"] == result["gate"]
    assert curve.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
