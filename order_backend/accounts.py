"""Who pays for a device's orders, how much may be owed, and what was ordered on an account just now.

A device that nobody has put on an account has one of its own, under its own id and without a limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from sqlalchemy import Text, bindparam, cast, exists, func, select, update

from order_backend.database import Database
from order_backend.order_ends import CANCELLED
from order_backend.tables import account_devices, accounts, orders


class Account(msgspec.Struct, frozen=True):
    """Amounts in minor units; `credit_minor` None: as much as they like."""

    account_id: str
    credit_minor: int | None
    owed_minor: int


_PAYER = func.coalesce(
    select(account_devices.c.account_id)
    .where(account_devices.c.device_id == bindparam("device_id"))
    .scalar_subquery(),
    bindparam("device_id"),
)
_LOCK = select(accounts.c.account_id, accounts.c.credit_minor, accounts.c.owed_minor).with_for_update()
_LOCK_ONE = _LOCK.where(accounts.c.account_id == bindparam("account_id"))
_LOCK_PAYER = _LOCK.where(accounts.c.account_id == _PAYER)
_LOCK_ALL = _LOCK.where(accounts.c.account_id.in_(bindparam("account_ids", expanding=True))).order_by(
    accounts.c.account_id
)
_OF = select(account_devices.c.device_id, account_devices.c.account_id).where(
    account_devices.c.device_id.in_(bindparam("device_ids", expanding=True))
)
_OWE = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("owing"))
    .values(owed_minor=accounts.c.owed_minor + bindparam("minor"))
)
_JOINED = select(account_devices.c.device_id).where(account_devices.c.account_id == bindparam("account_id"))
_ELSEWHERE = exists().where(account_devices.c.device_id == bindparam("account_id"))
_ITS_DEVICES = _JOINED.union_all(select(cast(bindparam("account_id"), Text)).where(~_ELSEWHERE))
"""Those that were put on it, or the one device whose own it is, which nobody has put on any."""
_ORDERED_SINCE = (
    select(orders.c.lines)
    .where(orders.c.device_id.in_(_ITS_DEVICES), orders.c.placed_at >= bindparam("since_s"))
    .where(orders.c.total_minor == bindparam("total_minor"), ~CANCELLED)
)


class Accounts:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._open = database.insert(accounts).on_conflict_do_nothing()

    def lock(self, device_id: str, account_id: str = "") -> Account:
        """Inside a transaction, after the stock: that account, or the one that pays for the device now, which
        no other transaction changes until this one has ended."""
        if account_id:
            row = self._db.execute(_LOCK_ONE, {"account_id": account_id}).one_or_none()
        else:
            row = self._db.execute(_LOCK_PAYER, {"device_id": device_id}).one_or_none()
        if row is None:  # nothing was ever owed on it
            account_id = account_id or self.of(device_id)
            self._db.execute(self._open, {"account_id": account_id, "owed_minor": 0})
            row = self._db.execute(_LOCK_ONE, {"account_id": account_id}).one()
        return Account(row[0], row[1], row[2])

    def lock_all(self, device_ids: Iterable[str]) -> None:
        """Inside a transaction, after the stock: as `lock` for each device, in the order of the accounts'
        ids, so that two transactions never wait for each other."""
        payers = {device_id: device_id for device_id in device_ids}
        payers.update((row[0], row[1]) for row in self._db.execute(_OF, {"device_ids": list(payers)}))
        account_ids = sorted(set(payers.values()))
        rows = [{"account_id": account_id, "owed_minor": 0} for account_id in account_ids]
        self._db.execute(self._open, rows)
        self._db.execute(_LOCK_ALL, {"account_ids": account_ids})

    def owe(self, account: Account, minor: int) -> None:
        """So much more, or less where it is negative; inside the transaction that has locked it."""
        self._db.execute(_OWE, {"owing": account.account_id, "minor": minor})

    def limit(self, account: Account, credit_minor: int | None) -> None:
        """Inside the transaction that has locked it."""
        self._db.execute(
            update(accounts)
            .where(accounts.c.account_id == account.account_id)
            .values(credit_minor=credit_minor)
        )

    def of(self, device_id: str) -> str:
        """The id of the account that pays for the device."""
        query = select(account_devices.c.account_id).where(account_devices.c.device_id == device_id)
        found: str | None = self._db.execute(query).scalar_one_or_none()
        return found if found is not None else device_id

    def join(self, device_id: str, account_id: str) -> None:
        """From now on that account pays for the device. Raises IntegrityError where it was never admitted."""
        statement = self._db.insert(account_devices).values(device_id=device_id, account_id=account_id)
        self._db.execute(
            statement.on_conflict_do_update(index_elements=["device_id"], set_={"account_id": account_id})
        )

    def ordered_since(self, account: Account, lines: str, since_s: int) -> bool:
        """Whether an order of the same things as `lines` (as an order keeps them) was placed on the account
        at or after that time, and not cancelled since; inside the transaction that has locked it."""
        wanted = _goods(lines)
        total_minor = sum(price * count for (_, price), count in wanted.items())
        values = {"account_id": account.account_id, "since_s": since_s, "total_minor": total_minor}
        return any(_goods(row[0]) == wanted for row in self._db.execute(_ORDERED_SINCE, values))


class _Line(msgspec.Struct, frozen=True):
    id: str
    quantity: int
    unit_price: int


def _goods(lines: str) -> Counter[tuple[str, int]]:
    """(Product with its options, unit price) -> count: a title is the device's, in the language of whoever
    ordered, and the order of the lines is that in which they were said."""
    goods: Counter[tuple[str, int]] = Counter()
    for line in msgspec.json.decode(lines, type=list[_Line]):
        goods[line.id, line.unit_price] += line.quantity
    return goods
