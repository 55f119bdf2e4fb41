"""What is told to `till` by what stands around the device: sensors, and whatever is touched."""

from __future__ import annotations

from typing import Annotated

import msgspec

from agent.plumbing.messages import Count, ErrorCode, Message

# sensors -> till


class Proposal(Message, frozen=True):
    """What the rule of one sensor says: it has run low (`wanted`), or is full enough again. It authorises
    nothing, and names a sensor of the settings only: what would be ordered stands there, not here. `level`
    is how full it is, 0 to 1.
    """

    sensor: Annotated[str, msgspec.Meta(max_length=64)]
    level: Annotated[float, msgspec.Meta(ge=0, le=1)]
    wanted: bool


class SensorState(Message, frozen=True):
    """How one sensor is heard; only the newest counts, and it authorises nothing.

    `age_s` is how long ago its newest good reading came, by a clock that nobody sets; None before the first
    since `sensors` started. `refused` counts by error code what was no reading since then. `bus_fault` is why
    the site's broker is away, '' while it is not.
    """

    sensor: Annotated[str, msgspec.Meta(max_length=64)]
    age_s: Annotated[int, msgspec.Meta(ge=0, le=1 << 32)] | None
    level: Annotated[float, msgspec.Meta(ge=0, le=1)] | None
    refused: Annotated[dict[ErrorCode, Count], msgspec.Meta(max_length=16)]
    bus_fault: ErrorCode = ""


# touch -> till


class PinTyped(Message, frozen=True):
    """Digits that somebody ended with Enter on the keypad. Never logged, never kept."""

    number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4,20}$")]


class BadgeRead(Message, frozen=True):
    """The number of a badge that was held to the reader."""

    number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6,20}$")]


class ButtonPressed(Message, frozen=True):
    """Push-to-talk: somebody wants to speak without the wake word."""


class EnterPressed(Message, frozen=True):
    """Enter on the keypad, with no number before it: somebody stands there."""


SensorsToTill = Proposal | SensorState
TouchToTill = PinTyped | BadgeRead | ButtonPressed | EnterPressed
