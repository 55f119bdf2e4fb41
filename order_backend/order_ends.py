"""What became of an order after it was placed: accepted (it is being handed over, and stands) or cancelled,
whichever came first."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import exists, select

from order_backend.database import Database
from order_backend.tables import order_ends, orders

End = Literal["accepted", "cancelled"]

# Not a list of all that were ever cancelled, which would be read through at each order.
CANCELLED = exists().where(order_ends.c.order_id == orders.c.order_id, order_ends.c.what == "cancelled")
"""Of a row of `orders` that a statement reads."""


class OrderEnds:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, order_id: str, end: End, *, now_s: int) -> bool:
        """False where it has an end already; of two at once one is first. Raises IntegrityError where there
        is no such order."""
        statement = self._db.insert(order_ends).values(order_id=order_id, what=end, at=now_s)
        return self._db.execute(statement.on_conflict_do_nothing()).rowcount == 1

    def of(self, order_id: str) -> End | None:
        """None while it may still be cancelled."""
        query = select(order_ends.c.what).where(order_ends.c.order_id == order_id)
        end: End | None = self._db.execute(query).scalar_one_or_none()
        return end

    def all(self) -> dict[str, End]:
        """By order number."""
        return {row[0]: row[1] for row in self._db.execute(select(order_ends.c.order_id, order_ends.c.what))}
