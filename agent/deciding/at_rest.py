"""The steps of the dialogue table while nothing is talked about, beside an order."""

from __future__ import annotations

from agent.deciding.basket import Basket
from agent.deciding.conversation import (
    Answered,
    Confused,
    Helped,
    Idle,
    Outcome,
    Proposed,
    Record,
    Say,
    SensorsSilent,
)
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import TYPED


def proposed(_: Idle, event: Proposed, __: Surroundings) -> Outcome:
    """It is said, and that is all: what a sensor says opens neither a question nor the microphone, and no
    more does a list that was to be remembered."""
    say = Say("list_due", basket=event.basket)
    if event.place:
        say = Say("proposal", basket=event.basket, places=(event.place,), level=event.level)
    return end(say, "proposed", event.basket)


def sensors_silent(_: Idle, event: SensorsSilent, __: Surroundings) -> Outcome:
    """Likewise."""
    return Idle(), (event.say, Record("sensor_silent", title=", ".join(event.places)))


def answered(_: Idle, event: Answered, around: Surroundings) -> Outcome:
    """`till` turns consent by a known voice to what was proposed into `OrderHeard`; this is all the rest."""
    kind, speaker, basket = event.answer.kind, event.speaker, around.proposed
    if basket is None or speaker == TYPED:
        return Idle(), (Say("fine" if kind in ("denial", "later") else "nothing_to_confirm"),)
    if kind == "denial":
        return end(Say("proposal_declined"), "proposal_declined", basket, speaker.person)
    if kind == "later":
        return end(Say("proposal_postponed"), "proposal_postponed", basket, speaker.person)
    if not speaker.person:
        return end(Say(f"refused_{speaker.reason}"), f"refused_{speaker.reason}", basket)
    return Idle(), (Say("nothing_to_confirm"),)


def confused(state: Idle, event: Confused, __: Surroundings) -> Outcome:
    """What can be said is named."""
    return Idle(state.failures + 1), (Say(event.room or "not_understood"), Record("not_understood"))


def helped(_: Idle, __: Helped, ___: Surroundings) -> Outcome:
    """Likewise, to whoever asks."""
    return Idle(), (Say("help"),)


def end(say: Say, code: str, basket: Basket | None, person: str = "") -> Outcome:
    """Says it and writes `code` down: nothing is asked any more."""
    return Idle(), (say, Record(code, basket, person))
