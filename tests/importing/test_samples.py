"""The sample catalogues: made of their tables, whole, and every name is its product in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from agent.bench.order_set import OrderSet
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.details import Details, parse_details
from agent.deciding.edition import source_id
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.importing.findings import Findings
from agent.importing.reading import read_catalogue
from agent.importing.splitting import Documents, split
from order_backend.price_list import parse_price_list
from tests.committing.kit import shared_data
from tests.project.markdown import ROOT

SAMPLES = {"coffee_bar": 10, "household": 300, "industrial": 300}
"""With how many products at least."""


class Sample(NamedTuple):
    name: str
    folder: Path
    catalogue: Catalogue
    details: Details


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Sample:
    folder = ROOT / "order_backend" / "catalogues" / str(request.param)
    source = (folder / "catalogue.json").read_bytes()
    details = parse_details(
        (folder / "catalogue.details.json").read_bytes(), catalogue_sha256=source_id(source)
    )
    return Sample(str(request.param), folder, parse_catalogue(source), details)


def imported(sample: Sample) -> tuple[Documents, list[str]]:
    """Anew, and what was found."""
    findings = Findings()
    written = read_catalogue((sample.folder / "shop.csv").read_bytes(), findings, spreadsheet=True)
    assert written is not None, findings.faults
    return split(written), [warning.shown("shop.csv") for warning in findings.warnings]


@pytest.mark.usefixtures("without_sounds")
def test_what_stands_beside_a_table_was_made_of_it(sample: Sample) -> None:
    """And nothing in it is doubtful. Sounds are compared in the slow test below."""
    documents, warnings = imported(sample)
    command = f"earmark catalogue import {sample.folder}/shop.csv --out {sample.folder}"
    assert documents.catalogue == (sample.folder / "catalogue.json").read_bytes(), command
    assert documents.details == (sample.folder / "catalogue.details.json").read_bytes(), command
    assert warnings == []


@pytest.mark.slow
def test_no_two_names_sound_alike(sample: Sample) -> None:
    _, warnings = imported(sample)
    assert warnings == []


def test_every_product_has_words_price_pack_category_and_place(sample: Sample) -> None:
    assert len(sample.catalogue.products) >= SAMPLES[sample.name]
    for product in sample.catalogue.products:
        facts = sample.details.products[product.id]
        assert product.words.keys() == {"en", "pl"} and product.price_minor > 0, product.id
        assert facts.categories and facts.place and facts.place.bin and facts.most, product.id
        assert facts.pack or product.unit == "piece", product.id
        if product.unit == "piece":
            assert product.words["en"].many or product.words["en"].say.endswith("s"), product.id
    assert (
        len(
            {
                (facts.place.aisle, facts.place.bin)
                for facts in sample.details.products.values()
                if facts.place
            }
        )
        > 1
    )


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_name_is_its_product_alone_and_with_number_and_unit(sample: Sample, language: str) -> None:
    parser = SentenceParser(compile_sentences(sample.catalogue, language))
    lexicon = LEXICONS[language]
    number = {"en": "seven", "pl": "siedem"}[language]
    wrong = []
    for product in sample.catalogue.products:
        wording = product.words[language]
        unit = lexicon.units[product.unit].many
        of = f"{unit} {lexicon.of}".strip() if unit else ""
        orders = [(f"{lexicon.openings[0]} {name}", 1) for name in wording.heard]
        orders.append((f"{lexicon.openings[0]} {number} {of} {wording.many or wording.say}", 7))
        for text, count in orders:
            meaning = understand(parser, sample.catalogue, "order", text)
            lines = meaning.basket.lines if isinstance(meaning, OrderAsked) else ()
            if [(line.product_id, line.quantity) for line in lines] != [(product.id, count)]:
                wrong.append(text)
    assert wrong == []


def test_the_shop_can_sell_by_it(sample: Sample) -> None:
    prices = parse_price_list((sample.folder / "catalogue.json").read_bytes())
    for product in sample.catalogue.products:
        line = sample.catalogue.line(product.id, {}, 1, "pl")
        assert prices.unit_price(line.sku) == line.unit_price.minor > 0


def facts_of(name: str) -> Details:
    folder = ROOT / "order_backend" / "catalogues" / name
    source = (folder / "catalogue.json").read_bytes()
    return parse_details((folder / "catalogue.details.json").read_bytes(), catalogue_sha256=source_id(source))


def test_the_industrial_one_has_what_a_plant_asks_for() -> None:
    products = facts_of("industrial").products
    bolts = [facts for facts in products.values() if {"thread", "length_mm"} <= facts.attributes.keys()]
    assert len(bolts) >= 40 and all(facts.fits for facts in bolts)
    hazardous = [facts for facts in products.values() if facts.hazard]
    assert len(hazardous) >= 20 and any("chemicals-trained" in facts.who for facts in hazardous)
    categories = {category for facts in products.values() for category in facts.categories}
    assert {"fasteners", "ppe", "hand-tools", "cutting-tools", "lubricants", "hazardous-goods"} <= categories
    for few in ("substitutes", "goes_with"):
        assert sum(bool(getattr(facts, few)) for facts in products.values()) >= 50


def test_the_coffee_bars_orders_are_those_of_the_recordings() -> None:
    """The same ids, so that recordings of the development data can be heard against it."""
    recorded = OrderSet(shared_data("orders"))
    theirs = recorded.catalogue()
    folder = ROOT / "order_backend" / "catalogues" / "coffee_bar"
    bar = parse_catalogue((folder / "catalogue.json").read_bytes())
    assert {product.id for product in bar.products} == {product.id for product in theirs.products}
    for option in theirs.options:
        ours = bar.option(option.id)
        assert ours.position == option.position and not ours.default
        assert {choice.id for choice in ours.choices} == {choice.id for choice in option.choices}
    parser = SentenceParser(compile_sentences(bar, "en", extra_openings=recorded.openings))
    for order in recorded.orders:
        slots = order.slots
        before = [slots[slot] for slot in ("size", "roast", "numberOfShots") if slot in slots]
        after = " and ".join(slots[slot] for slot in ("milkAmount", "sugarAmount") if slot in slots)
        text = " ".join(["can i get a", *before, slots["coffeeDrink"], *(["with", after] if after else [])])
        meaning = understand(parser, bar, "order", text)
        assert isinstance(meaning, OrderAsked), text
        [line] = meaning.basket.lines
        chosen = {
            slot.lower(): value.replace(" ", "-") for slot, value in slots.items() if slot != "coffeeDrink"
        }
        assert (line.product_id, dict(line.options)) == (slots["coffeeDrink"].replace(" ", "-"), chosen)
