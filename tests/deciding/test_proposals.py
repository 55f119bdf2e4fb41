"""A proposal is said once, once more, then shown; whatever sensors, people and clocks do in between."""

from __future__ import annotations

import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding import proposals
from agent.deciding.proposals import PastOrder, Standing, is_due, is_quiet, on_its_way, packs_to_order
from agent.plumbing.settings import Proposals, Sensor

LIMITS = Proposals()
REST_S, DAY_S = LIMITS.rest_seconds, LIMITS.declined_rest_seconds
LOW = proposals.reported(Standing(), 0.2, wanted=True)
NOON = 1_795_000_000


def test_silence_is_followed_by_one_more_saying_and_then_by_none() -> None:
    standing = proposals.said(LOW, NOON)
    assert not is_due(standing, NOON + REST_S - 1, LIMITS)
    assert is_due(standing, NOON + REST_S, LIMITS)
    standing = proposals.said(standing, NOON + REST_S)
    assert not is_due(standing, NOON + 100 * DAY_S, LIMITS)
    assert standing.awaits_answer, "it is still shown, and can be agreed to"


def test_no_means_not_before_a_day_has_passed_or_it_was_refilled() -> None:
    declined = proposals.answered(proposals.said(LOW, NOON), "proposal_declined", NOON, LIMITS)
    assert not declined.awaits_answer
    assert not is_due(declined, NOON + DAY_S - 1, LIMITS)
    assert is_due(declined, NOON + DAY_S, LIMITS)
    refilled = proposals.reported(proposals.reported(declined, 1.0, wanted=False), 0.2, wanted=True)
    assert is_due(refilled, NOON + REST_S, LIMITS)


def test_later_means_in_an_hour_and_it_can_still_be_agreed_to() -> None:
    standing = proposals.said(proposals.said(LOW, NOON), NOON + REST_S)
    later = proposals.answered(standing, "proposal_postponed", NOON + REST_S + 30, LIMITS)
    assert later.awaits_answer
    assert not is_due(later, NOON + 2 * REST_S + 29, LIMITS)
    assert is_due(later, NOON + 2 * REST_S + 30, LIMITS)


def test_an_order_that_came_to_nothing_may_be_proposed_again() -> None:
    agreed = proposals.agreed(proposals.said(LOW, NOON))
    assert not agreed.awaits_answer
    assert is_due(agreed, NOON + REST_S, LIMITS)


_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["low", "full", "say", "proposal_declined", "proposal_postponed", "gave_up", "agreed"]
        ),
        st.integers(0, 2 * REST_S),
    ),
    max_size=60,
)


@given(_EVENTS)
def test_whatever_happens_it_speaks_once_an_hour_and_twice_a_time_unasked(
    events: list[tuple[str, int]],
) -> None:
    standing, now_s, said, unasked = Standing(), NOON, [], 0
    for event, later_s in events:
        now_s += later_s
        match event:
            case "low" | "full":
                wanted = event == "low"
                unasked = 0 if wanted != standing.wanted else unasked
                standing = proposals.reported(standing, 0.5, wanted=wanted)
            case "say":
                if is_due(standing, now_s, LIMITS):
                    said.append(now_s)
                    unasked += 1
                    standing = proposals.said(standing, now_s)
            case "agreed":
                unasked = 0
                standing = proposals.agreed(standing)
            case code:
                unasked = 0 if code != "gave_up" else unasked
                standing = proposals.answered(standing, code, now_s, LIMITS)
        assert unasked <= proposals.MOST_UNANSWERED
        assert standing.wanted or not is_due(standing, now_s, LIMITS)
    assert all(other - one >= REST_S for one, other in pairwise(said))


TODAY = datetime.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (PastOrder(frozenset({"tea"}), True, 0, ""), False),
        (PastOrder(frozenset({"beans", "tea"}), True, 0, ""), True),
        (PastOrder(frozenset({"beans"}), False, NOON, "2026-11-24"), True),
        (PastOrder(frozenset({"beans"}), False, NOON, "2026-11-23"), True),
        (PastOrder(frozenset({"beans"}), False, NOON, "2026-11-22"), False),
        (PastOrder(frozenset({"beans"}), False, NOON - 3 * DAY_S + 1, ""), True),
        (PastOrder(frozenset({"beans"}), False, NOON - 3 * DAY_S, ""), False),
        (PastOrder(frozenset({"beans"}), False, NOON, "soon"), True),
    ],
)
def test_an_order_is_on_its_way_until_its_day_has_passed(order: PastOrder, expected: bool) -> None:
    assert on_its_way([order], "beans", NOON, TODAY, LIMITS) is expected


def test_as_many_packs_as_fit_at_least_one_and_never_too_many() -> None:
    silo = Sensor("s", "the silo", "t", "kg", 3.0, 0.6, 2.0, "coffee", 1.0)
    assert [packs_to_order(silo, level, 20) for level in (0.0, 0.2, 1 / 3, 0.4, 0.9, 1.0)] == [
        3,
        2,
        2,
        1,
        1,
        1,
    ]
    assert packs_to_order(silo, 0.0, 2) == 2


def test_quiet_hours_may_span_midnight() -> None:
    assert [is_quiet(time, LIMITS) for time in ("21:59", "22:00", "00:00", "06:59", "07:00")] == [
        False, True, True, True, False,
    ]  # fmt: skip
    siesta, never = Proposals(quiet_from="13:00", quiet_until="15:00"), Proposals(quiet_until="22:00")
    assert [is_quiet(time, siesta) for time in ("12:59", "13:00", "15:00")] == [False, True, False]
    assert not is_quiet("22:00", never)
