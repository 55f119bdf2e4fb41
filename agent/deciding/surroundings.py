"""What the dialogue table decides by, beside state and event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.deciding.basket import Basket
from agent.deciding.conversation import Say, State
from agent.deciding.policy import Circumstances
from agent.deciding.rules import ONLY_LIMITS, House, Person
from agent.deciding.ways import Way
from agent.plumbing.settings import Policy


def _never(_: Say, __: State) -> bool:
    return False


@dataclass(frozen=True)
class Surroundings:
    """As they are when the event comes."""

    policy: Policy
    circumstances: Circumstances
    proposed: Basket | None = None  # what was proposed aloud and awaits an answer
    offers: bool = False  # whether the shop can be asked for an offer before anything is read back
    house: House = ONLY_LIMITS  # for what is typed by nobody, too: a voice has to take it over
    second: Person | None = None  # who confirms what somebody else has ordered
    much: Mapping[str, int] = field(default_factory=dict)  # above so many of a product it is asked about once
    delivery: str = ""  # the day (ISO 8601) on which the shop says that it comes; '' where it has not said
    delivery_stands: bool = True  # whether what was read back of that is still so
    ways: tuple[Way, ...] = ()  # to order otherwise, for whose order it is, or for who is not known
    chance: bytes = b""  # drawn for this step alone; b"" where no words may be asked for
    too_long: Callable[[Say, State], bool] = _never  # whether that, said with this state after it, is
