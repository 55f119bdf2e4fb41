"""What is asked for aloud, as it is asked for where badges also begin and end shifts."""

from __future__ import annotations

from collections.abc import Mapping

from agent.deciding.conversation import AwaitingFactor, State
from agent.till.desk import Desk

PRESSED: Mapping[str, str] = {
    "read_back_factor": "read_back_factor_pressed",
    "factor_needed": "factor_needed_pressed",
}
"""Of who is on: a key of the device first, then the badge."""

NOT_ON: Mapping[str, str] = {
    "read_back_factor": "read_back_factor_not_on",
    "factor_needed": "factor_needed_not_on",
}
"""Of who is not: a badge would begin a shift, and take back what is open."""

OTHERS: Mapping[str, str] = {
    "read_back_second": "read_back_second_on_shift",
    "second_needed": "second_needed_on_shift",
    "second_wrong": "second_wrong_on_shift",
}
"""Of anybody else: no badge agrees to anything, but that of who is on. Here that is whoever ordered, nobody,
or somebody who has no key to press first."""

OTHERS_OR_ON: Mapping[str, str] = {
    "read_back_second": "read_back_second_or_on",
    "second_needed": "second_needed_or_on",
    "second_wrong": "second_wrong_or_on",
}
"""The same where somebody else is on, who may have nothing but a badge."""


def key_on_shift(key: str, state: State, desk: Desk) -> str:
    """The reply for `key`, about what is awaited in `state`."""
    if not (desk.shifts.used and isinstance(state, AwaitingFactor)):
        return key
    on, can_press = desk.shifts.on, desk.settings.touch.can_press
    if state.wants == "second":
        other_is_on = on is not None and on.person != state.speaker.person
        return (OTHERS_OR_ON if other_is_on and can_press else OTHERS).get(key, key)
    if on is None or on.person != state.speaker.person:
        return NOT_ON.get(key, key)
    return PRESSED.get(key, key) if can_press else key
