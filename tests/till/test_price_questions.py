"""A price is told to whoever types the question, and changes nothing."""

from __future__ import annotations

from pathlib import Path

from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import make_till


def test_a_price_is_told_while_a_basket_waits_which_stays_what_it_was(tmp_path: Path) -> None:
    till, replies = make_till(make_bench(tmp_path), tmp_path), list[str]()
    till.typed = TypedDialogue(till.desk, "en", replies.append, till.what_is_low)
    till.typed.typed("how much are two bags of coffee?")
    till.typed.typed("order a bag of rice")
    decided = till.decided
    till.typed.typed("what do two bags of coffee cost?")
    told, _, again = replies
    assert told == again
    assert told.startswith("Two bags of medium roast coffee: thirty-eight zloty in total.")
    assert till.decided == decided
    till.wake_and_say("okay nabu yes place my order")
    assert till.said.startswith("One bag of rice")


def test_it_is_told_in_the_language_of_the_question(tmp_path: Path) -> None:
    till, replies = make_till(make_bench(tmp_path), tmp_path), list[str]()
    till.typed = TypedDialogue(till.desk, "pl", replies.append, till.what_is_low)
    till.typed.typed("ile kosztują dwie paczki kawy?")
    assert replies[0].startswith("Za dwie paczki średnio palonej kawy zapłacisz trzydzieści osiem złotych.")
