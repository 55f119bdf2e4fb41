"""What somebody has ordered before, out of the journal, as the rules of the house look at it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agent.committing.journal import Journal
from agent.committing.journal_past import _QUERY, MOST_ORDERS
from agent.committing.journal_rows import OPEN
from agent.deciding.policy_file import parse_policy
from agent.deciding.unusual import COUNTS_AFTER_S, DAYS_BACK, NO_PAST, Past
from agent.plumbing.settings import Touch
from agent.till.house import HouseRules
from agent.till.past import local, past_of
from tests.committing.kit import NOW_S, make_bench
from tests.till.kit import Till, make_till

RULE = 'schema_version = 3\n[[rule]]\nid = "r"\nrequire = "factor"\nunusual = ["goods"]\n'
DAY_S = 24 * 3600


class Orders:
    """Writes them into a journal as they would stand there."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "journal.db")
        self._number = 0

    def add(
        self,
        person: str = "p-1",
        *,
        at_s: int = NOW_S - 2 * DAY_S,
        key: str = "coffee?roast=dark*2",
        minor: int = 38_00,
        charged: int | None = None,
        factors: str = "",
        state: str = "ordered",
        currency: str = "PLN",
        settled_s: int | None = None,
    ) -> None:
        """The shop's receipt came at once, or at `settled_s`."""
        self._number += 1
        settled_s = None if state in OPEN else settled_s or at_s
        self.journal._db.execute(
            "INSERT INTO orders (intent_id, conversation, person, basket_key, title, total_minor, currency,"
            " topic, payload, sha256, iat, exp, state, queued_at_s, factors, charged_minor, settled_at_s)"
            " VALUES (?, '', ?, ?, '', ?, ?, '', ?, '', ?, 0, ?, 0, ?, ?, ?)",
            (
                *(str(self._number), person, key, minor, currency, b"x" * 6_000, at_s, state),
                *(factors, charged, settled_s),
            ),
        )

    def past(self, person: str = "p-1", now_s: int = NOW_S) -> Past:
        return past_of(self.journal, person, now_s, "PLN")


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    return Orders(tmp_path)


def test_it_is_the_persons_own_and_what_each_order_had(orders: Orders) -> None:
    at_s = NOW_S - 2 * DAY_S
    orders.add(at_s=at_s)
    orders.add(at_s=at_s, key="butter*1|milk*2", minor=14_00, charged=50_00)
    orders.add("p-2", key="wine*1")
    orders.add("", key="beer*1")
    assert orders.past() == Past(
        frozenset({"coffee", "butter", "milk"}), 50_00, frozenset({local(at_s).hour})
    )
    assert orders.past("p-3") == orders.past("") == NO_PAST


@pytest.mark.parametrize("state", ["refused", "expired"])
def test_what_was_refused_taken_back_or_late_is_no_history(orders: Orders, state: str) -> None:
    orders.add(state=state)
    orders.add(currency="EUR")
    assert orders.past() == NO_PAST


def test_a_voice_alone_makes_nothing_known_within_a_day_and_a_factor_does(orders: Orders) -> None:
    orders.add(at_s=NOW_S - COUNTS_AFTER_S + 1)
    assert orders.past() == NO_PAST
    assert orders.past(now_s=NOW_S + 1).products == {"coffee"}
    orders.add(at_s=NOW_S - 1, key="milk*1", factors="pin")
    assert orders.past().products == {"milk"}


def test_what_the_owner_could_not_have_heard_of_makes_nothing_known(orders: Orders) -> None:
    """Whoever keeps the device from the shop for a day has taught it nothing by a forged voice."""
    for state in OPEN:
        orders.add(state=state)
    orders.add(settled_s=NOW_S - COUNTS_AFTER_S + 1)
    assert orders.past() == NO_PAST
    orders.add(key="milk*1", state="queued", factors="pin")
    assert orders.past().products == {"milk"}


def test_neither_years_ago_nor_in_the_future(orders: Orders) -> None:
    orders.add(at_s=NOW_S - DAYS_BACK * DAY_S - 1)
    orders.add(at_s=NOW_S + 60, factors="pin")
    assert orders.past() == NO_PAST


def test_the_newest_are_looked_at_and_no_more_than_so_many(orders: Orders) -> None:
    orders.add(at_s=NOW_S - 3 * DAY_S, key="old*1")
    for _ in range(MOST_ORDERS - 1):
        orders.add()
    assert "old" in orders.past().products
    orders.add(key="milk*1")
    assert orders.past().products == {"coffee", "milk"}


def test_the_index_by_person_and_time_is_used(orders: Orders) -> None:
    """A long journal is not read through at every step of a conversation."""
    values = ("p-1", 0, NOW_S, "PLN", NOW_S, MOST_ORDERS)
    plan = orders.journal._db.execute(f"EXPLAIN QUERY PLAN {_QUERY}", values).fetchall()
    assert "orders_person" in str(plan) and "TEMP B-TREE" not in str(plan)


@pytest.fixture
def till(tmp_path: Path) -> Till:
    bench = make_bench(tmp_path)
    bench.settings = msgspec.structs.replace(bench.settings, touch=Touch(keypad_device="/dev/input/event0"))
    till = make_till(bench, tmp_path)
    till.desk.factors.set(till.desk.people.all()[0].pseudonym, "pin", "4711")
    return till


def test_without_such_a_rule_nobodys_orders_are_looked_up(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []

    def looked_up(*given: object) -> Past:
        asked.append(given)
        return NO_PAST

    monkeypatch.setattr("agent.till.surroundings.past_of", looked_up)
    order = "okay nabu order two bags of dark roast coffee"
    till.desk.house = HouseRules(parse_policy('[[rule]]\nid = "r"\nrequire = "factor"'))
    till.wake_and_say(order)
    assert till.decided[-1] == "asked_factor" and not asked
    till.answer("cancel")
    till.desk.house = HouseRules(parse_policy(RULE))
    till.wake_and_say(order)
    assert asked and "That is new among what you order." in till.said


def test_it_holds_at_the_consent_as_well(till: Till) -> None:
    """What was known at the read-back and is not any more: its order was taken back meanwhile."""
    till.desk.house = HouseRules(parse_policy(RULE))
    known = Past(frozenset({"coffee"}), 100_00, frozenset(range(24)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agent.till.surroundings.past_of", lambda *_: known)
        till.wake_and_say("okay nabu order two bags of dark roast coffee")
        assert till.decided[-1] == "read_back"
    till.answer("yes place my order")
    assert till.decided[-1] == "asked_factor" and not till.desk.journal.orders()
