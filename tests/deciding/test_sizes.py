"""Sizes that stand in a shop's names are heard and typed as people say them, and never as an order."""

from __future__ import annotations

import json

import pytest

from agent.deciding.asked import Asked, question_in
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.details import Facts
from agent.deciding.heard_questions import HEARD_SIZED, HEARD_SIZED_ABOUT, ITEM, SIZE, QuestionAsked
from agent.deciding.knowing import Known
from agent.deciding.question_frames import question_frames
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.sizes import MOST_SIZES, said_sizes, written_size
from agent.deciding.understanding import Meaning, NotUnderstood, OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text
from tests.deciding.test_heard_questions import SHOP as WITHOUT_SIZES


def _product(id_: str, en: str, pl: str) -> dict[str, object]:
    return {
        "id": id_,
        "unit": "box",
        "price_minor": 500,
        "options": [],
        "words": {"en": {"say": en}, "pl": {"say": pl}},
    }


BOLTS = parse_catalogue(
    json.dumps(
        {
            "schema_version": 1,
            "shop_id": "corner-shop",
            "version": 1,
            "currency": "EUR",
            "options": [],
            "products": [
                _product("bolts", "M6 by 20 hex bolts", "śrub M6 na 20"),
                _product("nuts", "M8 hex nuts", "nakrętek M8"),
                _product("masks", "FFP2 masks", "masek FFP2"),
            ],
        }
    ).encode()
)
PARSERS = {language: SentenceParser(compile_sentences(BOLTS, language)) for language in ("en", "pl")}
NAMES = {"en": "m8 hex nuts", "pl": "nakrętek m8"}
SAID = {"en": "m eight", "pl": "m osiem"}


def _meaning(language: str, said: str) -> Meaning:
    return understand(PARSERS[language], BOLTS, "order", normalise_text(said), normalise_text(said))


@pytest.mark.parametrize("language", ["en", "pl"])
def test_whether_a_size_fits_is_heard_in_every_way_and_is_no_order(language: str) -> None:
    frames = question_frames(language)
    for way in (*HEARD_SIZED[language], *HEARD_SIZED_ABOUT[language]):
        said = way.replace(SIZE, SAID[language]).replace(ITEM, NAMES[language])
        meaning = _meaning(language, f"okay nabu {said}")
        assert isinstance(meaning, QuestionAsked), said
        asked = question_in(PARSERS[language], BOLTS, frames, meaning.text)
        assert isinstance(asked, Asked) and (asked.kind, asked.value) == ("fits", "M8"), said
        about = [line.product_id for line in asked.basket.lines] if asked.basket else []
        assert about == (["nuts"] if ITEM in way else []), said


def test_things_with_sizes_are_ordered_as_before() -> None:
    for said in ("order two boxes of m8 hex nuts", "m8 hex nuts"):
        assert isinstance(_meaning("en", said), OrderAsked), said
    for said in ("m8 hex nuts fit m eight", "order two boxes of m8 hex nuts fit m6", "does m eight"):
        assert _meaning("en", said) == NotUnderstood(), said


def test_a_shop_without_sizes_has_no_sentence_about_them() -> None:
    assert said_sizes(WITHOUT_SIZES, "en") == ()
    parser = SentenceParser(compile_sentences(WITHOUT_SIZES, "en"))
    for said in ("does m eight fit", "does rice", "does rice fit"):
        assert understand(parser, WITHOUT_SIZES, "order", said) == NotUnderstood(), said


def test_of_many_sizes_the_most_frequent_are_heard() -> None:
    many = [_product(f"p{at}", f"M{at % 99 + 1} things {at}", f"rzeczy {at}") for at in range(200)]
    many += [_product("last", "M99 bolts", "śrub")]
    shop = {"schema_version": 1, "shop_id": "s", "version": 1, "currency": "EUR", "options": []}
    said = said_sizes(parse_catalogue(json.dumps({**shop, "products": many}).encode()), "en")
    assert "m99" in said and len([way for way in said if " " not in way]) == MOST_SIZES


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        ("m eight", "en", "M8"),
        ("M 8", "en", "M8"),
        ("f f p two", "en", "FFP2"),
        ("ffp dwa", "pl", "FFP2"),
        ("m osiem", "pl", "M8"),
        ("m8", "en", "M8"),
        ("m8x20", "en", ""),
        ("eight", "en", ""),
        ("20 mm shaft", "en", ""),
        ("long m eight", "en", ""),
    ],
)
def test_a_size_is_written_as_shops_write_it(text: str, language: str, written: str) -> None:
    assert written_size(text, language) == written


@pytest.mark.parametrize("value", ["M8", "m8", "M 8", "m eight"])
def test_it_fits_however_it_was_written(value: str) -> None:
    basket_of = understand(PARSERS["en"], BOLTS, "order", "m8 hex nuts")
    assert isinstance(basket_of, OrderAsked)
    known = Known(BOLTS, {"nuts": Facts(fits=("M8",))}, "en")
    assert known.fits(basket_of.basket, value) == "Yes, that fits M8: one box of M8 hex nuts."
    assert known.fits(basket_of.basket, "m six").startswith(
        "For one box of M8 hex nuts the shop's details name M8"
    )
