"""The device's half of a question to the shop: signed, and whether what comes down answers it.

Of a question that changes nothing, nothing is kept: whoever asked waits a moment, or asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple
from uuid import UUID, uuid4

from agent.committing.envelope import ASK, SignedData, encode_event, up_topic
from agent.committing.keys import KeyStore
from agent.committing.statements import AskClaims, AskedLine, addressed
from agent.committing.told_claims import ToldClaims, verify_told
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.told import AskKind

ASK_LIFETIME_S = 60
MOST_AWAITED = 16
"""Questions whose answers are awaited at once; the oldest gives way."""


class Question(NamedTuple):
    """What is asked: of goods by sku and count, of orders by the ids of their intents. `person` is whose
    orders they are."""

    kind: AskKind
    lines: tuple[tuple[str, int], ...] = ()
    orders: tuple[str, ...] = ()
    person: str = ""


class Asked(NamedTuple):
    """A question on its way, and the id that its answer has to name."""

    id: str
    publish: Publish


class Asking:
    """Used from one thread."""

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
        self._awaited: dict[str, AskClaims] = {}

    def ask(self, question: Question) -> Asked:
        """Raises TrustError: clock_untrusted, key_store_unavailable."""
        claims, payload = self._signed(question, ASK_LIFETIME_S)
        self._awaited[claims.jti] = claims
        while len(self._awaited) > MOST_AWAITED:
            del self._awaited[next(iter(self._awaited))]
        return Asked(claims.jti, Publish(f"ask-{claims.jti}", up_topic(self._device_id, "query"), payload))

    def drop(self, id_: str) -> None:
        """Nobody waits for that answer any more."""
        self._awaited.pop(id_, None)

    def received(self, payload: bytes) -> ToldClaims:
        """The answer to a question that is open, once: it is the shop's, for this device, and about what was
        asked.

        Raises TrustError: told_unasked, told_differs, and what `verify_told` raises. Then the one that is
        awaited may still come.
        """
        told = verify_told(payload, self._trust, device_id=self._device_id)
        asked = self._awaited.get(told.ask)
        if asked is None:
            raise TrustError("told_unasked", "answers no question that is open")
        check_told(told, asked.kind, (line.id for line in asked.lines))
        del self._awaited[told.ask]
        return told

    def _signed(self, question: Question, lifetime_s: int) -> tuple[AskClaims, bytes]:
        id_, now_s = self._new_id(), self._time.now()
        claims = AskClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + lifetime_s),
            kind=question.kind,
            lines=tuple(AskedLine(*line) for line in question.lines),
            orders=question.orders,
            sub=question.person,
        )
        signed = SignedData(self._keys.sign(claims))
        return claims, encode_event(ASK, id_=id_, source=self._device_id, now_s=now_s, data=signed)


def check_told(told: ToldClaims, kind: AskKind, skus: Iterable[str]) -> None:
    """Raises TrustError told_differs where something else is told than was asked."""
    if told.kind != kind or not {line.id for line in told.lines} <= set(skus):
        raise TrustError("told_differs", "tells something else than was asked")
