"""A compiled catalogue serves exactly as the catalogue does, and is taken only as what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.bench.made_catalogue import made_catalogue
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.edition import Edition, compiled, source_id
from agent.deciding.packed_catalogue import PackedCatalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import understand
from agent.plumbing.errors import CatalogueError

FILE = Path(__file__).parents[2] / "order_backend" / "catalogues" / "corner_shop.json"
SOURCE = FILE.read_bytes()
WHOLE = parse_catalogue(SOURCE)


def edition(source: bytes = SOURCE, language: str = "en") -> Edition:
    data = compiled(source, shop_id="corner-shop", language=language, compiler="this")
    return Edition.from_bytes(data, source=source_id(source), compiler="this", language=language)


def changed(**values: Any) -> bytes:
    return json.dumps(json.loads(SOURCE) | values).encode()


@pytest.mark.parametrize("catalogue", [WHOLE, made_catalogue(1), made_catalogue(2), made_catalogue(777)])
def test_packed_products_are_found_by_their_ids(catalogue: Catalogue) -> None:
    packed = PackedCatalogue.of(catalogue)
    assert len(packed) == len(catalogue.products)
    for product in catalogue.products:
        assert packed.product(product.id) == product
    for missing in ("", "0", "no-such-thing", "zzzz", catalogue.products[0].id + "-"):
        with pytest.raises(KeyError):
            packed.product(missing)


@given(st.data())
def test_a_packed_catalogue_prices_every_line_alike(data: st.DataObject) -> None:
    packed = PackedCatalogue.of(WHOLE)
    product = data.draw(st.sampled_from(WHOLE.products))
    chosen = {
        option_id: data.draw(st.sampled_from([c.id for c in WHOLE.option(option_id).choices]))
        for option_id in product.options
        if data.draw(st.booleans())
    }
    language, quantity = data.draw(st.sampled_from(sorted(product.words))), data.draw(st.integers(1, 99))
    line = WHOLE.line(product.id, chosen, quantity, language)
    assert packed.line(product.id, chosen, quantity, language) == line


def test_it_understands_in_every_language_what_the_catalogue_itself_would() -> None:
    made = edition()
    assert (made.version, made.catalogue.currency, made.source) == (1, "PLN", source_id(SOURCE))
    for language, text in (("en", "order two bags of dark roast coffee"), ("pl", "dwie paczki kawy")):
        parser = SentenceParser(compile_sentences(WHOLE, language))
        meant = understand(parser, WHOLE, "order", text)
        assert understand(made.parser(language), made.catalogue, "order", text) == meant
        assert meant.basket.catalogue_version == 1  # type: ignore[union-attr]


def test_a_language_that_nothing_has_words_in_is_refused() -> None:
    with pytest.raises(CatalogueError) as caught:
        edition().parser("ko")
    assert caught.value.code == "catalogue_language"
    with pytest.raises(CatalogueError) as caught:
        edition(language="ko")
    assert caught.value.code == "catalogue_language"


def test_words_in_a_language_without_a_lexicon_are_no_obstacle() -> None:
    raw = json.loads(SOURCE)
    raw["products"][-1]["words"]["fi"] = {"say": "vesi"}
    with pytest.raises(CatalogueError):
        edition(json.dumps(raw).encode()).parser("fi")


def test_another_shop_and_another_currency_are_refused() -> None:
    for source, currency, code in (
        (changed(shop_id="other-shop"), "PLN", "catalogue_other_shop"),
        (changed(currency="EUR"), "PLN", "catalogue_other_currency"),
    ):
        with pytest.raises(CatalogueError) as caught:
            compiled(source, shop_id="corner-shop", language="en", compiler="this", currency=currency)
        assert caught.value.code == code
        assert caught.value.next_step


def test_what_was_compiled_otherwise_is_not_taken() -> None:
    data = compiled(SOURCE, shop_id="corner-shop", language="en", compiler="this")
    asked = {"source": source_id(SOURCE), "compiler": "this", "language": "en"}
    assert Edition.from_bytes(data, **asked).version == 1
    others = [(data, asked | {name: "other"}) for name in asked]
    damaged = [(cut, asked) for cut in (b"", b"{}", data[:-1], data[:40])]
    for bytes_, wanted in (*others, *damaged):
        with pytest.raises(CatalogueError) as caught:
            Edition.from_bytes(bytes_, **wanted)
        assert caught.value.code == "catalogue_differs"


def test_the_same_grammar_under_another_price_has_the_same_name() -> None:
    raw = json.loads(SOURCE)
    raw["version"] = 2
    raw["products"][0]["price_minor"] += 100
    dearer = edition(json.dumps(raw).encode())
    assert dearer.grammar_id == edition().grammar_id
    assert dearer.source != edition().source
    assert msgspec.json.decode(SOURCE)["version"] != dearer.version
