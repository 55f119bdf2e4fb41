"""The steps of the dialogue table for what is said while something is asked and answers nothing: the question
stands."""

from __future__ import annotations

from agent.deciding.asking import ask_again
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import (
    AskingAnother,
    AwaitingFactor,
    Choosing,
    Confirming,
    Confused,
    Effect,
    Helped,
    OrderHeard,
    Record,
    Repeated,
    Say,
    State,
    Surroundings,
)
from agent.deciding.step_up import unclear as factor_unclear
from agent.deciding.verification import TYPED

Outcome = tuple[State, tuple[Effect, ...]]


def helped(
    state: Confirming | AskingAnother | Choosing | AwaitingFactor, _: Helped, __: Surroundings
) -> Outcome:
    """Says what may be said now, and asks again as if nothing had been said."""
    match state:
        case Choosing(choice):
            return state, (Say("help_which", CHOICE, choice.first, choice.second),)
        case AwaitingFactor(wants=wants):
            key = f"read_back_{wants}"
        case _:
            key = "help_another" if isinstance(state, AskingAnother) else "help_confirming"
    return state, (Say(key, "consent", state.basket),)


def repeated(
    state: Confirming | AskingAnother | Choosing | AwaitingFactor, _: Repeated, __: Surroundings
) -> Outcome:
    """The same question about the same basket, as if nothing had been said."""
    match state:
        case Choosing(choice):
            return state, (Say("which", CHOICE, choice.first, choice.second),)
        case Confirming():
            key = "read_back_typed" if state.speaker == TYPED else "read_back"
        case AskingAnother():
            key = "another"
        case _:
            key = f"read_back_{state.wants}"
    return state, (Say(key, "consent", state.basket),)


def kept(
    state: Confirming | AskingAnother | AwaitingFactor, event: OrderHeard, around: Surroundings
) -> Outcome:
    """Somebody else orders: first the question that is open, whose tries this counts among, so that nobody
    can hold it open."""
    put_off = Record("order_open", event.basket, event.speaker.person)
    if isinstance(state, AwaitingFactor):
        after, effects = factor_unclear(state, Confused(), around)
    else:
        after, effects = ask_again(state, "order_open", "nothing_ordered")
    return after, (put_off, *effects)
