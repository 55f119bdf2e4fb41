"""What leaves about an open order, and how long it rests then: its bytes again, or a question to the shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from agent.committing.envelope import QUERY, QueryData, encode_event, up_topic
from agent.committing.journal import Journal
from agent.committing.journal_rows import OrderRow
from agent.committing.jws import PublicJwk
from agent.committing.keys import KeyStore
from agent.committing.read_back import fits, signed_facts
from agent.committing.statements import QUERY_LIFETIME_S, QueryClaims, addressed
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.settings import Settings


class Leaving:
    """Used from the road's thread; forgets what left before it began."""

    def __init__(
        self,
        journal: Journal,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        settings: Settings,
        earlier: Sequence[PublicJwk] = (),
        *,
        monotonic_ns: Callable[[], int],
        label_s: Callable[[], int],
        rest_s: Callable[[int], float],
        new_id: Callable[[], UUID],
    ) -> None:
        """`earlier`: the keys that this device signed with before; `label_s` gives the time for a journal
        row, `rest_s` the rest after so many attempts."""
        self._journal, self._keys, self._trust, self._time = journal, keys, trust, time
        self._earlier = earlier
        self._device, self._orders = settings.device, settings.orders
        self._monotonic_ns, self._label_s, self._rest_s, self._new_id = monotonic_ns, label_s, rest_s, new_id
        self._due: dict[str, float] = {}
        self._handed_out: dict[str, float] = {}  # when, in monotonic seconds, for all that are in _due
        self._questions: Counter[str] = Counter()
        self.early: set[str] = set()
        """Those that the shop may still place, though they were given up here (`outbox.plan`)."""
        self._unsigned = False

    @property
    def due(self) -> Mapping[str, float]:
        """By intent id, the monotonic time before which an order rests."""
        return self._due

    def linked(self) -> None:
        """The uplink's session came: everything open is due.

        What went out less than the shortest rest ago keeps that rest: each sending is a row in the journal,
        and a link that flaps, or an uplink that says so, must not fill the disk.
        """
        shortest_s = self._orders.resend_min_seconds
        self._due = {
            intent_id: min(due, self._handed_out[intent_id] + shortest_s)
            for intent_id, due in self._due.items()
        }

    def answered(self, intent_id: str) -> None:
        """Nothing more of it will leave."""
        self._due.pop(intent_id, None)
        self._handed_out.pop(intent_id, None)
        self._questions.pop(intent_id, None)
        self.early.discard(intent_id)

    def order(self, row: OrderRow) -> Publish | None:
        """Its bytes as they were signed; None where storage has altered them: then the shop will be asked."""
        topic, payload = self._journal.signed_bytes(row.intent_id)
        if not self._are_whole(row, topic, payload):
            return None
        self._rest(row.intent_id, row.attempts + 1)
        self.early.discard(row.intent_id)
        return Publish(row.intent_id, up_topic(self._device.id, "intent"), payload)

    def questions(self, rows: Iterable[OrderRow]) -> list[Publish]:
        """What became of them, asked of the shop. A key store that does not sign now is asked once for all of
        them, for it may take half a minute to say nothing: they rest as if they had left. Of a spell of that
        the first is logged."""
        rows, asked = list(rows), list[Publish]()
        for row in rows:
            self._questions[row.intent_id] += 1
            self._rest(row.intent_id, self._questions[row.intent_id])
        for row in rows:
            try:
                asked.append(self._question(row))
            except TrustError as error:
                if not self._unsigned:
                    audit.log(error.code, detail=error.detail, next_step=error.next_step)
                self._unsigned = True
                break
            self._unsigned = False
        return asked

    def _question(self, row: OrderRow) -> Publish:
        id_, now_s = self._new_id(), self._time.now()
        claims = QueryClaims(
            **addressed(self._trust, self._device.id, id_, now_s=now_s, exp=now_s + QUERY_LIFETIME_S),
            intent=row.intent_id,
        )
        data = QueryData(row.intent_id, self._keys.sign(claims))
        payload = encode_event(QUERY, id_=id_, source=self._device.id, now_s=now_s, data=data)
        return Publish(f"query-{id_}", up_topic(self._device.id, "query"), payload)

    def _are_whole(self, row: OrderRow, topic: str, payload: bytes) -> bool:
        id_, sha256 = row.intent_id, row.sha256
        if fits(payload, topic, intent_id=id_, sha256=sha256, device_id=self._device.id):
            return True
        facts = signed_facts(payload, self._keys.public_jwk(), *self._earlier)
        noted = {"now_s": self._label_s(), "monotonic_ns": self._monotonic_ns()}
        if facts is not None and (facts.intent_id, facts.device_id) == (id_, self._device.id):
            self._journal.mended(facts, **noted)  # it was the digest that was altered
            return True
        self._journal.damaged(id_, **noted)
        audit.log(
            "journal_row_damaged", intent_id=id_, next_step="look at the storage: it alters what it keeps"
        )
        return False

    def _rest(self, intent_id: str, attempts: int) -> None:
        self._handed_out[intent_id] = self._monotonic_ns() / 1e9
        self._due[intent_id] = self._handed_out[intent_id] + self._rest_s(attempts)
