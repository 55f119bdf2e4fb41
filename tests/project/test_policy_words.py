"""What `earmark policy explain` says is what was judged, whatever the rules."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.commands.policy_words import about, verdict
from agent.deciding.basket import Basket
from agent.deciding.details import Facts
from agent.deciding.policy import Circumstances
from agent.deciding.rules import House, Moment, Person, Rule, judge
from agent.plumbing.settings import Policy
from tests.deciding.test_rules import AROUND, BASKETS, BOOKS, LIMITS, MOMENTS, PEOPLE, TOLD


@settings(max_examples=300)
@given(LIMITS, BOOKS, BASKETS, PEOPLE, AROUND, MOMENTS, TOLD, st.booleans())
def test_yes_is_said_where_it_passes_and_no_comes_with_a_reason(
    limits: Policy,
    rules: tuple[Rule, ...],
    basket: Basket,
    person: Person,
    around: Circumstances,
    moment: Moment,
    facts: Mapping[str, Facts],
    lost: bool,
) -> None:
    judged = judge(House(rules, person, moment, facts, lost), basket, around, limits)
    said = verdict(judged, basket)
    assert said.startswith("Yes" if judged.passes else "No, because ")
    assert ("by voice alone" in said) == (judged.passes and not judged.needs)
    assert said.startswith("Yes, with ") == (judged.passes and bool(judged.needs))
    assert "because ." not in said and ", because ;" not in said
    for step in judged.trace:
        line = about(step, "PLN")
        assert line.startswith("is about") == (step.standing not in ("applies", "applies_unknown"))
