"""How much of a thing the shop still has. What stands in no row is not counted and always there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Select, bindparam, delete, select, update

from order_backend.database import Database
from order_backend.tables import stock

_SEEN = (
    select(stock.c.sku, stock.c.quantity)
    .where(stock.c.sku.in_(bindparam("skus", expanding=True)))
    .order_by(stock.c.sku)
)
_LEFT = _SEEN.with_for_update()
_TAKE = (
    update(stock)
    .where(stock.c.sku == bindparam("taken"))
    .values(quantity=stock.c.quantity - bindparam("wanted"))
)


def together(lines: Iterable[tuple[str, int]]) -> Counter[str]:
    """How many of each in all: one thing may stand in several lines."""
    counts: Counter[str] = Counter()
    for sku, quantity in lines:
        counts[sku] += quantity
    return counts


def short(wanted: Mapping[str, int], left: Mapping[str, int]) -> dict[str, int]:
    """How much is left of that of which there is less than wanted."""
    return {sku: quantity for sku, quantity in left.items() if quantity < wanted[sku]}


class Stock:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def seen(self, skus: Iterable[str]) -> dict[str, int]:
        """How much is left of those that are counted, as it is now and may be otherwise in a moment."""
        return self._found(_SEEN, skus)

    def left(self, skus: Iterable[str]) -> dict[str, int]:
        """Inside a transaction: how much is left of those that are counted. Their rows are locked until its
        end, in the order of their ids, so that two transactions never wait for each other."""
        return self._found(_LEFT, skus)

    def take(self, wanted: Mapping[str, int]) -> None:
        """Inside the transaction that has locked them with `left`. Raises IntegrityError where there is not
        as much."""
        if wanted:
            self._db.execute(_TAKE, [{"taken": sku, "wanted": wanted[sku]} for sku in sorted(wanted)])

    def give_back(self, returned: Mapping[str, int]) -> None:
        """Inside a transaction, before the account: there are so many more of what is counted."""
        for sku in sorted(returned):
            self._db.execute(
                update(stock).where(stock.c.sku == sku).values(quantity=stock.c.quantity + returned[sku])
            )

    def count(self, sku: str, quantity: int | None) -> None:
        """From now on there are that many; None: it is not counted any more."""
        if quantity is None:
            self._db.execute(delete(stock).where(stock.c.sku == sku))
            return
        statement = self._db.insert(stock).values(sku=sku, quantity=quantity)
        self._db.execute(statement.on_conflict_do_update(index_elements=["sku"], set_={"quantity": quantity}))

    def counted(self) -> dict[str, int]:
        """Id to quantity of all that is counted."""
        rows = self._db.execute(select(stock.c.sku, stock.c.quantity))
        return dict(sorted((row[0], row[1]) for row in rows))

    def _found(self, query: Select[tuple[str, int]], skus: Iterable[str]) -> dict[str, int]:
        return {row[0]: row[1] for row in self._db.execute(query, {"skus": sorted(skus)})}
