"""The shop's database: devices, orders, and what was answered to which intent. An order is placed whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Select, insert, select, update

from agent.committing.jws import PublicJwk
from agent.plumbing.errors import ConfigurationError
from order_backend import tables
from order_backend.accounts import Accounts
from order_backend.approval_requests import ApprovalRequests
from order_backend.approvals import Approvals
from order_backend.certificate_book import CertificateBook
from order_backend.claims import Claims
from order_backend.database import Database, DatabaseError, make_file, reason
from order_backend.database_clock import DatabaseClock
from order_backend.deliveries import Deliveries
from order_backend.device_keys import REFUSED_S, DeviceKeys
from order_backend.key_notices import KeyNotices
from order_backend.next_keys import NextKeys
from order_backend.notices import Notices
from order_backend.order_ends import OrderEnds
from order_backend.policies import Policies
from order_backend.promotions import Promotions
from order_backend.published import Published
from order_backend.requests import Requests
from order_backend.restores import Restores
from order_backend.schema import SCHEMA_VERSION, bring_up_to_date
from order_backend.shop_rows import NEVER_CAME, Answer, Device, OrderRow
from order_backend.stock import Stock

__all__ = ["NEVER_CAME", "Answer", "Device", "OrderRow", "Shop", "named"]

_PLACE = insert(tables.orders)


class Shop:
    """One connection, for one thread. Several processes may each have their own."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.clock = DatabaseClock(database)
        self.notices = Notices(database)
        self.stock = Stock(database)
        self.accounts = Accounts(database)
        self.ends = OrderEnds(database)
        self.restores = Restores(database)
        self.published = Published(database)
        self.policies = Policies(database)
        self.approvals = Approvals(database)
        self.approval_requests = ApprovalRequests(database)
        self.claims = Claims(database)
        self.promotions = Promotions(database)
        self.deliveries = Deliveries(database)
        self.requests = Requests(database)
        self.certificates = CertificateBook(database)
        self.next_keys = NextKeys(database)
        self.key_notices = KeyNotices(database)
        self._device_keys = DeviceKeys(database)
        answer = database.insert(tables.answers)
        self._keep_answer = answer.on_conflict_do_update(
            index_elements=["device_id", "intent_id"],
            set_={name: answer.excluded[name] for name in ("sha256", "receipt", "at")},
            where=tables.answers.c.sha256 == NEVER_CAME,
        )

    @staticmethod
    def open(where: Path | str) -> Shop:
        """Opens, creates or migrates the database: SQLite's file, or the URL of PostgreSQL's.

        Raises ConfigurationError shop_database.
        """
        database = None
        try:
            if isinstance(where, Path):
                make_file(where)
            database = Database(where)
            version = bring_up_to_date(database)
        except (OSError, ValueError, DatabaseError) as error:
            if database is not None:
                database.close()
            raise ConfigurationError(
                "shop_database", f"cannot use {named(where)}: {reason(error)}"
            ) from error
        if version > SCHEMA_VERSION:
            database.close()
            raise ConfigurationError(
                "shop_database", f"{named(where)} has schema {version}, known is {SCHEMA_VERSION}"
            )
        return Shop(database)

    @property
    def database(self) -> Database:
        """Its connection."""
        return self._db

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, *alone_with: str) -> Iterator[None]:
        """All or nothing; others that name the same wait."""
        with self._db.transaction(*alone_with):
            yield

    @contextmanager
    def transaction_of(self, several: Iterable[tuple[str, ...]]) -> Iterator[None]:
        """All or nothing of several that others may name; they wait."""
        with self._db.transaction_of(several):
            yield

    def register(
        self,
        device_id: str,
        key: PublicJwk,
        *,
        certificate_serial: int,
        now_s: int,
        old_key_counts_s: int = 0,
        authority: str = "",
        until_s: int = 0,
    ) -> None:
        """A device and its signing key, new or anew. What was revoked of it stays revoked; what a key that is
        replaced has signed counts for `old_key_counts_s`: 0 refuses that one and all before it. `authority`
        and `until_s` of its certificate as in `Held`. Raises TrustError admission_key_refused.
        """
        values = {
            "signing_jwk": msgspec.json.encode(key).decode(),
            "state": "active",
            "admitted_at": now_s,
        }
        device = self._db.insert(tables.devices).values(device_id=device_id, **values)
        certificate = insert(tables.certificates).values(
            serial=str(certificate_serial),
            device_id=device_id,
            revoked=0,
            authority=authority,
            until_s=until_s,
        )
        with self.transaction(device_id):
            self._replace_key(device_id, key, now_s=now_s, old_key_counts_s=old_key_counts_s)
            self._db.execute(device.on_conflict_do_update(index_elements=["device_id"], set_=values))
            self._db.execute(certificate)

    def _replace_key(self, device_id: str, key: PublicJwk, *, now_s: int, old_key_counts_s: int) -> None:
        table = tables.devices.c
        query = select(table.admitted_at).where(table.device_id == device_id)
        before, from_s = self.device(device_id), self._db.execute(query).scalar_one_or_none()
        if before is None or from_s is None:
            return
        counts = before.active and old_key_counts_s > 0
        until_s = now_s + old_key_counts_s if counts else REFUSED_S
        self._device_keys.replace(
            device_id, before.signing_jwk, key, from_s=from_s, now_s=now_s, until_s=until_s
        )
        if not counts:
            self._device_keys.refuse(device_id)
        if not counts or key != before.signing_jwk:  # the one that was to follow was named by that one
            self.next_keys.drop(device_id)
        if key != before.signing_jwk:
            self.key_notices.note(device_id, key.kid, "admitted", now_s=now_s)

    def revoke(self, device_id: str) -> bool:
        """Refuses the device, all its certificates so far and all keys before its present one; False where
        there is no such device."""
        devices, certificates = tables.devices, tables.certificates
        with self.transaction(device_id):
            found = self._db.execute(
                update(devices).where(devices.c.device_id == device_id).values(state="revoked")
            )
            self._db.execute(
                update(certificates).where(certificates.c.device_id == device_id).values(revoked=1)
            )
            self._device_keys.refuse(device_id)
            self.next_keys.drop(device_id)
        return found.rowcount > 0

    def revoked_serials(self) -> list[int]:
        """Serial numbers of all revoked certificates."""
        table = tables.certificates
        return [int(row[0]) for row in self._db.execute(select(table.c.serial).where(table.c.revoked != 0))]

    def device(self, device_id: str) -> Device | None:
        """A device, active or revoked."""
        table, following = tables.devices.c, tables.next_keys.c
        both = tables.devices.outerjoin(tables.next_keys, following.device_id == table.device_id)
        query = select(table.signing_jwk, table.state, following.jwk).select_from(both)
        row = self._db.execute(query.where(table.device_id == device_id)).one_or_none()
        if row is None:
            return None
        keys = [msgspec.json.decode(jwk, type=PublicJwk) if jwk else None for jwk in (row[0], row[2])]
        assert keys[0] is not None  # noqa: S101  (the column is NOT NULL)
        return Device(device_id, keys[0], row[1] == "active", self._device_keys.old(device_id), keys[1])

    def is_active(self, device_id: str) -> bool:
        """Whether the device is admitted and not revoked."""
        state = select(tables.devices.c.state).where(tables.devices.c.device_id == device_id)
        return self._db.execute(state).scalar_one_or_none() == "active"

    def devices(self) -> list[str]:
        """The ids of all devices, active and revoked."""
        column = tables.devices.c.device_id
        return sorted(row[0] for row in self._db.execute(select(column)))

    def answer(self, device_id: str, intent_id: str) -> Answer | None:
        """What was answered to this intent, if it ever came."""
        table = tables.answers
        query = select(table.c.sha256, table.c.receipt).where(
            table.c.device_id == device_id, table.c.intent_id == intent_id
        )
        row = self._db.execute(query).one_or_none()
        return Answer(row[0], bytes(row[1])) if row is not None else None

    def keep_answer(self, device_id: str, intent_id: str, answer: Answer, *, now_s: int) -> None:
        """Inside a transaction, before `place`; takes the place of what was answered before it came.

        Raises RuntimeError where something else was answered to it already.
        """
        about = {"device_id": device_id, "intent_id": intent_id, "at": now_s}
        kept = self._db.execute(self._keep_answer, about | msgspec.structs.asdict(answer))
        if kept.rowcount != 1:
            raise RuntimeError(f"{intent_id} was answered already")

    def replace_receipt(self, device_id: str, intent_id: str, receipt: bytes) -> None:
        """Inside a transaction: what an intent is answered with from now on, whose order was cancelled."""
        table = tables.answers
        self._db.execute(
            update(table)
            .where(table.c.device_id == device_id, table.c.intent_id == intent_id)
            .values(receipt=receipt)
        )

    def place(self, order: OrderRow) -> None:
        """Inside a transaction, after `keep_answer`."""
        self._db.execute(_PLACE, msgspec.structs.asdict(order))

    def order(self, device_id: str, intent_id: str) -> OrderRow | None:
        """The order that this intent became, if it did."""
        table = tables.orders
        query = _orders().where(table.c.device_id == device_id, table.c.intent_id == intent_id)
        row = self._db.execute(query).one_or_none()
        return OrderRow(*row) if row is not None else None

    def has_order(self, order_id: str) -> bool:
        """Whether there is one with that number."""
        column = tables.orders.c.order_id
        return self._db.execute(select(column).where(column == order_id)).first() is not None

    def orders(self, limit: int = 100) -> list[OrderRow]:
        """The newest orders first."""
        query = _orders().order_by(tables.orders.c.number.desc()).limit(limit)
        return [OrderRow(*row) for row in self._db.execute(query)]


def named(where: Path | str) -> str:
    """A database as an operator knows it, without a password that its URL may hold."""
    return str(where) if isinstance(where, Path) else "the PostgreSQL database of shop.json"


def _orders() -> Select[Any]:
    return select(*(tables.orders.c[name] for name in OrderRow.__struct_fields__))
