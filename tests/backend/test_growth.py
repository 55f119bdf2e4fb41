"""What one device can leave in the shop's tables for good is bounded, whatever it signs; and an honest device
loses nothing by it."""

from __future__ import annotations

import uuid

import pytest

from order_backend.growth import ROWS_AT_ONCE, Growth
from order_backend.key_changes import MOST_ASKED_A_DAY
from order_backend.rates import Rates
from order_backend.restores import MOST_INTENTS, Restores
from tests.backend.test_key_renewal import DAY_S, key_of, new_key, statement
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, question

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is not the database's is tried on one."""


def bound(bench: Bench, rows: int) -> list[float]:
    """No more rows at once, and one more a second, by a clock that is returned."""
    clock = [0.0]
    growth = bench.desk._growth
    growth._rates, growth._monotonic_s = Rates(rows, 1.0), lambda: clock[0]
    return clock


def test_what_a_device_signs_beyond_it_gets_no_answer_and_later_all_of_it_does(bench: Bench) -> None:
    clock = bound(bench, 2)
    bench.trust_time()
    orders = [bench.road.commit(agreed(quantity)).payload for quantity in (1, 2, 3)]
    codes = [bench.desk.intent(DEVICE, order, now_s=NOW_S).code for order in orders]
    assert codes == ["ordered", "ordered", "grows_too_fast"]
    again = bench.desk.intent(DEVICE, orders[2], now_s=NOW_S)
    assert (again.what, again.payload) == ("", b""), "no word that could become untrue"
    assert [bench.desk.intent(DEVICE, order, now_s=NOW_S).code for order in orders[:2]] == ["replayed"] * 2
    clock[0] += 1.0
    assert bench.desk.intent(DEVICE, orders[2], now_s=NOW_S).code == "ordered"
    assert len(bench.desk.shop.orders()) == 3


@SQLITE
def test_questions_that_would_stay_are_bounded_with_them_and_those_that_do_not_are_not(bench: Bench) -> None:
    bound(bench, 1)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    codes = [bench.desk.query(DEVICE, question(bench, id_), now_s=NOW_S).code for id_ in ids]
    assert codes == ["not_placed", "grows_too_fast", "grows_too_fast"]
    assert bench.desk.query(DEVICE, question(bench, ids[0]), now_s=NOW_S).code == "not_placed"


@SQLITE
def test_cancellations_of_what_there_never_was_are_bounded_with_them(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)
    intents = [bench.road.commit(agreed(person=person)).intent_id for person in ("p-1", "p-2")]
    bench.road.tick()
    for intent in intents:
        bench.road.cancel(intent, factors=("operator",))
    cancels = [one.payload for one in bench.road.tick().publishes if one.topic.endswith("/cancel")]
    bound(bench, 1)
    codes = [bench.desk.cancel(DEVICE, cancel, now_s=NOW_S).code for cancel in cancels]
    assert codes == ["cancelled", "grows_too_fast"]


@SQLITE
def test_the_bound_is_of_each_device_and_can_be_switched_off_with_the_other_one(bench: Bench) -> None:
    growth = Growth(limited=True, monotonic_s=lambda: 0.0)
    assert all(growth.allows("a") for _ in range(ROWS_AT_ONCE))
    assert not growth.allows("a") and growth.allows("b")
    assert all(Growth(limited=False).allows("a") for _ in range(ROWS_AT_ONCE + 1))


@SQLITE
def test_other_keys_of_a_device_are_bounded_by_the_day(bench: Bench, tmp_path: object) -> None:
    keys = bench.desk.key_changes
    root = bench.folder.path.parent
    old = key_of(root)

    def ask(number: int, now_s: int) -> str:
        payload = statement(bench, old, new_key(root, f"next-{number}.pem"), now_s=now_s)
        return keys.take(DEVICE, payload, now_s=now_s).code

    for number in range(MOST_ASKED_A_DAY):
        assert ask(number, NOW_S) == "key_registered"
        with bench.desk.shop.transaction(DEVICE):  # as an operator drops it, or it is taken up
            bench.desk.shop.next_keys.drop(DEVICE)
    assert ask(100, NOW_S) == "key_too_often"
    assert ask(101, NOW_S + DAY_S) == "key_registered"


def test_intents_of_a_lost_time_are_bounded_and_each_that_is_there_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_backend.restores.MOST_INTENTS", 2)
    restores: Restores = bench.desk.shop.restores
    for id_ in ("a", "b", "c", "a"):
        restores.note(DEVICE, id_, b"signed", now_s=NOW_S)
    restores.note("another", "c", b"signed", now_s=NOW_S)
    assert [(row.device_id, row.intent_id) for row in restores.doubts()] == [
        (DEVICE, "a"),
        (DEVICE, "b"),
        ("another", "c"),
    ]
    assert MOST_INTENTS >= 1_000
