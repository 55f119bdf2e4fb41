"""The steps of the dialogue table for what is said while something is asked and answers nothing: the question
stands."""

from __future__ import annotations

from agent.deciding.asking import ask_again
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import (
    AskingAnother,
    AwaitingFactor,
    Choosing,
    Committing,
    Confirming,
    Helped,
    Idle,
    OrderHeard,
    Outcome,
    Record,
    Repeated,
    Say,
)
from agent.deciding.inquired import Inquired, Tell
from agent.deciding.offered import AwaitingOffer
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import TYPED


def helped(
    state: Confirming | AskingAnother | Choosing | AwaitingFactor, _: Helped, __: Surroundings
) -> Outcome:
    """Says what may be said now, and asks again as if nothing had been said."""
    match state:
        case Choosing(question=question):
            return _asked_as_before(state, "help_which" if question == "which" else question)
        case AwaitingFactor(wants=wants):
            return _asked_as_before(state, f"read_back_{wants}")
        case AskingAnother(why=why):
            return _asked_as_before(state, f"help_{why}")
    return _asked_as_before(state, "help_confirming")


def repeated(
    state: Confirming | AskingAnother | Choosing | AwaitingFactor, _: Repeated, __: Surroundings
) -> Outcome:
    """The same question about the same basket, as if nothing had been said."""
    match state:
        case Choosing(question=question):
            return _asked_as_before(state, question)
        case AwaitingFactor(wants=wants):
            return _asked_as_before(state, f"read_back_{wants}")
        case AskingAnother(why=why):
            return _asked_as_before(state, why)
    return _asked_as_before(state, "read_back_typed" if state.speaker == TYPED else "read_back")


def told(state: Idle | AwaitingOffer | Committing, event: Inquired, _: Surroundings) -> Outcome:
    """The answer alone: nothing is asked."""
    return state, (Tell(event.answer),)


def asked(
    state: Confirming | AskingAnother | Choosing | AwaitingFactor, event: Inquired, around: Surroundings
) -> Outcome:
    """The answer, and then what is still asked."""
    after, effects = repeated(state, Repeated(), around)
    return after, (Tell(event.answer), *effects)


def _asked_as_before(state: Confirming | AskingAnother | Choosing | AwaitingFactor, key: str) -> Outcome:
    if isinstance(state, Choosing):
        return state, (Say(key, CHOICE, *state.choice),)
    return state, (Say(key, "consent", state.basket),)


def kept(state: Confirming | AskingAnother | AwaitingFactor, event: OrderHeard, _: Surroundings) -> Outcome:
    """Somebody else orders: first the question that is open, whose tries this counts among, so that nobody
    can hold it open."""
    put_off = Record("order_open", event.basket, event.speaker.person)
    key = f"{state.wants}_needed" if isinstance(state, AwaitingFactor) else "order_open"
    after, effects = ask_again(state, key)
    return after, (put_off, *effects)
