"""The steps of the dialogue table when somebody says that it went wrong: whatever is open ends, and nothing
is ordered."""

from __future__ import annotations

from agent.deciding.conversation import Asking, AskingAnother, Choosing, Idle, Outcome, Record, Say
from agent.deciding.feedback_given import WasWrong
from agent.deciding.offered import AwaitingOffer
from agent.deciding.surroundings import Surroundings


def afterwards(_: Idle, event: WasWrong, __: Surroundings) -> Outcome:
    """Nothing is open; what is ordered stays ordered."""
    return Idle(), (Say("wrong_noted" if event.noted else "wrong_lost"), Record("was_wrong"))


def meanwhile(state: Asking | AwaitingOffer, event: WasWrong, _: Surroundings) -> Outcome:
    """By anybody, as a denial."""
    basket = state.choice.first if isinstance(state, Choosing) else state.basket
    key = "wrong_noted" if event.noted else "wrong_lost"
    if not (isinstance(state, AskingAnother) and state.why == "another"):  # then one is queued already
        key = f"{key}_open"
    return Idle(), (Say(key), Record("was_wrong", basket, state.speaker.person))
