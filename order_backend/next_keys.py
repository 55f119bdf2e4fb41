"""The signing key that a device is going to use: it has asked for it with the one that it has, and the shop
has said yes. It takes that one's place when the device has signed something with it."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, select, update

from agent.committing.jws import PublicJwk
from order_backend.database import Database
from order_backend.device_keys import DeviceKeys
from order_backend.tables import devices, next_keys


class NextKey(msgspec.Struct, frozen=True):
    """`from_s` is when the shop said yes (Unix seconds)."""

    jwk: PublicJwk
    from_s: int


class NextKeys:
    """On the connection of a `Shop`; what changes them stands inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, device_id: str) -> NextKey | None:
        """The one that this device is going to use."""
        table = next_keys.c
        query = select(table.jwk, table.from_s).where(table.device_id == device_id)
        row = self._db.execute(query).one_or_none()
        return NextKey(msgspec.json.decode(row[0], type=PublicJwk), row[1]) if row is not None else None

    def put(self, device_id: str, key: PublicJwk, *, now_s: int) -> None:
        """Where there is none yet."""
        values = {"device_id": device_id, "jwk": msgspec.json.encode(key).decode(), "from_s": now_s}
        self._db.execute(insert(next_keys).values(**values))

    def drop(self, device_id: str) -> bool:
        """It counts no more; False where there was none."""
        gone = delete(next_keys).where(next_keys.c.device_id == device_id)
        return self._db.execute(gone).rowcount > 0

    def take_over(self, device_id: str, old: PublicJwk, new: PublicJwk, *, now_s: int, until_s: int) -> bool:
        """`new` has signed: it is the device's key from now on, and what `old` signed before counts until
        `until_s`. False, where another order service was quicker."""
        text = msgspec.json.encode(new).decode()
        gone = delete(next_keys).where(next_keys.c.device_id == device_id, next_keys.c.jwk == text)
        if self._db.execute(gone).rowcount == 0:
            return False
        table = devices.c
        from_s = self._db.execute(select(table.admitted_at).where(table.device_id == device_id)).scalar_one()
        DeviceKeys(self._db).replace(device_id, old, new, from_s=from_s, now_s=now_s, until_s=until_s)
        changed = {"signing_jwk": text, "admitted_at": now_s}
        self._db.execute(update(devices).where(table.device_id == device_id).values(**changed))
        return True
