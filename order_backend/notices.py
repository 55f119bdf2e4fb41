"""Who is told of a device's orders, and the mails that wait for it: the outbox beside the orders.

A notice holds no address. It is looked up when the mail is sent, so a corrected address reaches what still
waits, and a removed one is gone from the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy import and_, delete, func, literal, select, update

from order_backend.database import Database
from order_backend.mail_queue import LONGEST_WAIT_S, Language, MailQueue
from order_backend.tables import key_notices, notices, orders, owners

__all__ = ["LONGEST_WAIT_S", "Language", "Notice", "Notices", "Owner", "Unsent"]


class Owner(msgspec.Struct, frozen=True):
    """The address to which a device's orders are told."""

    device_id: str
    email: str
    language: Language


class Notice(msgspec.Struct, frozen=True):
    """An order that its owner is to be told of. `amr` and `lines` are JSON; times are Unix seconds."""

    number: int
    order_id: str
    device_id: str
    amr: str
    attempts: int
    email: str
    language: Language
    lines: str
    total_minor: int
    currency: str
    delivery_date: str
    placed_at: int
    about: Literal["placed", "cancelled"] = "placed"

    @property
    def named(self) -> str:
        return f"order={self.order_id}"


class Unsent(msgspec.Struct, frozen=True):
    """A notice that waits or has failed, as an operator sees it; `reason` is why the last attempt went
    wrong."""

    order_id: str
    device_id: str
    state: Literal["due", "failed"]
    attempts: int
    reason: str


class Notices(MailQueue[Notice]):
    """On the connection of a `Shop`; each method but `note` is one transaction. Whose the device is holds for
    what is told of its keys (`key_notices`) as well."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, notices)

    def set_owner(self, owner: Owner, *, now_s: int) -> int:
        """From now on; what had failed for this device is due again. Returns how many those are.

        Raises sqlalchemy.exc.IntegrityError where there is no such device.
        """
        values = {"email": owner.email, "language": owner.language}
        statement = self._db.insert(owners).values(device_id=owner.device_id, **values)
        with self._db.transaction(owner.device_id):
            self._db.execute(statement.on_conflict_do_update(index_elements=["device_id"], set_=values))
            return sum(
                self._db.execute(
                    update(table)
                    .where(table.c.device_id == owner.device_id, table.c.state == "failed")
                    .values(state="due", attempts=0, due_at=now_s, reason="")
                ).rowcount
                for table in (notices, key_notices)
            )

    def remove_owner(self, device_id: str) -> int | None:
        """Nobody is told any more, not even of what waits: that is dropped. Returns how many those are, None
        where nobody was told."""
        with self._db.transaction(device_id):
            gone = self._db.execute(delete(owners).where(owners.c.device_id == device_id))
            if gone.rowcount == 0:
                return None
            return sum(
                self._db.execute(
                    update(table)
                    .where(table.c.device_id == device_id, table.c.state.in_(("due", "failed")))
                    .values(state="dropped", reason="owner_removed")
                ).rowcount
                for table in (notices, key_notices)
            )

    def owners(self) -> list[Owner]:
        """All of them, by device."""
        found = self._db.execute(select(owners.c.device_id, owners.c.email, owners.c.language))
        return sorted((Owner(*row) for row in found), key=lambda owner: owner.device_id)

    def note(
        self,
        order_id: str,
        device_id: str,
        amr: Iterable[str],
        *,
        now_s: int,
        about: Literal["placed", "cancelled"] = "placed",
    ) -> None:
        """Inside the transaction that places the order: due at once where the device has an owner, else
        nothing."""
        confirmed = msgspec.json.encode(list(dict.fromkeys(amr))).decode()
        told = {"amr": confirmed, "due_at": now_s, "about": about}
        of_owner = select(
            literal(order_id), owners.c.device_id, *(literal(value) for value in told.values())
        ).where(owners.c.device_id == device_id)
        # Whoever takes the owner away waits for this order, and drops its notice, too.
        of_owner = of_owner.with_for_update(read=True, key_share=True)
        statement = self._db.insert(notices).from_select(["order_id", "device_id", *told], of_owner)
        again = told | {"state": "due", "attempts": 0, "reason": ""}
        self._db.execute(statement.on_conflict_do_update(index_elements=["order_id"], set_=again))

    def cancelled(self, order_id: str, device_id: str, amr: Iterable[str], *, now_s: int) -> None:
        """Inside the transaction that cancels the order: that is due at once where the device has an owner,
        whether the order itself was told or not. `amr`: how whoever cancelled it was verified."""
        self.note(order_id, device_id, amr, now_s=now_s, about="cancelled")

    def due(self, now_s: int, limit: int | None = None) -> list[Notice]:
        """What may be tried now, longest due first."""
        of = {"email": owners, "language": owners, "lines": orders, "total_minor": orders}
        of |= dict.fromkeys(("currency", "delivery_date", "placed_at"), orders)
        columns = [of.get(name, notices).c[name] for name in Notice.__struct_fields__]
        same_order = and_(notices.c.order_id == orders.c.order_id, notices.c.device_id == orders.c.device_id)
        rows = self._db.execute(
            select(*columns)
            .select_from(
                notices.join(orders, same_order).join(owners, owners.c.device_id == notices.c.device_id)
            )
            .where(*self._may_be_tried(now_s))
            .order_by(notices.c.due_at, notices.c.number)
            .limit(limit)
        )
        return [Notice(*row) for row in rows]

    def counts(self, device_id: str) -> dict[str, int]:
        """How many notices of a device are in each state: due, sent, failed, dropped."""
        query = select(notices.c.state, func.count()).where(notices.c.device_id == device_id)
        found = {row[0]: row[1] for row in self._db.execute(query.group_by(notices.c.state))}
        return {state: found.get(state, 0) for state in ("sent", "due", "failed", "dropped")}

    def unsent(self, device_id: str, limit: int = 20) -> list[Unsent]:
        """The newest of a device that failed, or that wait after an attempt."""
        query = (
            select(*(notices.c[name] for name in Unsent.__struct_fields__))
            .where(*self._went_wrong(device_id))
            .order_by(notices.c.number.desc())
            .limit(limit)
        )
        return [Unsent(*row) for row in self._db.execute(query)]
