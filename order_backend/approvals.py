"""What people's phones have answered, on its way to their devices; on the connection of a `Shop`.

The shop carries it and vouches for nothing: the device knows the phone's key, and the shop does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import delete, select

from agent.committing.envelope import APPROVAL, LARGEST_PAYLOAD_BYTES, SignedData, down_topic, encode_event
from agent.plumbing.errors import ConfigurationError
from order_backend.database import Database
from order_backend.tables import approvals

LOOK_EVERY_S = 0.5
KEPT_S = 300
"""No device takes an answer that is older (docs/asyncapi.yaml)."""


class Approvals:
    """Each stands here until an order service has published it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, device_id: str, token: str, *, shop_id: str, now_s: int) -> None:
        """To be carried to that device; inside a transaction. Raises ConfigurationError approval_too_long."""
        event = encode_event(APPROVAL, id_=uuid4(), source=shop_id, now_s=now_s, data=SignedData(token))
        if len(event) > LARGEST_PAYLOAD_BYTES:
            raise ConfigurationError(
                "approval_too_long", f"{len(event)} bytes", "give what the phone has signed, and no more"
            )
        self._db.execute(self._db.insert(approvals).values(device_id=device_id, event=event, at_s=now_s))

    def take(self, *, now_s: int) -> list[tuple[str, bytes]]:
        """All that is on its way, (device, event), which is not here any more then; inside a transaction.
        Those that no device would take are left out."""
        rows = self._db.execute(
            select(approvals.c.number, approvals.c.device_id, approvals.c.event, approvals.c.at_s).order_by(
                approvals.c.number
            )
        ).all()
        for row in rows:
            self._db.execute(delete(approvals).where(approvals.c.number == row[0]))
        return [(row[1], bytes(row[2])) for row in rows if row[3] + KEPT_S >= now_s]

    def waiting(self) -> bool:
        """Whether any is on its way."""
        return self._db.execute(select(approvals.c.number).limit(1)).first() is not None


class Carrier:
    """Brings them to the broker; of one connection to it. Not retained: an answer is for now."""

    def __init__(
        self, database: Database, approvals_of: Approvals, publish: Callable[[str, bytes], None]
    ) -> None:
        self._db, self._approvals, self._publish = database, approvals_of, publish
        self._next_look = 0.0

    def look(self, now_s: Callable[[], int]) -> None:
        """Publishes what has come. Cheap where it is called too often."""
        if (monotonic_s := time.monotonic()) < self._next_look:
            return
        self._next_look = monotonic_s + LOOK_EVERY_S
        if not self._approvals.waiting():
            return
        with self._db.transaction("approvals"):
            found = self._approvals.take(now_s=now_s())
        for device_id, event in found:
            self._publish(down_topic(device_id, "approval"), event)
