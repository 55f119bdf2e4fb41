"""What people's phones have answered, on its way to their devices; on the connection of a `Shop`.

The shop carries it and vouches for nothing: the device knows the phone's key, and the shop does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import delete, select

from agent.committing.envelope import APPROVAL, LARGEST_PAYLOAD_BYTES, SignedData, down_topic, encode_event
from agent.plumbing.errors import ConfigurationError
from order_backend.database import Database
from order_backend.tables import approvals

LOOK_EVERY_S = 0.5
KEPT_S = 300
"""No device takes an answer that is older (docs/asyncapi.yaml)."""


class Carried(NamedTuple):
    """One answer on its way."""

    number: int
    device_id: str
    event: bytes


class Approvals:
    """Each stands here until the broker has it, or until no device would take it any more."""

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

    def waiting(self, *, now_s: int) -> list[Carried]:
        """All that is on its way, in the order in which it came, but what no device would take."""
        table = approvals.c
        query = select(table.number, table.device_id, table.event).where(table.at_s >= now_s - KEPT_S)
        rows = self._db.execute(query.order_by(table.number))
        return [Carried(row[0], row[1], bytes(row[2])) for row in rows]

    def carried(self, number: int) -> None:
        """The broker has it."""
        self._db.execute(delete(approvals).where(approvals.c.number == number))

    def purge(self, *, now_s: int) -> None:
        """What no device would take any more goes."""
        self._db.execute(delete(approvals).where(approvals.c.at_s < now_s - KEPT_S))


class Carrier:
    """Brings them to the broker; of one connection to it, since what the one before had not acknowledged has
    to be published again: its device takes each once. Not retained: an answer is for now."""

    def __init__(self, approvals_of: Approvals, publish: Callable[[str, bytes], int]) -> None:
        """`publish` returns the number by which `published` hears that the broker has it."""
        self._approvals, self._publish = approvals_of, publish
        self._next_look = 0.0
        self._under_way: dict[int, int] = {}
        self._published: set[int] = set()
        self._acknowledged: list[int] = []

    def look(self, now_s: Callable[[], int]) -> None:
        """Publishes what has come. Cheap where it is called too often."""
        if (monotonic_s := time.monotonic()) < self._next_look:
            return
        self._next_look = monotonic_s + LOOK_EVERY_S
        while self._acknowledged:
            self._approvals.carried(self._acknowledged[0])
            self._published.discard(self._acknowledged.pop(0))
        for one in self._approvals.waiting(now_s=now_s()):
            if one.number not in self._published:
                self._published.add(one.number)
                self._under_way[self._publish(down_topic(one.device_id, "approval"), one.event)] = one.number

    def published(self, mid: int) -> None:
        """The broker has that message; only now it is nobody's to send again. Called from inside the
        connection, where no database may be the cause of an end: `look` writes it down."""
        if (number := self._under_way.pop(mid, None)) is not None:
            self._acknowledged.append(number)
