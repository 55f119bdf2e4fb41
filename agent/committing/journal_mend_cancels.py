"""What a damaged journal still holds of cancellations: those that a key of the device has signed, whatever
else of their rows is lost. They go out again until the shop answers, which is as if they had been repeated.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from agent.committing.journal_salvage import Value
from agent.committing.jws import PublicJwk
from agent.committing.read_back import signed_cancel

_COLUMNS = (
    "number", "intent_id", "payload", "sha256", "attempts", "outcome", "queued_at_s", "settled_at_s",
    "told_at_s",
)  # fmt: skip
_AS_FIRST_MADE = 7
"""Columns of a row that a release before `told_at_s` wrote."""
_OUTCOMES = ("too_late", "damaged")


class SalvagedCancels:
    """The best row of each order that turned up."""

    def __init__(self, keys: Sequence[PublicJwk], device_id: str) -> None:
        self._keys, self._device_id = keys, device_id
        self._rows: dict[str, dict[str, Any]] = {}

    def take(self, values: tuple[Value, ...]) -> bool:
        """Whether these are the columns of a cancellation; one that nobody has signed is left out."""
        if not _AS_FIRST_MADE <= len(values) <= len(_COLUMNS) or not isinstance(values[2], bytes):
            return False
        claims = signed_cancel(values[2], *self._keys)
        if claims is None or claims.iss != self._device_id:
            return True
        row = dict.fromkeys(_COLUMNS) | dict(zip(_COLUMNS, values, strict=False))
        for name in ("attempts", "queued_at_s", "settled_at_s", "told_at_s"):
            row[name] = row[name] if isinstance(row[name], int) else None
        row |= {
            "intent_id": claims.intent,
            "sha256": hashlib.sha256(values[2]).hexdigest(),
            "attempts": max(row["attempts"] or 0, 1),
            "outcome": row["outcome"] if row["outcome"] in _OUTCOMES else "",
            "queued_at_s": row["queued_at_s"] or claims.iat,
        }
        before = self._rows.get(claims.intent)
        if before is None or _rank(row) > _rank(before):
            self._rows[claims.intent] = row
        return True

    def write(self, db: sqlite3.Connection, intent_ids: Iterable[str]) -> None:
        """Those of the orders that are there; inside a transaction. Raises sqlite3.Error."""
        for intent_id in intent_ids:
            if (row := self._rows.get(intent_id)) is not None:
                db.execute(
                    f"INSERT INTO cancels ({', '.join(_COLUMNS[1:])})"  # noqa: S608
                    f" VALUES ({', '.join(f':{name}' for name in _COLUMNS[1:])})",
                    row,
                )


def _rank(row: dict[str, Any]) -> tuple[bool, bool, int]:
    """What is known later counts more: that it was answered, that this was told."""
    return row["outcome"] != "", row["told_at_s"] is not None, row["attempts"]
