"""What the device says can be ordered is sold here, and understood when it is said."""

from __future__ import annotations

import json

import pytest

from agent.deciding.conversation import Say
from agent.deciding.edition import Edition, compiled, source_id
from agent.deciding.lexicon import LEXICONS
from agent.deciding.replies import Hears, fixed_replies, render
from agent.deciding.reply_words import REPLIES
from agent.deciding.understanding import OrderAsked, understand
from tests.deciding.conftest import CORNER_SHOP

HARDWARE = {
    "schema_version": 1,
    "shop_id": "s",
    "version": 1,
    "currency": "PLN",
    "products": [
        {"id": "z", "unit": "piece", "price_minor": 1, "words": {"en": {"say": "Cancel", "many": "Cancels"}}},
        {"id": "b", "unit": "box", "price_minor": 1, "words": {"pl": {"say": "śrub"}, "en": {"say": "nuts"}}},
    ],
}
SHOPS = {
    "corner shop": CORNER_SHOP.read_bytes(),
    "corner shop in Korean": CORNER_SHOP.with_name("corner_shop_ko.json").read_bytes(),
    "hardware": json.dumps(HARDWARE).encode(),
}


def _edition(data: bytes) -> Edition:
    shop = json.loads(data)
    language = min(language for product in shop["products"] for language in product["words"])
    made = compiled(data, shop_id=shop["shop_id"], language=language, compiler="")
    return Edition.from_bytes(made, source=source_id(data), compiler="", language=language)


@pytest.mark.parametrize("name", SHOPS)
def test_the_example_is_the_first_thing_of_the_shop_and_is_understood(name: str) -> None:
    edition, shop = _edition(SHOPS[name]), json.loads(SHOPS[name])
    assert edition.examples.keys() <= LEXICONS.keys()
    for language, example in edition.examples.items():
        first = next(product["id"] for product in shop["products"] if language in product["words"])
        meaning = understand(edition.parser(language), edition.catalogue, "order", example, example)
        assert isinstance(meaning, OrderAsked), example
        assert [(line.product_id, line.quantity) for line in meaning.basket.lines] == [(first, 2)]


@pytest.mark.parametrize("language", ["en", "pl"])
def test_help_offers_what_is_sold_here(language: str) -> None:
    examples = _edition(SHOPS["hardware"]).examples
    hears = Hears("okay nabu", language, examples)
    assert examples == {"en": "two Cancels", "pl": "dwa pudełka śrub"}
    for key in (key for key, reply in REPLIES[language].items() if "{example}" in reply):
        said = render(Say(key), language, "PLN", hears)
        assert examples[language] in said
        assert fixed_replies(hears)[key] == said


def test_no_reply_names_a_product_of_its_own() -> None:
    products = json.loads(SHOPS["corner shop"])["products"]
    sold = {words["say"].lower() for product in products for words in product["words"].values()}
    for replies in REPLIES.values():
        for reply in replies.values():
            assert not [name for name in sold if f" {name}" in reply.lower()], reply
