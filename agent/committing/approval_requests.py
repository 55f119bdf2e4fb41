"""What a device wants approved on a person's phone, or no more, signed for the shop, which passes it on: ids,
counts and prices, and no word that anybody has said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict
from uuid import UUID, uuid4

from agent.committing.envelope import (
    APPROVAL_REQUEST,
    APPROVAL_WITHDRAWN,
    SignedData,
    encode_event,
    up_topic,
)
from agent.committing.keys import KeyStore
from agent.committing.statements import (
    APPROVAL_LIFETIME_S,
    Addressed,
    AskedClaims,
    WithdrawnClaims,
    addressed,
)
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.deciding.phone import Asked
from agent.plumbing.messages import Publish

_ASKED, _WITHDRAWN = "approval-", "approval-withdrawn-"


class ApprovalAsking:
    """The device's half. Nothing is kept: an approval is for now."""

    def __init__(
        self,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._keys, self._trust, self._time = keys, trust, time
        self._device_id, self._new_id = device_id, new_id

    def ask(self, of: Asked) -> Publish:
        """What has the shop show that on the phone of `of.person`. Sent again as it is, it is one question.
        Raises TrustError: clock_untrusted, key_store_unavailable."""
        id_, now_s = self._new_id(), self._time.now()
        claims = AskedClaims(**self._addressed(id_, now_s), **_fields(of))
        return self._publish(_ASKED, APPROVAL_REQUEST, id_, now_s, claims)

    def withdraw(self, of: Asked, asked: Publish) -> Publish:
        """That what `ask` gave is not asked any more. Raises as that."""
        id_, now_s = UUID(asked.ref.removeprefix(_ASKED)), self._time.now()
        claims = WithdrawnClaims(**self._addressed(id_, now_s), **_fields(of))
        return self._publish(_WITHDRAWN, APPROVAL_WITHDRAWN, id_, now_s, claims)

    def _addressed(self, id_: UUID, now_s: int) -> Addressed:
        return addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + APPROVAL_LIFETIME_S)

    def _publish(self, ref: str, type_: str, id_: UUID, now_s: int, claims: AskedClaims) -> Publish:
        signed = SignedData(self._keys.sign(claims))
        payload = encode_event(type_, id_=id_, source=self._device_id, now_s=now_s, data=signed)
        return Publish(f"{ref}{id_}", up_topic(self._device_id, "approval"), payload)


class _Fields(TypedDict):
    sub: str
    lines: tuple[tuple[str, int, int], ...]
    total_minor: int
    currency: str
    catalogue_version: int
    nonce: str


def _fields(of: Asked) -> _Fields:
    return {
        "sub": of.person,
        "lines": of.lines,
        "total_minor": of.total_minor,
        "currency": of.currency,
        "catalogue_version": of.catalogue_version,
        "nonce": of.nonce,
    }
