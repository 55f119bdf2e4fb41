"""A reply as it stands on the screen of whoever types."""

from __future__ import annotations

from dataclasses import replace

from agent.deciding.conversation import Say
from agent.deciding.replies import render
from agent.deciding.replies_typed import as_shown
from agent.till.desk import Desk
from agent.till.details_added import added
from agent.till.screen_number import AT_THE_KEYPAD, ScreenNumber
from agent.till.tongue import titled


def on_screen(desk: Desk, say: Say, language: str, number: ScreenNumber, *, by_pin: bool) -> str:
    """`say` in words for it, about the same baskets as of `titled`. `number` has the digits that go before a
    PIN; `by_pin`: whoever types confirms with one, or on a phone. Of other ways only a person at the shop is
    one for who types already."""
    digits, key = "", AT_THE_KEYPAD.get(say.key)
    if key is not None and say.basket is not None and desk.settings.touch.keypad_device:
        digits = number.of(say.basket.digest)
    else:
        key = as_shown(say.key, by_pin=by_pin)
    basket, other = (one and titled(desk, one, language) for one in (say.basket, say.other))
    keys = [key, "typed_way_person"] if "person" in say.ways else [key]
    says = [replace(say, key=each, basket=basket, other=other, ways=()) for each in keys]
    more, currency = added(desk, says[0], language), desk.catalogue.currency
    return " ".join(render(each, language, currency, desk.hears, text=digits, added=more) for each in says)
