"""What is said and written when an order was signed, or could not be, and when the shop has answered: all of
it."""

from __future__ import annotations

import pytest

from agent.deciding.conversation import AwaitReceipt, Committing, Idle, Record, Say, State
from agent.deciding.dialogue import step
from agent.deciding.money import Money
from agent.deciding.placed import Committed, JournalMended, NotCommitted, ReceiptArrived, ReceiptLate
from agent.deciding.policy import Circumstances
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import Verdict
from agent.plumbing.settings import Policy
from scripts.dialogue_values import COFFEE

CALM = Surroundings(Policy(), Circumstances(Money(0, "PLN")))
SIGNED = Committing(COFFEE, Verdict("p-anna"))


@pytest.mark.parametrize(
    ("state", "code", "key"),
    [
        (SIGNED, "", "ordered"),
        (SIGNED, "unavailable_part", "shop_unavailable_part"),
        (Idle(), "", "announce_ordered"),
        (Idle(), "unavailable_part", "shop_unavailable_part"),
    ],
)
def test_a_receipt_is_told_with_all_that_it_says(state: State, code: str, key: str) -> None:
    receipt = ReceiptArrived("two bags", code, delivery="2026-11-24", could="one bag")
    after, effects = step(state, receipt, CALM)
    basket = COFFEE if state == SIGNED else None
    assert after == Idle()
    assert effects == (Say(key, basket=basket, delivery="2026-11-24", title="two bags", could="one bag"),)


def test_an_order_on_disk_waits_for_its_receipt_or_is_called_queued() -> None:
    assert step(SIGNED, Committed(online=True), CALM) == (SIGNED, (AwaitReceipt(),))
    queued = (Idle(), (Say("queued", basket=COFFEE),))
    assert step(SIGNED, Committed(online=False), CALM) == queued
    assert step(SIGNED, ReceiptLate(), CALM) == queued


def test_what_could_not_be_written_is_said_and_noted_as_of_who_ordered() -> None:
    after, effects = step(SIGNED, NotCommitted("journal_full"), CALM)
    assert after == Idle()
    assert effects == (Say("journal_full", basket=COFFEE), Record("journal_full", COFFEE, "p-anna"))


def test_a_mended_journal_is_told() -> None:
    assert step(Idle(), JournalMended(), CALM) == (Idle(), (Say("shop_forgotten"),))
