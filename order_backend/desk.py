"""Where an intent becomes an order: the checks, the idempotency, the database, the receipt and the notice to
the owner in one transaction.

Knows no MQTT; `service` brings the messages and takes the answers away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec

from agent.committing.envelope import INTENT, STATUS, CloudEvent, StatusData, decode_data, decode_event
from agent.committing.statements import StatusClaims
from agent.committing.trusted_time import TimeClaims
from agent.plumbing.errors import TrustError
from order_backend.approval_desk import ApprovalDesk
from order_backend.asks import Asks, is_ask
from order_backend.cancelling import Cancelling
from order_backend.checks import (
    CheckedIntent,
    DirectIntent,
    Refusal,
    Signed,
    authenticate_device,
    signs_the_same,
)
from order_backend.device_keys import REFUSED_S
from order_backend.device_rules import DeviceRules
from order_backend.folder import ShopFolder
from order_backend.growth import GROWS_TOO_FAST, Growth
from order_backend.key_changes import KeyChanges
from order_backend.limited import Claimed, Limited, check_limits
from order_backend.measures import Measures
from order_backend.offers import Offers
from order_backend.order_numbers import unguessable
from order_backend.placing import Placing
from order_backend.prices import Prices
from order_backend.questions import Questions
from order_backend.receipt_writer import About, ReceiptWriter
from order_backend.receipts import IN_DOUBT, Reply, require_uuid, time_event
from order_backend.restores import Doubt
from order_backend.restricted import Restricted
from order_backend.retention import receipt_again
from order_backend.returned import ReturnedReceipts, lost_times
from order_backend.shop import NEVER_CAME, Answer, Shop
from order_backend.situation import Situation, Situations

__all__ = ["OrderDesk", "Reply"]


class _Judged(NamedTuple):
    """An intent that is placed if there is enough of what it wants."""

    intent: CheckedIntent
    has_owner: bool
    limited: Limited | None


class OrderDesk:
    """Used from one thread. `key_changes`: of devices that change their own signing key; `approval_desk`:
    what is to be approved on phones."""

    def __init__(
        self,
        folder: ShopFolder,
        *,
        new_id: Callable[[], UUID] = uuid4,
        order_number: Callable[[], str] | None = None,
    ) -> None:
        self._config = config = folder.config()
        self._shop = Shop.open(folder.database)
        self._receipts_key, self._time_key = folder.signing_key("receipts"), folder.signing_key("time")
        self._new_id = new_id
        limited = config.messages_per_second > 0
        self._growth = Growth(limited=limited)
        self._situations = Situations(self._shop.database)
        self._prices = Prices(folder, self._shop, config.longest_lifetime_s)
        self._restricted = Restricted(self._shop.published)
        self._rules = DeviceRules(self._shop.published)
        self._measures = Measures(folder, self._prices)
        self._receipts = ReceiptWriter(config, self._receipts_key, new_id)
        self._placing = Placing(folder, self._shop, self._receipts, order_number or unguessable)
        self.key_changes = KeyChanges(folder, self._shop, self._receipts_key, new_id)
        self._questions = Questions(
            *(self._shop, config, self._receipts_key, new_id, self.key_changes.used), self._growth
        )
        self._offers = Offers(folder, self._shop, self._questions, self._prices, self._rules, new_id)
        number = order_number or unguessable
        self._asks = Asks(
            *(self._shop, config, self._questions, self._prices, self._receipts_key, new_id), number
        )
        self.approval_desk = ApprovalDesk(self._shop, self._questions, limited=limited)
        self._cancelling = Cancelling(self._shop, self._questions, self._receipts, self._growth)
        self._returned = ReturnedReceipts(
            folder, self._shop, self._receipts, self._cancelling, self.place_again
        )
        self._lost = lost_times(self._shop)
        self.unauthenticated: Counter[str] = Counter()
        """By device: what came on its topic and was not signed by its key."""

    @property
    def shop(self) -> Shop:
        """Its database."""
        return self._shop

    def close(self) -> None:
        """Closes the database."""
        self._shop.close()

    def intent(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """Takes, refuses or replays an intent that came on `device_id`'s topic; on disk when this returns.

        What the device's key did not sign is answered, and nothing is kept of it. Raises TrustError
        envelope_malformed where it names no intent that an answer could refer to.
        """
        event = _intent_of(payload)
        with self._shop.transaction(device_id, event.id):
            judged = self._judge(event, device_id, payload, now_s)
            return judged if isinstance(judged, Reply) else self._settle(event, device_id, judged, now_s)

    def intents(self, incoming: Sequence[tuple[str, bytes]], *, now_s: int) -> list[Reply]:
        """As `intent` for each, in this order, and in one transaction: all on disk when this returns.

        Raises ValueError where one intent is there twice, and what `intent` raises for any of them; nothing
        was done then for any.
        """
        events = [(_intent_of(payload), device_id, payload) for device_id, payload in incoming]
        names = {(device_id, event.id) for event, device_id, _ in events}
        if len(names) < len(events):
            raise ValueError("an intent is there twice")
        with self._shop.transaction_of(names):
            judged = [(*of, self._judge(*of, now_s)) for of in events]
            wanted = [(device_id, one.intent) for _, device_id, _, one in judged if isinstance(one, _Judged)]
            if len(wanted) > 1:
                self._placing.lock(wanted)
            return [
                one if isinstance(one, Reply) else self._settle(event, device_id, one, now_s)
                for event, device_id, _, one in judged
            ]

    def _judge(self, event: CloudEvent, device_id: str, payload: bytes, now_s: int) -> Reply | _Judged:
        """All but whether there is enough of what it wants, for which others would have to wait."""
        found = self._situations.of(device_id, event.id)
        before = found.before
        if before is not None and before.sha256 == event.data_sha256:
            again = receipt_again(self._shop, self._receipts, device_id, event.id, before, now_s=now_s)
            return Reply("ack", again, "replayed")
        try:
            active, signed = self.key_changes.authenticate(event, device_id, found.device, now_s)
        except Refusal as refusal:
            if self.key_changes.may_be_forgotten(found.device, refusal, event):
                return IN_DOUBT
            self.unauthenticated[device_id] += 1
            return Reply("ack", self._refused(event, device_id, refusal, now_s), refusal.code)
        if before is not None and before.sha256 != NEVER_CAME:
            return self._in_other_bytes(event, device_id, signed, now_s)
        doubt = self._doubt(found, signed)
        if doubt == "open":
            self._shop.restores.note(device_id, event.id, payload, now_s=now_s)
            return IN_DOUBT
        if before is None and not self._growth.allows(device_id):
            return GROWS_TOO_FAST
        try:
            if before is not None:
                raise Refusal("not_placed", "came after the shop had said that it never would")
            if doubt == "closed":
                raise Refusal("shop_restored", "of a time that the shop has lost, and was not placed")
            if not active:
                raise Refusal("device_revoked", "this device may not order any more")
            judged_s = max(now_s, found.floor_s)
            checked = self._measures.check(signed, judged_s, is_published=found.is_published)
            claimed = Claimed.by(checked)
            check_limits(found.limited, claimed)
            self._rules.check(found.limited, claimed)
            if found.is_published:
                self._restricted.check(checked)
        except Refusal as refusal:
            if refusal.code == "catalogue_unknown" and not isinstance(signed, DirectIntent):
                self._shop.restores.name_version(signed.checkout.catalogue_version)
            return self._keep_refusal(event, device_id, refusal, now_s)
        return _Judged(checked, found.has_owner, found.limited)

    def _settle(self, event: CloudEvent, device_id: str, judged: _Judged, now_s: int) -> Reply:
        try:
            account_id = self._placing.reserve(device_id, judged.intent, now_s=now_s, limited=judged.limited)
        except Refusal as refusal:
            return self._keep_refusal(event, device_id, refusal, now_s)
        receipt = self._placing.place(
            *(event, device_id, judged.intent, self._measures.agent_keys),
            account_id=account_id,
            now_s=now_s,
            has_owner=judged.has_owner,
        )
        return Reply("ack", receipt, "ordered")

    def _keep_refusal(self, event: CloudEvent, device_id: str, refusal: Refusal, now_s: int) -> Reply:
        receipt = self._refused(event, device_id, refusal, now_s)
        self._shop.keep_answer(device_id, event.id, Answer(event.data_sha256, receipt), now_s=now_s)
        return Reply("ack", receipt, refusal.code)

    def query(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `Questions.query`, or as `Asks.ask` where it is a question of that kind."""
        if is_ask(payload):
            return self._asks.ask(device_id, payload, now_s=now_s)
        return self._questions.query(device_id, payload, now_s=now_s)

    def offer(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `Offers.offer`."""
        return self._offers.offer(device_id, payload, now_s=now_s)

    def cancel(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `Cancelling.cancel`."""
        return self._cancelling.cancel(device_id, payload, now_s=now_s)

    def returned(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `ReturnedReceipts.take`."""
        return self._returned.take(device_id, payload, now_s=now_s)

    def place_again(self, device_id: str, payload: bytes, order_id: str) -> None:
        """An order of a time that was lost, under the number that it had, as it was placed then: at its own
        time, whatever is in stock and owed today. Raises Refusal, TrustError, RuntimeError where it is known
        already."""
        event = decode_event(payload, INTENT)
        with self._shop.transaction(device_id, event.id):
            # Of its own time: a key whose end has come since counts, one that is refused does not.
            signed = authenticate_device(event, device_id, self._shop.device(device_id), REFUSED_S)[1]
            then_s = signed.checkout.iat
            checked = self._measures.check(signed, then_s, again=True)
            self._placing.place_again(
                event, device_id, checked, self._measures.agent_keys, now_s=then_s, order_id=order_id
            )

    def time(self, *, now_s: int) -> bytes:
        """The signed time, for dn/time."""
        claims = TimeClaims(
            iss=self._config.shop_id, env=self._config.environment, iat=now_s, lost=self._lost
        )
        return time_event(claims, self._time_key, event_id=self._new_id())

    def status(self, device_id: str, payload: bytes, *, now_s: int) -> StatusClaims | None:
        """What the device has signed of its presence; None where nobody has signed it. Raises TrustError:
        envelope_malformed, and what `Questions.statement` raises."""
        event = decode_event(payload, STATUS)
        data = decode_data(event, StatusData)
        if not data.signed:
            return None
        claims = self._questions.statement(event, data.signed, StatusClaims, device_id, now_s=now_s)
        if claims.online != data.online:
            raise TrustError("statement_mismatch", "the event says something else than what is signed")
        return claims

    def knows(self, device_id: str) -> bool:
        """Whether the device is admitted and not revoked."""
        return self._shop.is_active(device_id)

    def _in_other_bytes(self, event: CloudEvent, device_id: str, signed: Signed, now_s: int) -> Reply:
        order = self._shop.order(device_id, event.id)
        if order is not None and signs_the_same(signed.tokens, order):
            # Whoever carries a message can write it otherwise (its JSON, an ECDSA signature's other half) and
            # have that placed. The device would take a refusal of its own bytes for the end of the order.
            if isinstance(signed, DirectIntent):  # its receipt names the mandate in the device's own bytes
                order = msgspec.structs.replace(order, closed_checkout=signed.tokens.checkout)
            about = About(device_id, event.id, event.data_sha256)
            return Reply("ack", self._receipts.placed(about, order, now_s=now_s), "replayed")
        conflict = Refusal("idempotency_conflict", "other content came under this id before")
        return Reply("ack", self._refused(event, device_id, conflict, now_s), conflict.code)

    def _refused(self, event: CloudEvent, device_id: str, refusal: Refusal, now_s: int) -> bytes:
        about = About(device_id, event.id, event.data_sha256)
        return self._receipts.refused(
            about, refusal.code, refusal.description, now_s=now_s, available=refusal.available
        )

    def _doubt(self, found: Situation, signed: Signed) -> Doubt:
        if found.before is not None or not found.was_restored:
            return "none"
        return self._shop.restores.of_intent(signed.checkout.iat, signed.checkout.exp)


def _intent_of(payload: bytes) -> CloudEvent:
    event = decode_event(payload, INTENT)
    require_uuid(event.id)
    return event
