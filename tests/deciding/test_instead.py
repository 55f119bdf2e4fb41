"""What the details add to an answer: no more than stands there, and nothing that is not to be had."""

from __future__ import annotations

import pytest

from agent.deciding.basket import Basket
from agent.deciding.date_words import date_in_words
from agent.deciding.details import Facts, Pack, Promotion
from agent.deciding.knowing import Known
from agent.deciding.packs import pack_in_words
from agent.deciding.substituting import instead_of, substitutes
from agent.deciding.telling import delivery_in_words, stock_in_words
from agent.plumbing.told import Told, ToldLine
from tests.deciding.test_questions import EDITION

SHOP = EDITION.catalogue
FACTS = {
    "rice": Facts(substitutes=("pasta", "tomatoes"), pack=Pack(1000, "g")),
    "green-tea": Facts(substitutes=("black-tea",)),
    "coffee": Facts(substitutes=("quinoa", "espresso-beans")),
    "batteries": Facts(pack=Pack(4, "piece")),
}


def _basket(*counts: tuple[str, int]) -> Basket:
    return Basket(tuple(SHOP.line(product, {}, count, "en") for product, count in counts), 1)


def _instead(told: Told, basket: Basket) -> str:
    return stock_in_words(
        told, basket, "en", lambda lines, is_there: instead_of(lines, FACTS, SHOP, "en", is_there)
    )


@pytest.mark.parametrize(
    ("gone", "named"), [((), "two packs of pasta"), (("pasta",), "two cans of chopped tomatoes")]
)
def test_of_what_could_be_had_instead_the_first_that_is_there_is_named(
    gone: tuple[str, ...], named: str
) -> None:
    counts = {"rice": 0, "pasta": None, "tomatoes": 2} | dict.fromkeys(gone, 1)
    told = Told(kind="stock", lines=tuple(ToldLine(sku, left=left) for sku, left in counts.items()))
    said = _instead(told, _basket(("rice", 2)))
    assert said.startswith(f"Out of stock: two bags of rice. Would {named} do, for ")
    assert said.endswith(f"To order it, say or type: order {named}.")


def test_what_the_shop_did_not_say_is_there_is_not_named() -> None:
    told = Told(kind="stock", lines=(ToldLine("rice", left=0), ToldLine("pasta", left=1)))
    assert _instead(told, _basket(("rice", 2))) == "Out of stock: two bags of rice."


@pytest.mark.parametrize("left", [1, 2, None])
def test_nothing_is_named_instead_of_what_there_is_some_of(left: int | None) -> None:
    told = Told(kind="stock", lines=(ToldLine("rice", left=left), ToldLine("pasta")))
    assert "Would" not in _instead(told, _basket(("rice", 2)))


def test_what_is_not_sold_is_not_named() -> None:
    [line] = _basket(("coffee", 1)).lines
    assert [other.product_id for other in substitutes(line, FACTS, SHOP, "en")] == ["espresso-beans"]
    assert instead_of(_basket(("butter", 1)).lines, FACTS, SHOP, "en") == ""
    assert instead_of(_basket(("rice", 1)).lines, FACTS, SHOP, "ko") == ""


def test_what_two_things_have_instead_is_named_once() -> None:
    facts = {"rice": Facts(substitutes=("pasta",)), "tomatoes": Facts(substitutes=("pasta",))}
    said = instead_of(_basket(("rice", 1), ("tomatoes", 1)).lines, facts, SHOP, "en")
    assert said.count("one pack of pasta") == 2  # in the question and in the sentence to be said


def test_it_is_named_where_it_would_come_too_late_for_being_gone() -> None:
    told = Told(
        kind="delivery", delivery_date="2026-12-01", lines=(ToldLine("rice", left=0), ToldLine("pasta"))
    )
    said = delivery_in_words(
        told,
        _basket(("rice", 1)),
        "en",
        lambda lines, is_there: instead_of(lines, FACTS, SHOP, "en", is_there),
    )
    assert "Would one pack of pasta do" in said and "there on" not in said


@pytest.mark.parametrize(
    ("pack", "language", "said"),
    [
        (Pack(250, "g"), "en", "two hundred and fifty grams"),
        (Pack(1000, "g"), "en", "one kilogram"),
        (Pack(1500, "ml"), "en", "one thousand five hundred millilitres"),
        (Pack(100, "piece"), "en", "one hundred pieces"),
        (Pack(1000, "piece"), "en", "one thousand pieces"),
        (Pack(2000, "ml"), "pl", "dwa litry"),
        (Pack(250, "g"), "pl", "dwieście pięćdziesiąt gramów"),
        (Pack(4, "piece"), "pl", "cztery sztuki"),
        (Pack(50_000, "mm"), "pl", "pięćdziesiąt metrów"),
        (Pack(1, "piece"), "en", ""),
        (Pack(250, "g"), "ko", ""),
        (None, "en", ""),
    ],
)
def test_what_is_in_a_pack_is_said_in_the_measure_that_people_use(
    pack: Pack | None, language: str, said: str
) -> None:
    assert pack_in_words(pack, language) == said


def test_of_a_long_list_no_more_is_looked_at_or_said_than_somebody_listens_to() -> None:
    """What is longer than a message between processes would end the till."""
    many = ("pasta", "tomatoes", "rice") * 20_000
    names = tuple(f"machine {number}" for number in range(20_000))
    facts = {"rice": Facts(goes_with=many, fits=names, substitutes=("quinoa", *many))}
    known, basket = Known(SHOP, facts, "en"), _basket(("rice", 1))
    assert known.goes_with(basket).count("pasta") == 4
    assert known.fits(basket, "").endswith("machine 8 and machine 9.")
    assert "machine 9, and not machine 20000." in known.fits(basket, "machine 20000")
    assert known.fits(basket, "machine 19999").startswith("Yes, that fits machine 19999")
    assert len(list(substitutes(basket.lines[0], facts, SHOP, "en"))) < 20


def test_how_much_is_in_a_pack_is_told_of_one() -> None:
    known = Known(SHOP, FACTS, "en")
    assert known.pack(_basket(("rice", 2))) == "One bag of rice holds one kilogram."
    assert known.pack(_basket(("butter", 1))).startswith("The shop's details do not say that")


def test_a_read_back_tells_only_what_is_counted_in_a_pack() -> None:
    known = Known(SHOP, FACTS, "en")
    assert known.packs(_basket(("batteries", 1))) == "It holds four pieces."
    assert known.packs(_basket(("batteries", 2))) == "Each holds four pieces."
    for basket in (_basket(("rice", 1)), _basket(("butter", 1)), _basket(("batteries", 1), ("rice", 1))):
        assert known.packs(basket) == ""


@pytest.mark.parametrize(
    ("until", "today", "told"),
    [(None, "2026-11-28", True), ("2026-11-28", "2026-11-28", True), ("2026-11-27", "2026-11-28", False)],
)
def test_an_offer_is_told_with_the_price_to_its_last_day(until: str | None, today: str, told: bool) -> None:
    facts = {"rice": Facts(promotion=Promotion({"en": "half the price"}, until))}
    said = Known(SHOP, facts, "en").more(_basket(("rice", 1)), today)
    assert said == ("On offer: half the price." if told else "")
    assert Known(SHOP, facts, "pl").more(_basket(("rice", 1)), today) == ""


def test_a_day_is_said_as_it_is_read_out() -> None:
    assert date_in_words("2026-11-17", "en") == "17 November"
    assert date_in_words("2026-01-31", "pl") == "trzydziestego pierwszego stycznia"
    assert [date_in_words(text, "pl") for text in ("", "soon")] == ["", "soon"]
