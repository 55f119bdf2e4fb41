"""The database's own clock, which all replicas go by, and which of them tells devices the time."""

from __future__ import annotations

import msgspec
from sqlalchemy import case, or_, select, update

from order_backend import tables
from order_backend.database import Database


class ClockReading(msgspec.Struct, frozen=True):
    """The database's clock, and the latest whole second that it is known to have shown (Unix seconds)."""

    now_s: float
    floor_s: int

    @property
    def latest_s(self) -> int:
        """What time it is, in whole seconds; never before one that was shown."""
        return max(int(self.now_s), self.floor_s)


class DatabaseClock:
    """The table `clock` by one connection."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._read = select(database.now(), tables.clock.c.floor_s)

    def read(self) -> ClockReading:
        """The database's own time."""
        now, floor_s = self._db.execute(self._read).one()
        return ClockReading(float(now), floor_s)

    def never_earlier_than(self, now_s: int) -> None:
        """The clock's floor is `now_s` at least; inside a transaction."""
        row = tables.clock.c
        self._db.execute(update(tables.clock).where(row.floor_s < now_s).values(floor_s=now_s))

    def claim_telling(self, replica: str, *, now_s: int, for_s: int) -> bool:
        """Makes `replica` the one that tells devices the time until `now_s` + `for_s`, unless another is; the
        clock's floor is then `now_s` at least."""
        row = tables.clock.c
        is_free = or_(row.teller == replica, row.teller_until_s <= now_s, row.teller_until_s > now_s + for_s)
        claimed = self._db.execute(
            update(tables.clock)
            .where(is_free)
            .values(
                floor_s=case((row.floor_s > now_s, row.floor_s), else_=now_s),
                teller=replica,
                teller_until_s=now_s + for_s,
            )
        )
        return claimed.rowcount > 0

    def stop_telling(self, replica: str) -> None:
        """Another may."""
        self._db.execute(
            update(tables.clock).where(tables.clock.c.teller == replica).values(teller_until_s=0)
        )

    def set_back(self, now_s: int) -> None:
        """Forgets that the clock ever showed a later time."""
        self._db.execute(update(tables.clock).values(floor_s=now_s, teller_until_s=0))
