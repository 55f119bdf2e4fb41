"""The rules of each tier at their edges: what is just allowed, what is just too much, and what is said of
it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from agent.deciding.basket import Basket, Line
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances, Decision, Tier, decide
from agent.plumbing.settings import Policy

POLICY = Policy(
    voice_order_max_minor=1_000,
    voice_day_max_minor=1_500,
    factor_order_max_minor=3_000,
    factor_day_max_minor=4_500,
    largest_quantity=4,
    most_lines=3,
)
CALM = Circumstances(Money(0, "PLN"))


def basket(*prices: int, quantity: int = 1) -> Basket:
    """One line for each price, of `quantity` each."""
    lines = (
        Line(f"p{at}", f"p{at}", (), f"p{at}", quantity, "bag", Money(price, "PLN"))
        for at, price in enumerate(prices)
    )
    return Basket(tuple(lines), 1)


def spent(minor: int, by_voice: int | None = None) -> Circumstances:
    return Circumstances(
        Money(minor, "PLN"), spent_by_voice=None if by_voice is None else Money(by_voice, "PLN")
    )


@pytest.mark.parametrize(
    ("tier", "allowed", "too_much", "decision"),
    [
        ("voice", basket(1_000), basket(1_001), Decision("order_over_limit", 1_000)),
        ("factor", basket(3_000), basket(3_001), Decision("order_over_limit", 3_000)),
        ("voice", basket(1, quantity=4), basket(1, quantity=5), Decision("quantity_too_large", 4)),
        ("factor", basket(1, quantity=4), basket(1, quantity=5), Decision("quantity_too_large", 4)),
        ("voice", basket(1, 1, 1), basket(1, 1, 1, 1), Decision("too_many_lines", 3)),
        ("factor", basket(1, 1, 1), basket(1, 1, 1, 1), Decision("too_many_lines", 3)),
    ],
)
def test_just_so_much_of_one_order_and_no_more(
    tier: Tier, allowed: Basket, too_much: Basket, decision: Decision
) -> None:
    assert decide(allowed, CALM, POLICY, tier=tier) == Decision()
    assert decide(too_much, CALM, POLICY, tier=tier) == decision


@pytest.mark.parametrize(("tier", "day_max"), [("voice", 1_500), ("factor", 4_500)])
def test_just_so_much_of_a_day_and_no_more(tier: Tier, day_max: int) -> None:
    assert decide(basket(600), spent(day_max - 600), POLICY, tier=tier) == Decision()
    too_much = decide(basket(600), spent(day_max - 599), POLICY, tier=tier)
    assert too_much == Decision("day_over_limit", day_max)


def test_all_voices_together_may_spend_as_much_as_one_and_no_more() -> None:
    assert decide(basket(600), spent(0, by_voice=900), POLICY) == Decision()
    assert decide(basket(600), spent(0, by_voice=901), POLICY) == Decision("day_over_limit_together", 1_500)
    assert decide(basket(600), spent(0, by_voice=901), POLICY, tier="factor") == Decision()


def test_ones_own_day_is_told_before_that_of_all() -> None:
    assert decide(basket(600), spent(901, by_voice=901), POLICY) == Decision("day_over_limit", 1_500)


def test_where_only_one_persons_spending_is_known_it_counts_for_all() -> None:
    assert decide(basket(600), spent(900), POLICY) == Decision()


def test_the_voice_is_the_tier_where_none_is_named() -> None:
    assert decide(basket(1_001), CALM, POLICY) == Decision("order_over_limit", 1_000)


@pytest.mark.parametrize("tier", ["voice", "factor"])
def test_without_the_time_nothing_is_allowed_and_that_is_told_last(tier: Tier) -> None:
    no_clock = replace(CALM, clock_trusted=False)
    assert decide(basket(1), no_clock, POLICY, tier=tier) == Decision("clock_untrusted")
    assert decide(basket(9_000), no_clock, POLICY, tier=tier).code == "order_over_limit"


def test_the_first_rule_that_says_no_is_the_one_that_is_told() -> None:
    everything = basket(9_000, 9_000, 9_000, 9_000, quantity=5)
    assert decide(everything, spent(9_000), POLICY).code == "too_many_lines"
    fewer = msgspec.structs.replace(everything, lines=everything.lines[:1])
    assert decide(fewer, spent(9_000), POLICY).code == "quantity_too_large"
    assert decide(basket(9_000), spent(9_000), POLICY).code == "order_over_limit"


def test_any_line_may_be_the_one_that_is_too_many() -> None:
    first, second = basket(1, 1).lines
    large = msgspec.structs.replace(second, quantity=5)
    assert decide(Basket((first, large), 1), CALM, POLICY) == Decision("quantity_too_large", 4)


def test_a_decision_with_a_code_allows_nothing() -> None:
    assert Decision().allowed
    assert not Decision("order_over_limit").allowed
    assert Decision().limit == Decision("clock_untrusted").limit == 0


def test_unless_told_otherwise_the_clock_is_trusted_and_no_factor_is_ready() -> None:
    assert CALM.clock_trusted
    assert not CALM.factor_ready
    assert not CALM.queued_same
    assert CALM.spent_by_voice is None
