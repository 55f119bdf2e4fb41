"""What travels over MQTT: CloudEvents 1.0 in structured JSON, and the topics they travel on.

The shop uses the same formats, so nothing here knows about keys, journals or catalogues.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec

from agent.plumbing.errors import TrustError

CONTENT_TYPE = "application/cloudevents+json"
LARGEST_PAYLOAD_BYTES = 60_000
"""Fits an IPC frame of 64 KiB with its topic, and far below the broker's packet limit."""

T = TypeVar("T")

INTENT = "earmark.intent.v1"
RECEIPT = "earmark.receipt.v1"
TIME = "earmark.time.v1"
STATUS = "earmark.status.v1"
QUERY = "earmark.query.v1"
ANSWER = "earmark.answer.v1"
CANCEL = "earmark.cancel.v1"
CATALOGUE = "earmark.catalogue.v1"
POLICY = "earmark.policy.v1"
RETURNED = "earmark.returned.v1"
RENEWAL = "earmark.renewal.v1"
CERTIFICATE = "earmark.certificate.v1"
TRUST = "earmark.trust.v1"
AUTHORITIES = "earmark.authorities.v1"
OFFER_REQUEST = "earmark.offer-request.v1"
OFFER = "earmark.offer.v1"
KEY = "earmark.key.v1"
KEY_ANSWER = "earmark.key-answer.v1"
ASK = "earmark.ask.v1"
TOLD = "earmark.told.v1"
APPROVAL = "earmark.approval.v1"
APPROVAL_REQUEST = "earmark.approval-request.v1"
APPROVAL_WITHDRAWN = "earmark.approval-withdrawn.v1"

TOPIC_ROOT = "va/v1/d"
SHOP_ROOT = "va/v1/b"
_DEVICE_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class CloudEvent(msgspec.Struct, frozen=True):
    """`data` keeps the sender's bytes, because their sha256 is what makes an intent the same intent."""

    id: str
    source: str
    type: str
    time: str
    data: msgspec.Raw
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: str = "application/json"

    @property
    def data_sha256(self) -> str:
        return hashlib.sha256(bytes(self.data)).hexdigest()


class _Typed(msgspec.Struct, frozen=True):
    type: str


class IntentData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two SD-JWTs: a checkout and a payment mandate, both open or both closed."""

    checkout: str
    payment: str


class SignedData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One compact JWS; what it is of, the event's type and the JWS's `typ` say."""

    signed: str


class StatusData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`signed` is a `StatusClaims` as a compact JWS; '' from a device that does not know the time yet, or of
    an earlier release: the shop tells it the time, and believes nothing else."""

    online: bool
    signed: str = ""


class QueryData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Was this intent placed? `signed` is a `QueryClaims` as a compact JWS; '' from a device of an earlier
    release, which does not sign its questions."""

    intent: str
    signed: str = ""


class RenewalData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate request (PKCS #10, PEM), and a `RenewalClaims` as a compact JWS."""

    request: str
    signed: str


class KeyData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`signed` is a `KeyClaims` as a compact JWS; `answer` the shop's own yes to it, for a shop that has lost
    it, else ''."""

    signed: str
    answer: str = ""


class ReturnedData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two events as they were sent and came, as JSON text: an intent, and the shop's receipt of it."""

    intent: str
    receipt: str


class TrustData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each a `RotationClaims` as a compact JWS, the oldest first."""

    statements: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)]


def encode_event(type_: str, *, id_: UUID, source: str, now_s: int, data: msgspec.Struct) -> bytes:
    """One event as JSON bytes."""
    event = CloudEvent(
        id=str(id_),
        source=source,
        type=type_,
        time=datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        data=msgspec.Raw(msgspec.json.encode(data)),
    )
    return msgspec.json.encode(event)


def decode_event(payload: bytes, type_: str) -> CloudEvent:
    """Raises TrustError envelope_malformed where `payload` is not a CloudEvent of `type_`, or holds a text
    that not every database can keep."""
    if len(payload) > LARGEST_PAYLOAD_BYTES:
        raise TrustError(
            "envelope_malformed", f"{len(payload)} bytes, at most {LARGEST_PAYLOAD_BYTES} are read"
        )
    try:
        event, has_nul = msgspec.json.decode(payload, type=CloudEvent), holds_nul(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrustError("envelope_malformed", f"not a CloudEvent: {error}") from error
    if event.type != type_:
        raise TrustError("envelope_malformed", f"is a {event.type[:40]!r}, wanted {type_!r}")
    if has_nul:
        raise TrustError("envelope_malformed", "a text in it holds U+0000")
    return event


def type_of(payload: bytes) -> str:
    """The type of a CloudEvent; '' where `payload` is none, or too long to be read."""
    try:
        return msgspec.json.decode(payload, type=_Typed).type if len(payload) <= LARGEST_PAYLOAD_BYTES else ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def decode_data(event: CloudEvent, type_: type[T]) -> T:
    """Raises TrustError envelope_malformed where the data have another shape."""
    try:
        return msgspec.json.decode(event.data, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrustError("envelope_malformed", f"{event.type}: {error}") from error


def claims_of(payload: bytes, type_: type[T], code: str) -> T:
    """Verified JWS payload bytes as `type_`. Raises TrustError `code` where they have another shape, or hold
    a text that not every database can keep."""
    try:
        claims, has_nul = msgspec.json.decode(payload, type=type_), holds_nul(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TrustError(code, str(error)) from error
    if has_nul:
        raise TrustError(code, "a text in it holds U+0000")
    return claims


def holds_nul(payload: bytes) -> bool:
    """Whether a text in this JSON, which decodes, holds U+0000: SQLite keeps it, PostgreSQL refuses the whole
    row. Half a surrogate pair, which neither keeps, does not decode in the first place."""
    # Only an escape can stand for it. What looks like one may be a backslash and five harmless letters.
    return b"\\u0000" in payload and _has_nul(msgspec.json.decode(payload))


def _has_nul(value: object) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any(_has_nul(part) for pair in value.items() for part in pair)
        case _:
            return False


def to_claims(value: msgspec.Struct) -> dict[str, Any]:
    """A struct as plain JSON values, ready to be signed."""
    claims: dict[str, Any] = msgspec.to_builtins(value)
    return claims


def device_base(device_id: str) -> str:
    """'va/v1/d/ID/'. Raises ValueError where the id could not be a topic level or a certificate's CN."""
    if not _DEVICE_ID.match(device_id):
        raise ValueError(f"{device_id!r} is not a device id")
    return f"{TOPIC_ROOT}/{device_id}/"


def up_topic(device_id: str, what: str) -> str:
    """What a device publishes on: 'va/v1/d/ID/up/WHAT'."""
    return f"{device_base(device_id)}up/{what}"


def down_topic(device_id: str, what: str) -> str:
    """What a device reads: 'va/v1/d/ID/dn/WHAT'."""
    return f"{device_base(device_id)}dn/{what}"


def shop_topic(shop_id: str, what: str) -> str:
    """What the shop tells all its devices on: 'va/v1/b/SHOP/WHAT'."""
    return f"{SHOP_ROOT}/{shop_id}/{what}"


def catalogue_topic(shop_id: str) -> str:
    """Where a shop's manifest is retained: 'va/v1/b/SHOP/catalog'."""
    return f"{SHOP_ROOT}/{shop_id}/catalog"


def part_topic(shop_id: str, sha256: str) -> str:
    """Where one part of its catalogue is retained: 'va/v1/b/SHOP/part/SHA256'."""
    return f"{SHOP_ROOT}/{shop_id}/part/{sha256}"


def split_topic(topic: str) -> tuple[str, str]:
    """('device-1', 'up/intent') of a device topic. Raises ValueError for any other topic."""
    levels = topic.split("/", 4)
    if len(levels) != 5 or "/".join(levels[:3]) != TOPIC_ROOT or not _DEVICE_ID.match(levels[3]):
        raise ValueError(f"{topic!r} is not a device topic")
    return levels[3], levels[4]
