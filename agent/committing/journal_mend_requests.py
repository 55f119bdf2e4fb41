"""What a damaged journal still holds of requests: those that a key of the device's own has signed. The shop
takes each once, so one that goes out again is answered as it was."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from agent.committing import jws
from agent.committing.envelope import ASK, SignedData, claims_of, decode_data, decode_event
from agent.committing.journal_salvage import Value
from agent.committing.jws import PublicJwk
from agent.committing.statements import AskClaims
from agent.plumbing.errors import TrustError

_COLUMNS = (
    *("number", "ask_id", "kind", "title", "payload", "sha256", "attempts", "outcome", "answer", "exp"),
    *("queued_at_s", "settled_at_s"),
)
_OUTCOMES = ("answered", "refused", "expired", "damaged")


class SalvagedRequests:
    """The best row of each that turned up."""

    def __init__(self, keys: Sequence[PublicJwk], device_id: str) -> None:
        self._keys, self._device_id = keys, device_id
        self._rows: dict[str, dict[str, Any]] = {}

    def take(self, values: tuple[Value, ...]) -> bool:
        """Whether these are the columns of a request; one that nobody has signed is left out."""
        if len(values) != len(_COLUMNS) or not isinstance(values[4], bytes):
            return False
        claims = self._signed(values[4])
        if claims is None or claims.iss != self._device_id:
            return True
        row: dict[str, Any] = dict(zip(_COLUMNS, values, strict=True))
        settled = row["outcome"] in _OUTCOMES and isinstance(row["settled_at_s"], int)
        row |= {
            "ask_id": claims.jti,
            "kind": claims.kind,
            "title": row["title"] if isinstance(row["title"], str) else "",
            "sha256": hashlib.sha256(values[4]).hexdigest(),
            "attempts": row["attempts"] if isinstance(row["attempts"], int) else 1,
            "outcome": row["outcome"] if settled else "",
            "answer": row["answer"] if settled and isinstance(row["answer"], str) else "",
            "exp": claims.exp,
            "queued_at_s": claims.iat,
            "settled_at_s": row["settled_at_s"] if settled else None,
        }
        before = self._rows.get(claims.jti)
        if before is None or (row["outcome"] != "", row["attempts"]) > (
            before["outcome"] != "",
            before["attempts"],
        ):
            self._rows[claims.jti] = row
        return True

    def write(self, db: sqlite3.Connection) -> None:
        """All of them, in their order; inside a transaction. Raises sqlite3.Error."""
        for row in sorted(self._rows.values(), key=lambda row: (row["queued_at_s"], row["ask_id"])):
            db.execute(
                f"INSERT INTO requests ({', '.join(_COLUMNS[1:])})"  # noqa: S608
                f" VALUES ({', '.join(f':{name}' for name in _COLUMNS[1:])})",
                row,
            )

    def _signed(self, payload: bytes) -> AskClaims | None:
        try:
            token = decode_data(decode_event(payload, ASK), SignedData).signed
            signed = jws.verify(token, self._keys, typ=AskClaims.typ)
            return claims_of(signed, AskClaims, "statement_malformed")
        except TrustError:
            return None
