"""The list in one sentence by voice: instead of ordering now, and emptied only where that is really meant."""

from __future__ import annotations

import pytest

from agent.till.shopping_list import ShoppingList
from tests.till.kit import BERT, Till

ORDER = "order two bags of coffee"
CLEAR, YES = "clear the list", "yes clear the list"


def listed(till: Till) -> dict[str, int]:
    return {entry.sku: entry.quantity for entry in ShoppingList(till.desk).entries()}


def test_what_is_put_on_the_list_instead_is_ordered_by_no_later_yes(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.wake_and_say("add it to the list and order it on friday")
    assert listed(till) == {"coffee?roast=medium": 2}
    assert till.listening is None and till.said.endswith("All right, later. Nothing is ordered.")
    till.wake_and_say("yes place my order")
    assert till.desk.journal.orders() == []
    assert ShoppingList(till.desk).reminds_at() is not None


def test_what_one_put_there_is_not_said_again_to_another(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.wake_and_say("put it on the list")
    till.wake_and_say("say that again", BERT)
    assert till.said == "That I say only to whoever asks for it. Ask me again."


def test_with_nothing_in_hand_and_nothing_asked_about_nothing_is_put_there(till: Till) -> None:
    till.wake_and_say("add it to the list")
    assert listed(till) == {} and till.said.startswith("What should be on the list?")


def test_a_stranger_neither_puts_it_there_nor_ends_the_order(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.wake_and_say("add it to the list", BERT)
    assert listed(till) == {}
    till.answer("yes place my order")
    assert len(till.desk.journal.orders()) == 1


def test_the_list_is_emptied_by_the_voice_that_asked_and_says_so(till: Till) -> None:
    till.wake_and_say("add a bag of rice to the list")
    till.wake_and_say(CLEAR)
    assert listed(till) == {"rice": 1} and till.listening is not None
    till.answer(YES, open_words=YES)
    assert listed(till) == {} and till.said == "The list is empty now. On it was: one bag of rice."


@pytest.mark.parametrize(
    ("answer", "heard", "by"),
    [
        (YES, YES, BERT),
        ("no", "no", None),
        (YES, "no do not clear the list", None),
        ("", "what was that", None),
    ],
)
def test_nothing_else_empties_it(till: Till, answer: str, heard: str, by: tuple[float, ...] | None) -> None:
    till.wake_and_say("add a bag of rice to the list")
    till.wake_and_say(CLEAR)
    till.answer(answer, *([by] if by else []), open_words=heard)
    assert listed(till) == {"rice": 1}


def test_another_order_drops_the_question_and_a_yes_to_it_is_none(till: Till) -> None:
    till.wake_and_say("add a bag of rice to the list")
    till.wake_and_say(CLEAR)
    till.wake_and_say(ORDER)
    till.answer(YES, open_words=YES)
    assert listed(till) == {"rice": 1}


def test_a_stranger_is_not_even_asked(till: Till) -> None:
    till.wake_and_say("add a bag of rice to the list")
    till.wake_and_say(CLEAR, BERT)
    assert till.listening is None and listed(till) == {"rice": 1}


def test_what_was_put_there_after_the_question_stays(till: Till) -> None:
    shopping = ShoppingList(till.desk)
    till.wake_and_say("add a bag of rice to the list")
    till.wake_and_say(CLEAR)
    shopping.add([till.desk.catalogue.line("butter", {}, 1, "en")], "")
    till.answer(YES)
    assert listed(till) == {"butter": 1} and till.said == "Off the list: one bag of rice."
    till.wake_and_say(CLEAR)
    shopping.take_off(shopping.entries())
    shopping.add([till.desk.catalogue.line("rice", {}, 1, "en")], "")
    till.answer(YES)
    assert listed(till) == {"rice": 1} and till.said.startswith("The list: one bag of rice")
