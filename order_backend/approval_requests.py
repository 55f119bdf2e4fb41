"""What devices want approved on people's phones, for as long as a phone may answer it; on the connection of a
`Shop`.

The shop passes it on and vouches for nothing: what a phone approves is what it was shown, and the device
takes no approval of anything else. So a shop that shows another basket gets an answer that is good for
nothing.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from agent.committing.statements import AskedClaims
from agent.plumbing.errors import TrustError
from order_backend.database import Database
from order_backend.tables import approval_requests

MOST_OPEN = 20
"""Of one device: nobody is asked more at once, and a device that asks on and on fills nothing."""


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a phone shows and signs the digest of (docs/asyncapi.yaml, approvalClaims): `lines` are (sku,
    quantity, minor units for one), sorted; `nonce` is that of the device's one request."""

    device: str
    person: str
    lines: tuple[tuple[str, int, int], ...]
    total_minor: int
    currency: str
    catalogue_version: int
    nonce: str = ""  # a device of an earlier release draws none


class OpenRequest(msgspec.Struct, frozen=True):
    """What `asked.device` wants approved; times are Unix seconds."""

    asked: Shown
    at_s: int
    until_s: int


class ApprovalRequests:
    """Those that are open; what changes them stands inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, ask_id: str, asked: Shown, *, at_s: int, until_s: int) -> bool:
        """Once, however often it comes; False where the device has as many open as it may."""
        table = approval_requests.c
        mine = and_(table.device_id == asked.device, table.ask_id != ask_id, table.withdrawn == 0)
        if self._db.execute(select(func.count()).where(mine, table.until_s > at_s)).scalar_one() >= MOST_OPEN:
            return False
        put = self._row(ask_id, asked, at_s=at_s, until_s=until_s, withdrawn=0)
        self._db.execute(put.on_conflict_do_nothing(index_elements=["device_id", "ask_id"]))
        return True

    def withdraw(self, ask_id: str, asked: Shown, *, at_s: int, until_s: int) -> None:
        """No phone is shown it any more, nor where it comes only now: of two order services the other one may
        have it."""
        put = self._row(ask_id, asked, at_s=at_s, until_s=until_s, withdrawn=1)
        self._db.execute(
            put.on_conflict_do_update(index_elements=["device_id", "ask_id"], set_={"withdrawn": 1})
        )

    def open_ones(self, now_s: int, *, device_id: str = "", person: str = "") -> list[OpenRequest]:
        """The newest first; of one device or person where it is named."""
        table = approval_requests.c
        query = select(table.asked, table.at_s, table.until_s)
        query = query.where(table.until_s > now_s, table.withdrawn == 0)
        if device_id:
            query = query.where(table.device_id == device_id)
        if person:
            query = query.where(table.person == person)
        rows = self._db.execute(query.order_by(table.at_s.desc(), table.ask_id))
        return [OpenRequest(msgspec.json.decode(row[0], type=Shown), row[1], row[2]) for row in rows]

    def purge(self, *, now_s: int) -> None:
        """Those whose time is over go."""
        self._db.execute(delete(approval_requests).where(approval_requests.c.until_s <= now_s))

    def _row(
        self, ask_id: str, asked: Shown, *, at_s: int, until_s: int, withdrawn: int
    ) -> sqlite.Insert | postgresql.Insert:
        return self._db.insert(approval_requests).values(
            device_id=asked.device,
            ask_id=ask_id,
            person=asked.person,
            asked=msgspec.json.encode(asked).decode(),
            at_s=at_s,
            until_s=until_s,
            withdrawn=withdrawn,
        )


def shown(claims: AskedClaims) -> Shown:
    """As a phone is to show it. Raises TrustError approval_malformed where its total is not the sum of its
    lines, or these are in another order than everybody's."""
    total = sum(quantity * minor for _, quantity, minor in claims.lines)
    if total != claims.total_minor or list(claims.lines) != sorted(claims.lines):
        raise TrustError("approval_malformed", "its total or its order is another than that of its lines")
    return Shown(
        *(claims.iss, claims.sub, claims.lines, total, claims.currency, claims.catalogue_version),
        nonce=claims.nonce,
    )
