"""The steps of the dialogue table after the consent: on disk or not, and what the shop answers."""

from __future__ import annotations

from agent.deciding.conversation import AwaitReceipt, Committing, Idle, Outcome, Record, Say
from agent.deciding.placed import Committed, JournalMended, NotCommitted, ReceiptArrived, ReceiptLate
from agent.deciding.surroundings import Surroundings


def committed(state: Committing, event: Committed, _: Surroundings) -> Outcome:
    """On disk: the receipt is awaited, or it is said that there is no way to the shop."""
    if event.online:
        return state, (AwaitReceipt(),)
    return Idle(), (Say("queued", basket=state.basket),)


def not_committed(state: Committing, event: NotCommitted, _: Surroundings) -> Outcome:
    """Nothing was written, and nothing is promised."""
    said = Say(event.code, basket=state.basket)
    return Idle(), (said, Record(event.code, state.basket, state.speaker.person))


def receipt(state: Committing, event: ReceiptArrived, _: Surroundings) -> Outcome:
    """The shop's answer to the order in hand."""
    key = f"shop_{event.code}" if event.code else "ordered"
    return Idle(), (
        Say(
            key,
            basket=state.basket,
            delivery=event.delivery,
            title=event.title,
            could=event.could,
            instead=event.instead,
        ),
    )


def announcement(_: Idle, event: ReceiptArrived, __: Surroundings) -> Outcome:
    """The shop's answer to an earlier one."""
    key = f"shop_{event.code}" if event.code else "announce_ordered"
    said = Say(key, delivery=event.delivery, title=event.title, could=event.could, instead=event.instead)
    return Idle(), (said,)


def mended(_: Idle, __: JournalMended, ___: Surroundings) -> Outcome:
    """Better asked about than ordered twice."""
    return Idle(), (Say("shop_forgotten"),)


def late(state: Committing, _: ReceiptLate, __: Surroundings) -> Outcome:
    """Nobody is kept waiting for the receipt; it is told when it comes."""
    return Idle(), (Say("queued", basket=state.basket),)
