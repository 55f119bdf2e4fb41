"""Limits and rules that the shop has signed for a device. They can only tighten the device's own, whatever
they say."""

from __future__ import annotations

import contextlib
from typing import Annotated

import msgspec

from agent.committing import jws
from agent.committing.envelope import POLICY, SignedData, claims_of, decode_data, decode_event
from agent.committing.mandates import UnixSeconds
from agent.committing.shop_rules import MOST_BYTES, MOST_RULES, ShopRule, ShopRules
from agent.committing.trust import Trust
from agent.committing.trusted_time import Memory
from agent.plumbing.errors import TrustError
from agent.plumbing.settings import Policy
from agent.plumbing.tightening import tightened

TYP = "earmark-policy+jwt"
_KEPT = "shop_policy"

Minor = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]


class Limits(msgspec.Struct, frozen=True, omit_defaults=True):
    """As in the device's `[policy]` settings, whose names these are; None where the shop sets none."""

    voice_order_max_minor: Minor | None = None
    voice_day_max_minor: Minor | None = None
    factor_order_max_minor: Minor | None = None
    factor_day_max_minor: Minor | None = None
    largest_quantity: Count | None = None
    most_lines: Count | None = None


class Before(msgspec.Struct, frozen=True):
    """What one limit was `since` then, until the one that there is came: at most so much."""

    most: Minor
    since: UnixSeconds


class PolicyClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the shop signs with its policy key for the device `aud`. A device of a release before `rules`
    keeps to the limits alone.

    `limits_since` (by name) and `rules_since` (by id) say since when what an earlier version had too has
    held, for the shop itself; of all else `iat` does. `limits_before` is of those that were lowered."""

    iss: str
    aud: str
    env: str
    iat: UnixSeconds
    version: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    limits: Limits
    rules: ShopRules = ()
    limits_since: Annotated[dict[str, UnixSeconds], msgspec.Meta(max_length=MOST_RULES)] = {}
    limits_before: Annotated[dict[str, Before], msgspec.Meta(max_length=MOST_RULES)] = {}
    rules_since: Annotated[dict[str, UnixSeconds], msgspec.Meta(max_length=MOST_RULES)] = {}

    def limit_from_s(self, name: str) -> int:
        """Since when the limit of that name holds."""
        return self.limits_since.get(name, self.iat)

    def rule_from_s(self, rule: ShopRule) -> int:
        """Since when that one of its rules holds."""
        return self.rules_since.get(rule.id, self.iat)


def verify_policy(payload: bytes, trust: Trust, device_id: str) -> PolicyClaims:
    """What this device's shop has signed for it; how new that is, is not looked at.

    Raises TrustError: envelope_malformed, policy_malformed, policy_other_shop, policy_other_device,
    policy_environment, and what `jws.verify` raises.
    """
    signed = decode_data(decode_event(payload, POLICY), SignedData).signed
    claims = claims_of(jws.verify(signed, trust.keys.policy, typ=TYP), PolicyClaims, "policy_malformed")
    if claims.iss != trust.shop_id:
        raise TrustError("policy_other_shop", f"signed by {claims.iss!r}")
    if claims.aud != device_id:
        raise TrustError("policy_other_device", f"is for {claims.aud!r}")
    if claims.env != trust.environment:
        raise TrustError("policy_environment", f"signed for {claims.env!r}, not {trust.environment!r}")
    if len(msgspec.json.encode(claims.rules)) > MOST_BYTES:
        raise TrustError("policy_malformed", f"its rules are longer than {MOST_BYTES} bytes")
    return claims


class ShopPolicy:
    """The newest that came, also after a restart. It sets no clock: it may have been signed long ago."""

    def __init__(self, trust: Trust, device_id: str, memory: Memory) -> None:
        self._trust, self._device_id, self._memory = trust, device_id, memory
        self._kept: PolicyClaims | None = None
        with contextlib.suppress(msgspec.DecodeError):
            self._kept = msgspec.json.decode(memory.meta_get(_KEPT) or b"", type=PolicyClaims)

    @property
    def version(self) -> int:
        """0 where none has come."""
        return self._kept.version if self._kept is not None else 0

    @property
    def since_s(self) -> int:
        """When the shop signed it (Unix seconds)."""
        return self._kept.iat if self._kept is not None else 0

    @property
    def limits(self) -> Limits:
        """As the shop has signed them."""
        return self._kept.limits if self._kept is not None else Limits()

    @property
    def rules(self) -> tuple[ShopRule, ...]:
        """As the shop has signed them; none where none has come."""
        return self._kept.rules if self._kept is not None else ()

    def effective(self, own: Policy) -> Policy:
        """What holds: in every field the stricter of the device's own and the shop's."""
        return own if self._kept is None else tightened(own, msgspec.structs.asdict(self._kept.limits))

    def accept_event(self, payload: bytes) -> bool:
        """Takes a `dn/policy` message, on disk when this returns; True where it is a newer one.

        What an earlier release has kept of a version lacks its rules; the same limits with rules are then
        taken, for these ask for more.

        Raises TrustError: policy_older, policy_same_version (something else came under it), and what
        `verify_policy` raises; JournalError.
        """
        claims = verify_policy(payload, self._trust, self._device_id)
        if claims.version < self.version:
            raise TrustError("policy_older", f"version {claims.version} was superseded by {self.version}")
        if self._kept is not None and claims.version == self.version:
            if claims.limits != self._kept.limits or (self._kept.rules and claims.rules != self._kept.rules):
                raise TrustError("policy_same_version", f"something else came as version {claims.version}")
            if claims.rules == self._kept.rules:
                return False
        self._memory.meta_set(_KEPT, msgspec.json.encode(claims).decode())
        self._kept = claims
        return True
