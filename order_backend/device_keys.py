"""Signing keys that a device had before its present one: what they signed while they were its own still
counts until it is over; what they sign later does not."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, select, update

from agent.committing import jws
from agent.committing.jws import PublicJwk
from agent.committing.statements import CLOCK_SKEW_S
from agent.plumbing.errors import TrustError
from order_backend.database import Database
from order_backend.tables import device_keys

REFUSED_S = 0
"""The end (`until_s`) of a key that was stolen, or whose device was revoked."""


class OldKey(msgspec.Struct, frozen=True):
    """It was replaced at `replaced_s`, and what it signed before counts until `until_s` (Unix seconds)."""

    jwk: PublicJwk
    replaced_s: int
    until_s: int


class Signer(msgspec.Struct, frozen=True):
    """A key, and when it was replaced, if it was (Unix seconds); `is_next`: the device has not used it
    yet."""

    jwk: PublicJwk
    replaced_s: int | None = None
    is_next: bool = False

    def may_have_signed_at(self, iat_s: int) -> bool:
        """Whether it was the device's key then, as far as two clocks can tell."""
        return self.replaced_s is None or iat_s <= self.replaced_s + CLOCK_SKEW_S


class SigningKeys(msgspec.Struct, frozen=True):
    """Those of one device."""

    current: PublicJwk
    old: tuple[OldKey, ...] = ()
    following: PublicJwk | None = None

    def signer(self, token: str, *, now_s: int) -> Signer:
        """The one that `token` (a compact JWS or SD-JWT) has to be verified with: the old one that it names,
        until its end, or the one that is to follow, else the present one."""
        kid = jws.named_key(token.partition("~")[0])
        if self.following is not None and kid == self.following.kid:
            return Signer(self.following, is_next=True)
        for old in self.old:
            if old.jwk.kid == kid and now_s < old.until_s:
                return Signer(old.jwk, old.replaced_s)
        return Signer(self.current)

    def present(self, token: str) -> PublicJwk:
        """As `signer`, where no old key counts."""
        named = self.following is not None and jws.named_key(token) == self.following.kid
        return self.following if named and self.following is not None else self.current


class DeviceKeys:
    """Replaced ones, on the connection of a `Shop`; what changes them stands inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def old(self, device_id: str) -> tuple[OldKey, ...]:
        """All it ever had, the newest first."""
        table = device_keys.c
        rows = self._db.execute(
            select(table.jwk, table.replaced_s, table.until_s)
            .where(table.device_id == device_id)
            .order_by(table.replaced_s.desc(), table.kid)
        )
        return tuple(OldKey(msgspec.json.decode(row[0], type=PublicJwk), row[1], row[2]) for row in rows)

    def replace(
        self, device_id: str, old: PublicJwk, new: PublicJwk, *, from_s: int, now_s: int, until_s: int
    ) -> None:
        """`new` takes the place of `old`, which counts until `until_s`. Raises TrustError
        admission_key_refused where `new` was one of its keys before and is refused."""
        for before in self.old(device_id):
            if before.jwk.kid == new.kid and before.until_s == REFUSED_S:
                raise TrustError(
                    "admission_key_refused",
                    "this signing key of the device was stolen or revoked",
                    "make the device anew, in an empty folder",
                )
        if old.kid == new.kid:
            return
        table = device_keys.c
        # A key that comes back is the present one, as long as nobody said that it was stolen.
        self._db.execute(delete(device_keys).where(table.device_id == device_id, table.kid == new.kid))
        self._db.execute(
            insert(device_keys).values(
                device_id=device_id,
                kid=old.kid,
                jwk=msgspec.json.encode(old).decode(),
                from_s=from_s,
                replaced_s=now_s,
                until_s=until_s,
            )
        )

    def refuse(self, device_id: str) -> None:
        """None that it had before counts any more, from now on and for good."""
        self._db.execute(
            update(device_keys).where(device_keys.c.device_id == device_id).values(until_s=REFUSED_S)
        )
