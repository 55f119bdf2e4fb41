"""How a device gets another signing key, as it stands on disk: the key that is to follow, which the shop has
not taken yet, and the changes to which it has said yes.

Nothing secret is in these files. The private keys lie elsewhere, where the process that signs may not write.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from agent.committing import jws
from agent.committing.envelope import KEY_ANSWER, SignedData, claims_of, decode_data, decode_event
from agent.committing.jws import PublicJwk
from agent.committing.mandates import UnixSeconds
from agent.committing.trust import Trust
from agent.plumbing import audit
from agent.plumbing.errors import TrustError

OFFERED = "next-key.json"
"""In the till's part of state_dir: written by whoever makes a key, read by the till."""
CHANGES = "signing-keys.json"
"""Beside it: written by the till."""
ANSWER_TYP = "earmark-key-answer+jwt"
MOST_CHANGES = 8
"""That are kept: what was signed by a key before them is long over."""


class OfferedKey(msgspec.Struct, frozen=True):
    """`key` is to follow the key with the thumbprint `old`; `proof` is its own `KeyProofClaims`."""

    key: PublicJwk
    old: str
    proof: str


class KeyChange(msgspec.Struct, frozen=True):
    """`new` follows `old`: the statement that both have signed, and the shop's signed yes."""

    old: PublicJwk
    new: PublicJwk
    statement: str
    answer: str


class _Changes(msgspec.Struct, frozen=True):
    """The oldest first."""

    changes: tuple[KeyChange, ...] = ()


class KeyAnswerClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's word about the key `key` of the device `aud`: that it may follow `old`, or why not.

    `error` is '' for a yes; 'key_unknown' or 'key_replaced', of what `key` has signed; else why the statement
    `request` was refused. Keys are named by their thumbprints.
    """

    iss: str
    iat: UnixSeconds
    aud: str
    env: str
    key: str
    old: str = ""
    error: str = ""
    request: str = ""


def encode_changes(changes: Iterable[KeyChange]) -> bytes:
    """As the content of `CHANGES`."""
    return msgspec.json.encode(_Changes(tuple(changes)[-MOST_CHANGES:]))


def read_changes(folder: Path) -> tuple[KeyChange, ...]:
    """The oldest first; what cannot be read is logged and read as none: the shop says its yes again."""
    try:
        return msgspec.json.decode((folder / CHANGES).read_bytes(), type=_Changes).changes
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        audit.log("key_changes_unreadable", detail=f"{folder / CHANGES}: {error}")
        return ()


def read_offered(folder: Path) -> OfferedKey | None:
    """The key that is to follow; None where there is none, or nothing that can be read."""
    try:
        return msgspec.json.decode((folder / OFFERED).read_bytes(), type=OfferedKey)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def agreed_change(folder: Path, offered: OfferedKey, trust: Trust, device_id: str) -> KeyChange | None:
    """The shop's signed yes to just this key after just that one, on disk; None where there is none that
    holds."""
    for change in reversed(read_changes(folder)):
        if (change.old.kid, change.new) != (offered.old, offered.key):
            continue
        try:
            claims = verify_answer(change.answer, trust, device_id)
        except TrustError as error:
            audit.log(error.code, detail=error.detail)
            continue
        if (claims.old, claims.key, claims.error) == (offered.old, offered.key.kid, ""):
            return change
    return None


def answer_in(payload: bytes) -> str:
    """The signed answer that an event of dn/key carries. Raises TrustError envelope_malformed."""
    return decode_data(decode_event(payload, KEY_ANSWER), SignedData).signed


def verify_answer(signed: str, trust: Trust, device_id: str) -> KeyAnswerClaims:
    """What the shop has signed about a key of this device. Raises TrustError: key_answer_malformed,
    key_answer_not_for_us, key_answer_environment, and what `jws.verify` raises."""
    verified = jws.verify(signed, trust.keys.receipts, typ=ANSWER_TYP)
    claims = claims_of(verified, KeyAnswerClaims, "key_answer_malformed")
    if (claims.iss, claims.aud) != (trust.shop_id, device_id):
        raise TrustError("key_answer_not_for_us", f"from {claims.iss[:64]!r} for {claims.aud[:64]!r}")
    if claims.env != trust.environment:
        raise TrustError("key_answer_environment", f"was signed for {claims.env[:16]!r}")
    return claims
