"""Codes by which new devices claim their place, in the shop's database: one use each, a short life, few
tries."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import delete, insert, or_, select, update

from agent.committing.claim_code import ClaimAnchor, ClaimAnswer, ClaimCode, Enrolment, password_hash
from agent.plumbing.errors import TrustError
from order_backend.database import Database
from order_backend.tables import claims

MOST_FAILURES = 10
"""Wrong passwords under one name: whoever knows the name has the code or a part of it, so more are no typing
errors."""
KEPT_S = 30 * 24 * 3600
"""After its end, a claim is still known as over."""

ANEW = "ask the shop for a new one: earmark-backend claim --help"


class Claims:
    """On the connection of a `Shop`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def make(
        self, anchor: ClaimAnchor, *, now_s: int, lifetime_s: int, old_key_stolen: bool = False
    ) -> ClaimCode:
        """A new code for `anchor.device_id`; one that it had is over. `old_key_stolen`: once the code is
        used, nothing that the device's keys before signed counts any more."""
        code, text = ClaimCode.new(), msgspec.json.encode(anchor).decode()
        row = {
            "name": code.name,
            "device_id": anchor.device_id,
            "anchor": text,
            "mac": code.mac(text),
            "password_hash": password_hash(code.password),
            "expires_s": now_s + lifetime_s,
            "failures": 0,
            "used_by": "",
            "old_key_stolen": int(old_key_stolen),
        }
        with self._db.transaction("claims"):
            old = or_(claims.c.device_id == anchor.device_id, claims.c.expires_s < now_s - KEPT_S)
            self._db.execute(delete(claims).where(old))
            self._db.execute(insert(claims).values(**row))
        return code

    def answer(self, name: str, *, now_s: int) -> ClaimAnswer:
        """The shop's first word to whoever holds the code of that name. Raises TrustError: claim_unknown,
        claim_expired, claim_closed."""
        row = self._live(name, now_s)
        return ClaimAnswer(row.anchor, row.mac)

    def redeem(
        self,
        wanted: Enrolment,
        requests_sha256: str,
        *,
        now_s: int,
        may_be_used: Callable[[str], object] = lambda _: None,
    ) -> tuple[str, bool]:
        """The device id that may now have certificates for exactly these requests, and whether its old key
        was stolen; from then on the code is good for them alone, so that a lost answer can be asked for
        again. `may_be_used` is given the device id before that, and leaves the code as it is by raising.

        Raises TrustError: claim_unknown, claim_expired, claim_closed, claim_refused, claim_used.
        """
        with self._db.transaction("claims", wanted.claim):
            row = self._live(wanted.claim, now_s)
            right = hmac.compare_digest(password_hash(wanted.password), row.password_hash)
            if right and row.used_by not in ("", requests_sha256):
                raise TrustError("claim_used", "another device has used this code", ANEW)
            if right:
                may_be_used(row.device_id)
            changed = {"used_by": requests_sha256} if right else {"failures": row.failures + 1}
            self._db.execute(update(claims).where(claims.c.name == wanted.claim).values(**changed))
        if not right:
            raise TrustError("claim_refused", "the password is not that of the code", ANEW)
        return str(row.device_id), bool(row.old_key_stolen)

    def open_ones(self, now_s: int) -> dict[str, int]:
        """Device ids that may still be claimed, each with the end of its code (Unix seconds)."""
        rows = self._db.execute(
            select(claims.c.device_id, claims.c.expires_s)
            .where(claims.c.expires_s >= now_s, claims.c.used_by == "", claims.c.failures < MOST_FAILURES)
            .order_by(claims.c.device_id)
        )
        return {row[0]: row[1] for row in rows}

    def withdraw(self, device_id: str) -> bool:
        """The device's code is good for nothing any more; False where there was none."""
        return self._db.execute(delete(claims).where(claims.c.device_id == device_id)).rowcount > 0

    def _live(self, name: str, now_s: int) -> Any:
        row = self._db.execute(select(claims).where(claims.c.name == name)).first()
        if row is None:
            raise TrustError("claim_unknown", "no such code", "compare it with the print, letter by letter")
        if row.failures >= MOST_FAILURES:
            raise TrustError("claim_closed", "too many wrong tries with this code", ANEW)
        if row.expires_s < now_s:
            raise TrustError("claim_expired", "the code is too old", ANEW)
        return row
