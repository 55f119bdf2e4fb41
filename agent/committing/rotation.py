"""Which of the shop's keys the device believes, after those that signed before have named their successors.

A pure function of what was pinned and of signed statements: `rotation` reads no file and no clock. A chain of
statements is followed link by link, so a device that was off for several rotations catches up at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, get_args

import msgspec

from agent.committing import jws
from agent.committing.envelope import claims_of
from agent.committing.jws import PublicJwk
from agent.committing.mandates import UnixSeconds
from agent.committing.trust import TrustBundle
from agent.plumbing.errors import TrustError

TYP = "earmark-rotation+jwt"
Purpose = Literal["receipts", "time", "catalogue", "policy", "offers", "agent"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
OLD_FOR_S = 48 * 3_600
"""As long after the last intent that was under way is over an old key still verifies."""


class RotationClaims(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` sign for `purpose` from now on; those before them verify until `not_after` (Unix seconds) and
    name nobody any more. `serial` counts the rotations of that purpose, from 1."""

    iss: str
    env: str
    iat: UnixSeconds
    serial: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    purpose: Purpose
    keys: Annotated[tuple[PublicJwk, ...], msgspec.Meta(min_length=1, max_length=4)]
    not_after: UnixSeconds


class Retired(NamedTuple):
    """A key that verifies until then (Unix seconds)."""

    key: PublicJwk
    until_s: int


class KeyRing(NamedTuple):
    """The keys of one purpose: those that may sign now, and those that did."""

    current: tuple[PublicJwk, ...]
    retired: tuple[Retired, ...] = ()
    serial: int = 0

    def verifying(self, now_s: int | None) -> tuple[PublicJwk, ...]:
        """Whose signatures hold; without the time none of those that are retired."""
        if now_s is None:
            return self.current
        return (*self.current, *(old.key for old in self.retired if now_s < old.until_s))


KeyRings = Mapping[Purpose, KeyRing]


class Followed(NamedTuple):
    """The keys at the end of a chain, and the statements of it that held."""

    rings: KeyRings
    statements: tuple[str, ...]


def pinned(trust: TrustBundle) -> KeyRings:
    """As provisioned."""
    keys = trust.keys
    return {
        "receipts": KeyRing(keys.receipts),
        "time": KeyRing(keys.time),
        "catalogue": KeyRing(keys.catalogue),
        "policy": KeyRing(keys.policy),
        "offers": KeyRing(keys.offers),
        "agent": KeyRing((trust.shop_agent,)),
    }


def follow(rings: KeyRings, statement: str, trust: TrustBundle) -> KeyRings:
    """The keys after one more rotation.

    Raises TrustError: rotation_malformed, rotation_other_shop, rotation_environment, rotation_replayed (its
    serial is not above the last), rotation_retired_key, key_unusable, and what `jws.verify` raises.
    """
    # Which purpose it is for is not known before it is verified, so it is tried as each.
    known = {key.kid: key for ring in rings.values() for key in ring.current}
    known |= {old.key.kid: old.key for ring in rings.values() for old in ring.retired}
    claims = claims_of(jws.verify(statement, known.values(), typ=TYP), RotationClaims, "rotation_malformed")
    if claims.iss != trust.shop_id:
        raise TrustError("rotation_other_shop", f"signed by {claims.iss[:64]!r}")
    if claims.env != trust.environment:
        raise TrustError("rotation_environment", f"signed for {claims.env[:16]!r}, not {trust.environment!r}")
    ring = rings[claims.purpose]
    if claims.serial <= ring.serial:
        raise TrustError("rotation_replayed", f"{claims.purpose}: serial {claims.serial} after {ring.serial}")
    try:
        jws.verify(statement, ring.current, typ=TYP)
    except TrustError as error:
        raise TrustError(
            "rotation_retired_key", f"{claims.purpose}: not signed by a key that signs for it now"
        ) from error
    for key in claims.keys:
        jws.import_public_key(key)
    kept = {key.kid for key in claims.keys}
    retired = tuple(
        old for old in (*ring.retired, *(Retired(key, claims.not_after) for key in ring.current))
        if old.key.kid not in kept
    )  # fmt: skip
    return {**rings, claims.purpose: KeyRing(claims.keys, retired, claims.serial)}


def fold(trust: TrustBundle, statements: Iterable[str]) -> Followed:
    """All statements over what was pinned, in the order in which they stand. Those that do not hold are
    passed over: a device that was provisioned between two rotations cannot verify the first."""
    rings, held = pinned(trust), list[str]()
    for statement in statements:
        try:
            rings = follow(rings, statement, trust)
        except TrustError:
            continue
        held.append(statement)
    return Followed(rings, tuple(held))
