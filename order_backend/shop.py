"""The shop's database: devices, orders, and what was answered to which intent. One transaction per order."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agent.committing.jws import PublicJwk
from agent.plumbing.errors import ConfigurationError
from order_backend.notices import Notices
from order_backend.schema import SCHEMA_VERSION, bring_up_to_date
from order_backend.transactions import transaction

NEVER_CAME = ""
"""The sha256 of an answer that was given before any bytes of the intent had come: that it was not placed."""


class Device(msgspec.Struct, frozen=True):
    """An admitted device and the key it signs intents with."""

    device_id: str
    signing_jwk: PublicJwk
    active: bool


class Answer(msgspec.Struct, frozen=True):
    """What was answered to an intent: the hash of its data bytes, and the receipt event to send again."""

    sha256: str
    receipt: bytes


class OrderRow(msgspec.Struct, frozen=True):
    """A placed order. `lines` is JSON; tokens are SD-JWTs; times are Unix seconds, `delivery_date` ISO
    8601."""

    order_id: str
    device_id: str
    intent_id: str
    person: str
    lines: str
    total_minor: int
    currency: str
    delivery_date: str
    placed_at: int
    open_checkout: str
    open_payment: str
    closed_checkout: str
    closed_payment: str


class ClockReading(msgspec.Struct, frozen=True):
    """The database's clock, and the latest whole second that it is known to have shown (Unix seconds)."""

    now_s: float
    floor_s: int


class Shop:
    """One connection, for one thread. Several processes may each have their own."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self.notices = Notices(database)

    @staticmethod
    def open(path: Path) -> Shop:
        """Opens, creates or migrates the database. Raises ConfigurationError shop_database."""
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            database = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            try:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.execute("PRAGMA foreign_keys = ON")
                database.execute("PRAGMA secure_delete = ON")  # an owner's address, once removed, is gone
                version = bring_up_to_date(database)
            except BaseException:
                database.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError("shop_database", f"cannot use {path}: {error}") from error
        if version > SCHEMA_VERSION:
            database.close()
            raise ConfigurationError(
                "shop_database", f"{path} has schema {version}, known is {SCHEMA_VERSION}"
            )
        return Shop(database)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; other writers wait."""
        with transaction(self._db):
            yield

    def register(self, device_id: str, key: PublicJwk, *, certificate_serial: int, now_s: int) -> None:
        """A device and its signing key, new or anew. What was revoked of it stays revoked."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO devices VALUES (?, ?, 'active', ?) ON CONFLICT (device_id) DO UPDATE SET"
                " signing_jwk = excluded.signing_jwk, state = 'active', admitted_at = excluded.admitted_at",
                (device_id, msgspec.json.encode(key).decode(), now_s),
            )
            self._db.execute(
                "INSERT INTO certificates (serial, device_id) VALUES (?, ?)",
                (str(certificate_serial), device_id),
            )

    def revoke(self, device_id: str) -> bool:
        """Refuses the device and all its certificates so far; False where there is no such device."""
        with self.transaction():
            cursor = self._db.execute(
                "UPDATE devices SET state = 'revoked' WHERE device_id = ?", (device_id,)
            )
            self._db.execute("UPDATE certificates SET revoked = 1 WHERE device_id = ?", (device_id,))
        return cursor.rowcount > 0

    def revoked_serials(self) -> list[int]:
        """Serial numbers of all revoked certificates."""
        return [int(row[0]) for row in self._db.execute("SELECT serial FROM certificates WHERE revoked")]

    def device(self, device_id: str) -> Device | None:
        """A device, active or revoked."""
        row = self._db.execute(
            "SELECT signing_jwk, state FROM devices WHERE device_id = ?", (device_id,)
        ).fetchone()
        if row is None:
            return None
        return Device(device_id, msgspec.json.decode(row[0], type=PublicJwk), row[1] == "active")

    def devices(self) -> list[str]:
        """The ids of all devices, active and revoked."""
        return [row[0] for row in self._db.execute("SELECT device_id FROM devices ORDER BY device_id")]

    def answer(self, device_id: str, intent_id: str) -> Answer | None:
        """What was answered to this intent, if it ever came."""
        row = self._db.execute(
            "SELECT sha256, receipt FROM answers WHERE device_id = ? AND intent_id = ?",
            (device_id, intent_id),
        ).fetchone()
        return Answer(*row) if row else None

    def keep_answer(self, device_id: str, intent_id: str, answer: Answer, *, now_s: int) -> None:
        """Inside a transaction, before `place`; takes the place of what was answered before it came."""
        self._db.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?) ON CONFLICT (device_id, intent_id) DO UPDATE SET"
            " sha256 = excluded.sha256, receipt = excluded.receipt, at = excluded.at"
            " WHERE answers.sha256 = ?",
            (device_id, intent_id, answer.sha256, answer.receipt, now_s, NEVER_CAME),
        )

    def place(self, order: OrderRow) -> None:
        """Inside a transaction, after `keep_answer`."""
        columns = ", ".join(OrderRow.__struct_fields__)
        values = ", ".join(f":{name}" for name in OrderRow.__struct_fields__)
        self._db.execute(f"INSERT INTO orders ({columns}) VALUES ({values})", msgspec.structs.asdict(order))  # noqa: S608

    def order(self, device_id: str, intent_id: str) -> OrderRow | None:
        """The order that this intent became, if it did."""
        columns = ", ".join(OrderRow.__struct_fields__)
        query = f"SELECT {columns} FROM orders WHERE device_id = ? AND intent_id = ?"  # noqa: S608
        row = self._db.execute(query, (device_id, intent_id)).fetchone()
        return OrderRow(*row) if row else None

    def orders(self, limit: int = 100) -> list[OrderRow]:
        """The newest orders first."""
        columns = ", ".join(OrderRow.__struct_fields__)
        query = f"SELECT {columns} FROM orders ORDER BY number DESC LIMIT ?"  # noqa: S608
        return [OrderRow(*row) for row in self._db.execute(query, (limit,))]

    def read_clock(self) -> ClockReading:
        """The database's own time."""
        row = self._db.execute(
            "SELECT (julianday('now') - 2440587.5) * 86400.0, floor_s FROM clock"
        ).fetchone()
        return ClockReading(*row)

    def claim_telling(self, replica: str, *, now_s: int, for_s: int) -> bool:
        """Makes `replica` the one that tells devices the time until `now_s` + `for_s`, unless another is; the
        clock's floor is then `now_s` at least."""
        cursor = self._db.execute(
            "UPDATE clock SET floor_s = max(floor_s, ?), teller = ?, teller_until_s = ?"
            " WHERE teller = ? OR teller_until_s <= ? OR teller_until_s > ?",
            (now_s, replica, now_s + for_s, replica, now_s, now_s + for_s),
        )
        return cursor.rowcount > 0

    def stop_telling(self, replica: str) -> None:
        """Another may."""
        self._db.execute("UPDATE clock SET teller_until_s = 0 WHERE teller = ?", (replica,))

    def set_clock_back(self, now_s: int) -> None:
        """Forgets that the clock ever showed a later time."""
        self._db.execute("UPDATE clock SET floor_s = ?, teller_until_s = 0", (now_s,))
