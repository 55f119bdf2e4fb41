from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agent.committing.journal_rows import OPEN, OrderRow
from agent.committing.outbox import GRACE_S, plan, rest_seconds
from agent.deciding.money import Money

EXP = 10_000
ROW = OrderRow(
    intent_id="i", conversation="c", person="p", basket_key="k", title="t", total=Money(1, "PLN"),
    sha256="", iat=1, exp=EXP, state="queued", attempts=0, order_id="", reason="", delivery_date="",
    queued_at_s=1, settled_at_s=None, seconds_to_journal=None, factors="",
)  # fmt: skip


def planned(row: OrderRow, now_s: int | None, **options: object) -> dict[str, tuple[str, ...]]:
    given_options = {"monotonic_s": 50.0, "due": {}, "connected": True, "fresh": {"i"}, **options}
    result = plan([row], now_s=now_s, **given_options)  # type: ignore[arg-type]
    return {name: ids for name, ids in result._asdict().items() if ids}


def row(**changes: object) -> OrderRow:
    return msgspec.structs.replace(ROW, **changes)


def test_nothing_leaves_while_there_is_no_link_or_it_is_resting() -> None:
    assert planned(ROW, 5) == {"publish": ("i",)}
    assert planned(ROW, 5, connected=False) == {}
    assert planned(ROW, 5, due={"i": 50.1}) == {}
    assert planned(ROW, 5, due={"i": 50.0}) == {"publish": ("i",)}


def test_what_never_left_expires_without_asking() -> None:
    assert planned(ROW, EXP) == {"expired": ("i",)}
    assert planned(ROW, EXP, connected=False) == {"expired": ("i",)}


def test_what_an_earlier_process_queued_is_asked_after_whatever_the_journal_says_of_attempts() -> None:
    assert planned(ROW, EXP, fresh=()) == {"publish": ("i",)}
    assert planned(ROW, EXP + GRACE_S + 1, fresh=()) == {"unknown": ("i",)}
    assert planned(row(state="unknown"), EXP + GRACE_S + 1, fresh=()) == {"ask": ("i",)}


def test_what_left_is_resent_until_its_grace_is_over_and_then_asked_after() -> None:
    sent = row(state="sent", attempts=3)
    assert planned(sent, EXP + GRACE_S) == {"publish": ("i",)}
    assert planned(sent, EXP + GRACE_S + 1) == {"unknown": ("i",)}
    assert planned(row(state="queued", attempts=1), EXP + GRACE_S + 1) == {"unknown": ("i",)}
    assert planned(row(state="unknown", attempts=3), EXP + GRACE_S + 1) == {"ask": ("i",)}


def test_what_the_shop_may_still_place_leaves_once_more_unless_it_is_damaged_or_being_cancelled() -> None:
    options: dict[str, object] = {"fresh": (), "early": {"i"}}
    assert planned(row(state="unknown"), EXP + GRACE_S + 1, **options) == {"publish": ("i",)}
    assert planned(row(state="unknown", reason="damaged"), EXP, **options) == {"ask": ("i",)}
    assert planned(row(state="unknown"), EXP, **options, held={"i"}) == {"ask": ("i",)}
    assert planned(row(state="unknown"), EXP, **options, due={"i": 99.0}) == {}


def test_without_trusted_time_nothing_is_given_up() -> None:
    assert planned(row(state="sent", attempts=1), None) == {"publish": ("i",)}
    assert planned(ROW, None) == {"publish": ("i",)}


def test_the_orders_of_one_person_leave_in_their_order_and_hold_nobody_else_back() -> None:
    first, second = row(intent_id="1", attempts=1), row(intent_id="2")
    other = row(intent_id="3", person="q")
    options: dict[str, object] = {"now_s": 5, "monotonic_s": 50.0, "connected": True, "fresh": ()}
    both = plan([first, second, other], due={}, **options)  # type: ignore[arg-type]
    assert both.publish == ("1", "3")
    resting = plan([first, second, other], due={"1": 99.0}, **options)  # type: ignore[arg-type]
    assert resting.publish == ("3",), "the first one rests, and the second does not overtake it"
    for state in ("sent", "unknown"):  # the broker has it, or only the shop knows: it holds nobody back
        before = msgspec.structs.replace(first, state=state)
        after = plan([before, second, other], due={"1": 99.0}, **options)  # type: ignore[arg-type]
        assert after.publish == ("2", "3")


@given(
    state=st.sampled_from(OPEN),
    attempts=st.integers(0, 5),
    now_s=st.none() | st.integers(0, 3 * EXP),
    connected=st.booleans(),
    due=st.floats(0, 100),
)
def test_an_order_is_never_both_sent_and_given_up(
    state: str, attempts: int, now_s: int | None, connected: bool, due: float
) -> None:
    actions = planned(row(state=state, attempts=attempts), now_s, connected=connected, due={"i": due})
    assert len(actions) <= 1
    if "expired" in actions:
        assert attempts == 0  # anything that left may have been placed
    if not connected:
        assert not actions.keys() & {"publish", "ask"}


@given(attempts=st.integers(0, 10_000), jitter=st.floats(0, 1))
def test_rests_grow_to_the_longest_and_no_further(attempts: int, jitter: float) -> None:
    rest = rest_seconds(attempts, shortest_s=5, longest_s=120, jitter=jitter)
    assert 5 * 0.75 <= rest <= 120
    assert rest <= rest_seconds(attempts + 1, shortest_s=5, longest_s=120, jitter=jitter)
