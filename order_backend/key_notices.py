"""What became of devices' signing keys, for the operator; and the mails to their owners about it.

Whoever has the key of a device can ask for the next one: so its owner is told past the device, as of its
orders, while the one before still counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, func, insert, select

from order_backend.database import Database
from order_backend.mail_queue import Language, MailQueue
from order_backend.tables import key_notices, owners

KeyEvent = Literal["asked", "admitted", "taken_up", "dropped"]
_TOLD: frozenset[KeyEvent] = frozenset({"asked", "admitted"})
"""From these on another key counts; the others follow from what was told."""


class KeyNotice(msgspec.Struct, frozen=True):
    """A change that an owner is to be told of. `kid` is the new key's thumbprint, `at` Unix seconds."""

    number: int
    device_id: str
    kid: str
    about: Literal["asked", "admitted"]
    at: int
    attempts: int
    email: str
    language: Language

    @property
    def named(self) -> str:
        return f"key={self.kid} device={self.device_id}"


class KeyChange(msgspec.Struct, frozen=True):
    """As an operator sees it. `state` is that of the mail: 'untold' where there is none."""

    at: int
    device_id: str
    kid: str
    about: KeyEvent
    state: Literal["due", "sent", "failed", "dropped", "untold"]
    attempts: int
    reason: str


class KeyNotices(MailQueue[KeyNotice]):
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, key_notices)

    def note(self, device_id: str, kid: str, about: KeyEvent, *, now_s: int) -> None:
        """Inside the transaction that changes it."""
        # Whoever takes the owner away waits for this, and drops it, too.
        owner = select(owners.c.device_id).where(owners.c.device_id == device_id)
        has_owner = self._db.execute(owner.with_for_update(read=True, key_share=True)).first() is not None
        state = "due" if has_owner and about in _TOLD else "untold"
        row = {"device_id": device_id, "kid": kid, "about": about, "at": now_s, "due_at": now_s}
        self._db.execute(insert(key_notices).values(**row, state=state, attempts=0, reason=""))

    def due(self, now_s: int, limit: int | None = None) -> list[KeyNotice]:
        """What may be tried now, longest due first."""
        names = KeyNotice.__struct_fields__
        columns = [(owners if name in ("email", "language") else key_notices).c[name] for name in names]
        rows = self._db.execute(
            select(*columns)
            .select_from(key_notices.join(owners, owners.c.device_id == key_notices.c.device_id))
            .where(*self._may_be_tried(now_s))
            .order_by(key_notices.c.due_at, key_notices.c.number)
            .limit(limit)
        )
        return [KeyNotice(*row) for row in rows]

    def asked_since(self, device_id: str, since_s: int) -> int:
        """How many other keys a device has asked for and got since then."""
        table = key_notices.c
        mine = (table.device_id == device_id, table.about == "asked", table.at > since_s)
        return int(self._db.execute(select(func.count()).where(*mine)).scalar_one())

    def changes(self, device_id: str | None = None, *, limit: int = 20) -> list[KeyChange]:
        """The newest first; of one device where it is named."""
        of_device = () if device_id is None else (key_notices.c.device_id == device_id,)
        return self._newest(of_device, limit)

    def unsent(self, device_id: str, limit: int = 20) -> list[KeyChange]:
        """The newest of a device whose mail failed, or waits after an attempt."""
        return self._newest(self._went_wrong(device_id), limit)

    def _newest(self, where: Iterable[ColumnElement[bool]], limit: int) -> list[KeyChange]:
        query = select(*(key_notices.c[name] for name in KeyChange.__struct_fields__)).where(*where)
        rows = self._db.execute(query.order_by(key_notices.c.number.desc()).limit(limit))
        return [KeyChange(*row) for row in rows]
