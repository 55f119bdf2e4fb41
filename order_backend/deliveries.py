"""When what is ordered comes: so many business days later, and a day more after the time at which the shop
has packed for the day."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select

from order_backend.database import Database
from order_backend.receipts import delivery_date
from order_backend.tables import delivery

LOOK_EVERY_S = 10.0


class Rule(NamedTuple):
    """`cut_off` in minutes after midnight, UTC; None where an order counts for its day until that ends."""

    business_days: int
    cut_off: int | None


class Deliveries:
    """On the connection of a `Shop`. Orders look at the rule now and then, so that none pays a statement for
    it; what another process has set holds within LOOK_EVERY_S."""

    def __init__(self, database: Database, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._db, self._monotonic_s = database, monotonic_s
        self._known: Rule | None = None
        self._next_look_s = 0.0

    def rule(self) -> Rule | None:
        """As it is in the database; None where nobody has set one: then that of shop.json holds."""
        row = self._db.execute(select(delivery.c.business_days, delivery.c.cut_off)).one_or_none()
        self._known, self._next_look_s = Rule(*row) if row else None, self._monotonic_s() + LOOK_EVERY_S
        return self._known

    def put(self, rule: Rule | None) -> None:
        """Inside a transaction: holds from now on."""
        self._db.execute(delete(delivery))
        if rule is not None:
            self._db.execute(self._db.insert(delivery).values(only_row=1, **rule._asdict()))
        self._next_look_s = 0.0

    def day(self, now_s: int, business_days: int) -> date:
        """Of what is ordered now; `business_days` is that of shop.json."""
        rule = self._rule()
        now = datetime.fromtimestamp(now_s, UTC)
        today = now.date()
        if rule is None:
            return delivery_date(today, business_days)
        if rule.cut_off is not None and now.hour * 60 + now.minute >= rule.cut_off:
            today += timedelta(days=1)
        return delivery_date(today, rule.business_days)

    def until_s(self, now_s: int) -> int:
        """What is ordered before that (Unix seconds) comes on the same `day` as what is ordered now, as long
        as nobody sets another rule."""
        rule = self._rule()
        minutes = rule.cut_off if rule is not None and rule.cut_off is not None else 0
        now = datetime.fromtimestamp(now_s, UTC)
        next_one = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)
        return int((next_one if next_one > now else next_one + timedelta(days=1)).timestamp())

    def _rule(self) -> Rule | None:
        return self._known if self._monotonic_s() < self._next_look_s else self.rule()
