"""How often an order goes to the database and back, which is most of what it takes on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as events

from order_backend.notices import Owner
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed

COFFEE = "coffee?roast=dark"
TRANSACTION = 5
"""BEGIN, the lock on PostgreSQL, what the intent meets, its answer, COMMIT."""
ORDER = TRANSACTION + 4
"""Stock, account, what is owed, the order itself."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """Of all connections, while it is open."""
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    events.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        events.remove(Engine, "before_cursor_execute", note)


def order_once(bench: Bench) -> list[str]:
    intent = bench.road.commit(agreed())
    with statements() as seen:
        assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"
    return seen


def test_an_order_takes_few_statements(bench: Bench) -> None:
    bench.trust_time()
    order_once(bench)  # the first on an account makes it
    seen = order_once(bench)
    assert len(seen) <= ORDER, "\n".join(seen)


@pytest.mark.parametrize("counted", ["stock", "owner"])
def test_what_only_some_shops_have_costs_only_them_a_statement(bench: Bench, counted: str) -> None:
    bench.trust_time()
    order_once(bench)
    if counted == "stock":
        bench.desk.shop.stock.count(COFFEE, 10)
    else:
        bench.desk.shop.notices.set_owner(Owner(DEVICE, "anna@example.org", "en"), now_s=NOW_S)
    seen = order_once(bench)
    assert len(seen) == ORDER + 1 - (bench.desk.shop.database.dialect == "sqlite"), "\n".join(seen)


def test_an_answer_that_is_given_again_takes_one_look(bench: Bench) -> None:
    bench.trust_time()
    intent = bench.road.commit(agreed())
    bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
    with statements() as seen:
        assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "replayed"
    assert len(seen) < TRANSACTION, "\n".join(seen)
