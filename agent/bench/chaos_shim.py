"""What the network and a thief on it do to messages between a device's road and its uplink: duplicate, hold
back, drop, and forge. TLS hides them from a proxy, so it is done where they are still plain.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws, sd_jwt
from agent.committing.envelope import (
    CANCEL,
    INTENT,
    OFFER,
    CloudEvent,
    IntentData,
    SignedData,
    decode_data,
    decode_event,
    up_topic,
)
from agent.committing.jws import base64url, from_base64url
from agent.committing.offers import OFFER_TYP
from agent.committing.statements import CancelClaims
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish, Received

T = TypeVar("T")

_DUPLICATED, _HELD_BACK, _DROPPED, _FORGED = 0.15, 0.15, 0.05, 0.15
_LONGEST_HELD_S = 3.0


class Shim(Generic[T]):
    """One direction. What is held back comes after what was sent later. `counts` says what was done."""

    def __init__(self, chance: random.Random, counts: Counter[str]) -> None:
        self._chance, self._counts = chance, counts
        self._held: list[tuple[float, T]] = []
        self.quiet = False
        """Whether messages pass unharmed from now on."""

    def put(self, message: T, now_s: float) -> list[T]:
        """What comes out of it at once."""
        if self.quiet:
            return [message]
        luck = self._chance.random()
        if luck < _DROPPED:
            self._counts["dropped"] += 1
            return []
        if luck < _DROPPED + _HELD_BACK:
            self._counts["held_back"] += 1
            self._held.append((now_s + self._chance.uniform(0.0, _LONGEST_HELD_S), message))
            return []
        if luck < _DROPPED + _HELD_BACK + _DUPLICATED:
            self._counts["duplicated"] += 1
            self._held.append((now_s + self._chance.uniform(0.0, _LONGEST_HELD_S), message))
        return [message]

    def due(self, now_s: float) -> list[T]:
        """What was held back long enough."""
        out = [message for at_s, message in self._held if at_s <= now_s or self.quiet]
        self._held = [(at_s, message) for at_s, message in self._held if at_s > now_s and not self.quiet]
        return out


class Forger:
    """Makes of a true intent what its device never sent. `made` holds the sha256 of each forged one's data,
    by which the shop's answers name it, and in which way it was made."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._own_key = ECKey.generate_key("P-256", private=True)
        self.made: dict[str, str] = {}

    def perhaps(self, message: Publish) -> Publish | None:
        """A forged message to send besides, or None."""
        if self._chance.random() >= _FORGED or not message.topic.endswith("/intent"):
            return None
        ways: tuple[Callable[[CloudEvent, IntentData], CloudEvent], ...] = (
            self._altered,
            self._other_key,
            self._other_id,
            self._unsigned,
            self._rewritten,
            self._cancelled,
        )
        event = decode_event(message.payload, INTENT)
        way = self._chance.choice(ways)
        forged = way(event, decode_data(event, IntentData))
        self.made[forged.data_sha256] = way.__name__.strip("_")
        topic = up_topic(event.source, "cancel") if way == self._cancelled else message.topic
        return Publish(f"forged-{len(self.made)}", topic, msgspec.json.encode(forged))

    def _altered(self, event: CloudEvent, data: IntentData) -> CloudEvent:
        """Another amount under the old signature."""
        return _with(event, IntentData(data.checkout, _dearer(data.payment)))

    def _other_key(self, event: CloudEvent, data: IntentData) -> CloudEvent:
        """The same claims, signed by whoever has no key of the shop's devices."""
        return _with(event, IntentData(self._signed(data.checkout), self._signed(data.payment)))

    def _other_id(self, event: CloudEvent, data: IntentData) -> CloudEvent:
        """True tokens under a new intent's id: a replay that is to be a second order."""
        fresh = str(UUID(int=self._chance.getrandbits(128), version=4))
        return msgspec.structs.replace(self._rewritten(event, data), id=fresh)

    def _rewritten(self, event: CloudEvent, data: IntentData) -> CloudEvent:
        """True tokens under their own id, in other bytes: no other order, and no end of the true one."""
        spaces = b" " * self._chance.randint(1, 40)
        return msgspec.structs.replace(
            event, data=msgspec.Raw(bytes(event.data).replace(b"{", b"{" + spaces, 1))
        )

    def _unsigned(self, event: CloudEvent, data: IntentData) -> CloudEvent:
        """`alg` none."""
        header = base64url(b'{"alg":"none","typ":"dc+sd-jwt"}')
        return _with(
            event,
            IntentData(*(f"{header}.{token.split('.')[1]}.~" for token in (data.checkout, data.payment))),
        )

    def _cancelled(self, event: CloudEvent, data: IntentData) -> CloudEvent:
        """A true intent taken back by whoever has no key of the shop's devices. The shop answers nothing."""
        mandate = unchecked_claims(data.checkout)
        id_ = str(UUID(int=self._chance.getrandbits(128), version=4))
        said = {name: mandate[name] for name in ("iss", "aud", "env", "iat", "exp", "sub", "amr")}
        claims = said | {"jti": id_, "intent": event.id, "intent_sha256": event.data_sha256}
        signed = SignedData(jws.sign(claims, self._own_key, typ=CancelClaims.typ))
        forged = msgspec.structs.replace(event, id=id_, type=CANCEL)
        return msgspec.structs.replace(forged, data=msgspec.Raw(msgspec.json.encode(signed)))

    def _signed(self, token: str) -> str:
        return sd_jwt.issue(unchecked_claims(token), self._own_key)


class OfferForger:
    """Makes of a true offer one that the shop never made, or not to this request: whoever can write on the
    device's topic tells it before or after the true one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._own_key = ECKey.generate_key("P-256", private=True)
        self._before = ""

    def perhaps(self, message: Received) -> Received | None:
        """A forged message to receive besides, or None."""
        if not message.topic.endswith("/dn/offer"):
            return None
        event = decode_event(message.payload, OFFER)
        true, before = decode_data(event, SignedData).signed, self._before
        self._before = true
        if self._chance.random() >= _FORGED:
            return None
        forged = (
            _dearer(true),
            jws.sign(unchecked_claims(true) | {"exp": 1 << 33}, self._own_key, typ=OFFER_TYP),
            before or _dearer(true),
        )
        data = msgspec.Raw(msgspec.json.encode(SignedData(self._chance.choice(forged))))
        return Received(message.topic, msgspec.json.encode(msgspec.structs.replace(event, data=data)))


def _dearer(token: str) -> str:
    """Other amounts under the old signature."""
    header, claims, rest = token.split(".", 2)
    changed = from_base64url(claims)
    for name in (b'"max":', b'"amount":', b'"price":'):
        changed = changed.replace(name, name + b"9")
    return ".".join((header, base64url(changed), rest))


def unchecked_claims(token: str) -> dict[str, Any]:
    """What a compact JWS claims, its signature unseen. Raises TrustError signature_malformed."""
    try:
        claims: dict[str, Any] = msgspec.json.decode(jws.unverified(token), type=dict)
    except ValueError as error:  # msgspec's are
        raise TrustError("signature_malformed", "its payload is no JSON object") from error
    return claims


def _with(event: CloudEvent, data: IntentData) -> CloudEvent:
    return msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))
