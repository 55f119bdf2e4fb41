"""What the cases of `dialogue_cases.py` are made of, and tests with them: baskets, limits, surroundings."""

from __future__ import annotations

from dataclasses import dataclass

from agent.deciding import conversation as talk
from agent.deciding.basket import Basket, Line, Offer
from agent.deciding.challenge_words import LEAST_CHANCE_BYTES, drawn
from agent.deciding.details import Facts
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.rules import ONLY_LIMITS, House, Person, Requirement, Rule
from agent.deciding.understanding import Answer
from agent.deciding.verification import Reason, Verdict
from agent.deciding.ways import Way
from agent.plumbing.settings import Policy

POLICY = Policy()
ZERO = Money(0, "PLN")
ANNA = Verdict("anna")
COFFEE = Basket((Line("coffee", "coffee", (), "coffee", 2, "bag", Money(100, "PLN")),), 1)
TEA = Basket((Line("tea", "tea", (), "tea", 2, "box", Money(100, "PLN")),), 1)
BOTH = Basket((*COFFEE.lines, *TEA.lines), 1)
MANY = Basket((Line("salt", "salt", (), "salt", POLICY.largest_quantity + 1, "bag", Money(0, "PLN")),), 1)
DEAR = Basket(
    (Line("safe", "safe", (), "safe", 1, "piece", Money(POLICY.voice_order_max_minor + 1, "PLN")),), 1
)
DEAR_COFFEE = COFFEE.at([Money(POLICY.voice_order_max_minor, "PLN")])
OFFER = Offer("", "", 0, COFFEE)
CALM = Circumstances(ZERO)
SPENT = Circumstances(Money(POLICY.voice_day_max_minor, "PLN"))
SPENT_WITH_PIN = Circumstances(SPENT.spent, factor_ready=True)
SPENT_BY_OTHERS = Circumstances(ZERO, spent_by_voice=Money(POLICY.voice_day_max_minor, "PLN"))
QUEUED = Circumstances(ZERO, queued_same=True)
NO_CLOCK = Circumstances(ZERO, clock_trusted=False)
WITH_PIN = Circumstances(ZERO, factor_ready=True)
WITH_PIN_THERE = Circumstances(ZERO, factor_ready=True, pin_ready=True)
WITH_PHONE = Circumstances(ZERO, phone_ready=True)
WITH_OTHERS = Circumstances(ZERO, second_ready=True)
CONSENT = Answer("consent")
CHANCE = bytes(LEAST_CHANCE_BYTES)
WORDS = drawn(CHANCE, COFFEE.digest)
OTHER_WORDS = WORDS[::-1]
FEW_COFFEES = House(facts={"coffee": Facts(most=1)})


def ruled(require: Requirement) -> House:
    """One whose only rule is about everything."""
    return House((Rule("r", require),), Person("Anna"))


@dataclass(frozen=True)
class Case:
    """One thing that may happen, in words and as values."""

    when: str
    event: talk.Event
    circumstances: Circumstances = CALM
    proposed: Basket | None = None  # by a sensor; counts in Idle only
    offers: bool = False  # whether the shop is asked for offers
    only_in: tuple[type[talk.State], ...] = ()  # where it is told apart; nothing: everywhere
    house: House = ONLY_LIMITS
    sentence_asked: bool = False  # after a bare yes
    chance: bytes = CHANCE
    ways: tuple[Way, ...] = ("chat", "person")  # that are ready


def nobody(reason: Reason) -> Verdict:
    """A voice that is none's, for that reason."""
    return Verdict(reason=reason)
