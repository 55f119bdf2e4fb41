"""The other ways to an order that are really there, for whoever a first way has failed: no reply names one
that this person does not have.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, get_args

import msgspec

Way = Literal["badge", "pin", "phone", "chat", "person"]
"""A badge that is held up, a PIN at the keypad, the approval on a phone, an order that is typed and confirmed
by one of these, and a person at the shop. In the order in which they are offered: the shortest first."""

WAYS: tuple[Way, ...] = get_args(Way)


class Ready(msgspec.Struct, frozen=True):
    """What somebody has and the device can take now; of nobody in particular, what anybody has that helps
    where the device does not know who speaks.

    `phone_afar`: the phone is reached by the shop; without that its code is typed on the keypad
    (`phone_here`). `typed`: what is typed in their name can be confirmed by a PIN. `locked`: after too many
    wrong ones no number and no badge is taken for a while. `shop`: it can be asked now."""

    badge: bool = False
    pin: bool = False
    phone_afar: bool = False
    phone_here: bool = False
    typed: bool = False
    locked: bool = False
    shop: bool = False


NOTHING = Ready()


def other_ways(ready: Ready, failed: Collection[Way] = ()) -> tuple[Way, ...]:
    """Those that would be taken now, without the `failed`. Where no other is left, none: then the next step
    is a command, or to wait."""
    return tuple(way for way in _ways(ready) if way not in failed)


def _ways(ready: Ready) -> Iterator[Way]:
    if ready.badge and not ready.locked:
        yield "badge"
    if ready.pin and not ready.locked:
        yield "pin"
    phone = ready.phone_afar or (ready.phone_here and not ready.locked)
    if phone:
        yield "phone"
    if phone or (ready.typed and not ready.locked):
        yield "chat"
    if ready.shop:
        yield "person"
