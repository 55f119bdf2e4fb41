"""What the shop's database holds of devices, answers and orders, as values."""

from __future__ import annotations

import msgspec

from agent.committing.jws import PublicJwk
from order_backend.device_keys import OldKey, SigningKeys

NEVER_CAME = ""
"""The sha256 of an answer that was given before any bytes of the intent had come: that it was not placed."""


class Device(msgspec.Struct, frozen=True):
    """A device that was admitted, the key it signs with, the one that it is going to sign with, and those
    that it signed with before: none that counts, once it was revoked."""

    device_id: str
    signing_jwk: PublicJwk
    active: bool
    old_keys: tuple[OldKey, ...] = ()
    next_key: PublicJwk | None = None

    @property
    def signing_keys(self) -> SigningKeys:
        return SigningKeys(self.signing_jwk, self.old_keys, self.next_key)


class Answer(msgspec.Struct, frozen=True):
    """What was answered to an intent: the hash of its data bytes, and the receipt event to send again."""

    sha256: str
    receipt: bytes


class OrderRow(msgspec.Struct, frozen=True):
    """A placed order. `lines` is JSON; tokens are SD-JWTs, the open ones '' where the device closed the pair
    itself; times are Unix seconds, `delivery_date` ISO 8601; `account_id` is who owes it, '' where an earlier
    release placed it."""

    order_id: str
    device_id: str
    intent_id: str
    person: str
    lines: str
    total_minor: int
    currency: str
    delivery_date: str
    placed_at: int
    open_checkout: str
    open_payment: str
    closed_checkout: str
    closed_payment: str
    account_id: str = ""
