"""The approval of exactly one basket on a person's phone, as values: what it shows and what it answers.

Either it signs an approval, or, where it has no network, it shows a code of eight digits that is derived from
the basket and typed on the device's keypad (in the manner of OCRA, RFC 6287). Both name the device, the
person, every line with its price, the total, and the one request, so what was approved for one basket is
nothing to another, nor to the same one when it is ordered again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.constant_time import bytes_eq

from agent.deciding.basket import Basket
from agent.deciding.money import Currency
from agent.deciding.ocra import ocra

SUITE = "OCRA-1:HOTP-SHA256-8:QH64-T1M"
"""HMAC-SHA-256, eight digits, over a question of 32 bytes and the minute."""

DIGITS = 8
CODE_KEY_BYTES = 32
MINUTES_EITHER_WAY = 1
"""A code of the minute before or after is taken as well: two clocks, and a person who types."""

LIFETIME_S = 300
"""A signed approval is not taken later than this after it was given."""
EARLY_ALLOWED_S = 60
"""Nor earlier than this before it: two clocks never agree exactly."""

Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
NONCE_BYTES = 16

Seconds = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the phone shows and approves. `person` is the pseudonym for which `device` asks; `lines` are (sku,
    quantity, minor units for one), in an order that does not depend on how it was said. `nonce` is that of
    the request; without one its digest is that of a device of a release before nonces."""

    device: str
    person: str
    lines: tuple[tuple[str, int, int], ...]
    total_minor: int
    currency: Currency
    catalogue_version: int
    nonce: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hex."""
        digest = hashes.Hash(hashes.SHA256())
        digest.update(msgspec.json.encode(self))
        return digest.finalize().hex()


class Approval(msgspec.Struct, frozen=True):
    """What the phone signs: `sub`'s answer to what `aud` asks for. `total_minor` and `currency` are what was
    shown, beside the digest of it all; times are Unix seconds."""

    jti: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}\Z")]
    sub: str
    aud: str
    answer: Literal["approve", "refuse"]
    digest: Digest
    total_minor: int
    currency: Currency
    iat: Seconds
    exp: Seconds


def asked(device: str, person: str, basket: Basket, nonce: str = "") -> Asked:
    """What the phone of `person` (a pseudonym) is asked about, the lines sorted by what they are."""
    lines = sorted((line.sku, line.quantity, line.unit_price.minor) for line in basket.lines)
    total = basket.total
    return Asked(device, person, tuple(lines), total.minor, total.currency, basket.catalogue_version, nonce)


def approval(of: Asked, answer: Literal["approve", "refuse"], *, jti: str, now_s: int) -> Approval:
    """The phone's answer, to be signed: given at `now_s` (Unix seconds), and worth nothing after
    `LIFETIME_S`. `jti` is a new UUID."""
    return Approval(
        *(jti, of.person, of.device, answer, of.digest, of.total_minor, of.currency),
        iat=now_s,
        exp=now_s + LIFETIME_S,
    )


def approval_fault(given: Approval, of: Asked, *, now_s: int, taken: Collection[str]) -> str:
    """Why an approval, whose signature is that of the person's phone, is none of this basket now; '' where it
    is one (or a refusal of it). `taken` are the `jti` of those that were taken before."""
    if given.aud != of.device:
        return "approval_other_device"
    if given.sub != of.person:
        return "approval_other_person"
    shown = (given.digest, given.total_minor, given.currency)
    if shown != (of.digest, of.total_minor, of.currency):
        return "approval_other_basket"
    if given.iat > now_s + EARLY_ALLOWED_S:
        return "approval_early"
    if now_s > min(given.exp, given.iat + LIFETIME_S):
        return "approval_over"
    return "approval_again" if given.jti in taken else ""


def code(key: bytes, of: Asked, *, now_s: int) -> str:
    """The eight digits (RFC 6287, `SUITE`) that the phone shows in the minute of `now_s` (Unix seconds)."""
    return _code(key, of, now_s // 60)


def minute_of_code(typed: str, key: bytes, of: Asked, *, now_s: int, last_minute: int) -> int | None:
    """The minute whose code was typed; None where it is none of this basket now. Only minutes after
    `last_minute`, that of the code which was taken last, count: each is taken once, and none after a later
    one. Wrong ones count towards the lockout of PINs; that is the caller's."""
    now = now_s // 60
    found = None
    for minute in range(now - MINUTES_EITHER_WAY, now + MINUTES_EITHER_WAY + 1):
        # Each is compared, so that the time it takes tells nothing.
        if bytes_eq(_code(key, of, minute).encode(), typed.encode()) and minute > last_minute:
            found = minute
    return found


def _code(key: bytes, of: Asked, minute: int) -> str:
    return ocra(SUITE, key, bytes.fromhex(of.digest), minute)
