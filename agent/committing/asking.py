"""The device's half of a question to the shop: signed, and whether what comes down answers it.

Of a question that changes nothing, nothing is kept: whoever asked waits a moment, or asks again. What
somebody at the shop is to deal with is in the journal before it is sent, and is sent until it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple
from uuid import UUID

from agent.committing.envelope import ASK, SignedData, encode_event, up_topic
from agent.committing.journal import Journal
from agent.committing.journal_requests import RequestOutcome
from agent.committing.keys import KeyStore
from agent.committing.statements import AskClaims, AskedLine, addressed
from agent.committing.told_claims import ToldClaims, verify_told
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.told import AskKind

ASK_LIFETIME_S = 60
REQUEST_LIFETIME_S = 7 * 24 * 3600
"""As long a ticket, a return or a quote is still wanted."""
MOST_AWAITED = 16
"""Questions whose answers are awaited at once; the oldest gives way."""


class Question(NamedTuple):
    """What is asked: of goods by sku and count, of orders by the ids of their intents. `person` is whose
    orders they are; `codes`: what was decided before, for who is to help."""

    kind: AskKind
    lines: tuple[tuple[str, int], ...] = ()
    orders: tuple[str, ...] = ()
    person: str = ""
    codes: tuple[str, ...] = ()


class Asked(NamedTuple):
    """A question on its way, and the id that its answer has to name."""

    id: str
    publish: Publish


class Asking:
    """Used from one thread."""

    def __init__(
        self,
        journal: Journal,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        *,
        monotonic_s: Callable[[], float],
        rest_s: Callable[[int], float],
        new_id: Callable[[], UUID],
    ) -> None:
        """`rest_s` gives the rest after so many attempts."""
        self._journal, self._keys, self._trust, self._time = journal, keys, trust, time
        self._device_id, self._monotonic_s, self._rest_s, self._new_id = (
            device_id,
            monotonic_s,
            rest_s,
            new_id,
        )
        self._awaited: dict[str, AskClaims] = {}
        self._due: dict[str, float] = {}

    def ask(self, question: Question) -> Asked:
        """Raises TrustError: clock_untrusted, key_store_unavailable."""
        claims, payload = self._signed(question, ASK_LIFETIME_S)
        self._awaited[claims.jti] = claims
        while len(self._awaited) > MOST_AWAITED:
            del self._awaited[next(iter(self._awaited))]
        return Asked(claims.jti, Publish(f"ask-{claims.jti}", up_topic(self._device_id, "query"), payload))

    def keep(self, question: Question, title: str) -> str:
        """Signs and journals it under the id that is given; on disk when this returns. `title` names it for
        people. Raises TrustError (clock_untrusted, key_store_unavailable) and JournalError; nothing is asked
        then."""
        claims, payload = self._signed(question, REQUEST_LIFETIME_S)
        self._journal.queue_request(
            *(claims.jti, question.kind, title, payload), exp=claims.exp, now_s=claims.iat
        )
        return claims.jti

    def linked(self) -> None:
        """The link is there again: everything that is kept is due."""
        self._due.clear()

    def leaving(self, *, now_s: int) -> list[Publish]:
        """What is kept and due now, noted as handed out. Raises JournalError; nothing leaves then."""
        due = [
            row
            for row in self._journal.open_requests()
            if self._monotonic_s() >= self._due.get(row.ask_id, 0.0)
        ]
        leaving = [row for row in due if row.is_whole and row.exp > now_s]
        for row in due:
            if row not in leaving:
                outcome: RequestOutcome = "expired" if row.is_whole else "damaged"
                self._journal.settle_request(row.ask_id, outcome, now_s=now_s)
                audit.log(f"request_{outcome}", detail=f"{row.kind} {row.ask_id}", next_step="ask the shop")
        if leaving:
            self._journal.request_attempted(row.ask_id for row in leaving)
        for row in leaving:
            self._due[row.ask_id] = self._monotonic_s() + self._rest_s(row.attempts + 1)
        topic = up_topic(self._device_id, "query")
        return [Publish(f"ask-{row.ask_id}", topic, row.payload) for row in leaving]

    def drop(self, id_: str) -> None:
        """Nobody waits for that answer any more."""
        self._awaited.pop(id_, None)

    def received(self, payload: bytes) -> ToldClaims:
        """The answer to a question that is open, once: it is the shop's, for this device, and about what was
        asked.

        Raises TrustError: told_unasked, told_differs, and what `verify_told` raises; JournalError. Then the
        one that is awaited may still come.
        """
        told = verify_told(payload, self._trust, device_id=self._device_id)
        asked = self._awaited.get(told.ask)
        if asked is None:
            self._settle(told)
            return told
        check_told(told, asked.kind, (line.id for line in asked.lines))
        del self._awaited[told.ask]
        return told

    def _settle(self, told: ToldClaims) -> None:
        row = self._journal.request(told.ask)
        if row is None or row.outcome:
            raise TrustError("told_unasked", "answers no question that is open")
        if told.kind != row.kind or bool(told.code) == bool(told.number):
            raise TrustError("told_differs", "tells something else than was asked")
        outcome: RequestOutcome = "refused" if told.code else "answered"
        self._journal.settle_request(told.ask, outcome, told.number or told.code, now_s=told.iat)
        self._due.pop(told.ask, None)

    def _signed(self, question: Question, lifetime_s: int) -> tuple[AskClaims, bytes]:
        id_, now_s = self._new_id(), self._time.now()
        claims = AskClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + lifetime_s),
            kind=question.kind,
            lines=tuple(AskedLine(*line) for line in question.lines),
            orders=question.orders,
            sub=question.person,
            codes=question.codes,
        )
        signed = SignedData(self._keys.sign(claims))
        return claims, encode_event(ASK, id_=id_, source=self._device_id, now_s=now_s, data=signed)


def check_told(told: ToldClaims, kind: AskKind, skus: Iterable[str]) -> None:
    """Raises TrustError told_differs where something else is told than was asked."""
    if told.kind != kind or not {line.id for line in told.lines} <= set(skus):
        raise TrustError("told_differs", "tells something else than was asked")
