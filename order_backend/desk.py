"""Where an intent becomes an order: the checks, the idempotency, the database, the receipt and the notice to
the owner in one transaction.

Knows no MQTT; `service` brings the messages and takes the answers away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from agent.committing.envelope import INTENT, STATUS, CloudEvent, StatusData, decode_data, decode_event
from agent.committing.jws import PublicJwk
from agent.committing.mandates import CheckoutMandate
from agent.committing.statements import StatusClaims
from agent.committing.trusted_time import TimeClaims
from agent.plumbing.errors import TrustError
from order_backend.agents import Agents
from order_backend.cancelling import Cancelling
from order_backend.checks import (
    CheckedIntent,
    DirectIntent,
    PricedLine,
    Refusal,
    Signed,
    Terms,
    authenticate,
    check_intent,
    signs_the_same,
)
from order_backend.closing import ClosedPair, close
from order_backend.device_keys import REFUSED_S
from order_backend.direct import check_direct
from order_backend.folder import ShopFolder
from order_backend.offers import Offers, offer_keys
from order_backend.order_numbers import unguessable
from order_backend.prices import Prices
from order_backend.questions import Questions
from order_backend.receipt_writer import About, ReceiptWriter
from order_backend.receipts import IN_DOUBT, Reply, delivery_date, require_uuid, time_event
from order_backend.restores import Doubt
from order_backend.retention import receipt_again
from order_backend.shop import NEVER_CAME, Answer, OrderRow, Shop

__all__ = ["OrderDesk", "Reply"]


class OrderDesk:
    """Used from one thread."""

    def __init__(
        self,
        folder: ShopFolder,
        *,
        new_id: Callable[[], UUID] = uuid4,
        order_number: Callable[[], str] | None = None,
    ) -> None:
        self._config = config = folder.config()
        self._shop = Shop.open(folder.database)
        self._receipts_key = folder.signing_key("receipts")
        self._time_key = folder.signing_key("time")
        self._offers_key = folder.signing_key("offers")
        self._agents = Agents.of(folder)
        self._folder = folder
        self._terms = Terms(
            merchant=config.merchant,
            environment=config.environment,
            agent=self._agents.current,
            payment_instrument_id=config.payment_instrument.id,
            longest_lifetime_s=config.longest_lifetime_s,
            other_agents=self._agents.others,
        )
        self._prices = Prices(folder, self._shop, config.longest_lifetime_s)
        self._new_id = new_id
        self._receipts = ReceiptWriter(config, self._receipts_key, new_id)
        self._questions = Questions(self._shop, config, self._receipts_key, new_id)
        self._offers = Offers(folder, self._shop, self._questions, self._prices, new_id)
        self._cancelling = Cancelling(self._shop, self._questions, self._receipts)
        self._order_number = order_number if order_number is not None else unguessable
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
        event = decode_event(payload, INTENT)
        require_uuid(event.id)
        with self._shop.transaction(device_id, event.id):
            before = self._shop.answer(device_id, event.id)
            if before is not None and before.sha256 == event.data_sha256:
                again = receipt_again(self._shop, self._receipts, device_id, event.id, before, now_s=now_s)
                return Reply("ack", again, "replayed")
            try:
                active, signed = self._authenticate(event, device_id, now_s)
            except Refusal as refusal:
                self.unauthenticated[device_id] += 1
                return Reply("ack", self._refused(event, device_id, refusal, now_s), refusal.code)
            if before is not None and before.sha256 != NEVER_CAME:
                return self._in_other_bytes(event, device_id, signed, now_s)
            doubt = self._doubt(before, signed)
            if doubt == "open":
                self._shop.restores.note(device_id, event.id, payload, now_s=now_s)
                return IN_DOUBT
            try:
                if before is not None:
                    raise Refusal("not_placed", "came after the shop had said that it never would")
                if doubt == "closed":
                    raise Refusal("shop_restored", "of a time that the shop has lost, and was not placed")
                if not active:
                    raise Refusal("device_revoked", "this device may not order any more")
                checked = self._check(signed, max(now_s, self._shop.clock.read().floor_s))
                account_id = self._reserve(device_id, checked, now_s)
            except Refusal as refusal:
                receipt = self._refused(event, device_id, refusal, now_s)
                self._shop.keep_answer(device_id, event.id, Answer(event.data_sha256, receipt), now_s=now_s)
                return Reply("ack", receipt, refusal.code)
            receipt = self._place(event, device_id, checked, now_s, account_id=account_id)
            return Reply("ack", receipt, "ordered")

    def _check(self, signed: Signed, now_s: int, *, again: bool = False) -> CheckedIntent:
        if isinstance(signed, DirectIntent):
            keys, shop_id = offer_keys(self._folder, now_s=now_s), self._config.shop_id
            return check_direct(signed, terms=self._terms, shop_id=shop_id, offer_keys=keys, now_s=now_s)
        self._look_for_agent(signed.checkout.cnf.jwk)
        version = signed.checkout.catalogue_version
        prices = self._prices.then(version) if again else self._prices.of(version, now_s=now_s)
        return check_intent(signed, terms=self._terms, prices=prices, now_s=now_s)

    def _look_for_agent(self, key: PublicJwk) -> None:
        """A device may name a key as soon as it is announced, which another order service may have done."""
        if key.kid not in self._agents.keys:
            self._agents = agents = Agents.of(self._folder)
            self._terms = msgspec.structs.replace(
                self._terms, agent=agents.current, other_agents=agents.others
            )

    def query(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `Questions.query`."""
        return self._questions.query(device_id, payload, now_s=now_s)

    def offer(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `Offers.offer`."""
        return self._offers.offer(device_id, payload, now_s=now_s)

    def cancel(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """As `Cancelling.cancel`."""
        return self._cancelling.cancel(device_id, payload, now_s=now_s)

    def place_again(self, device_id: str, payload: bytes, order_id: str) -> None:
        """An order of a time that was lost, under the number that it had, as it was placed then: at its own
        time, whatever is in stock and owed today. Raises Refusal, TrustError, RuntimeError where it is known
        already."""
        event = decode_event(payload, INTENT)
        with self._shop.transaction(device_id, event.id):
            # Of its own time: a key whose end has come since counts, one that is refused does not.
            signed = self._authenticate(event, device_id, REFUSED_S)[1]
            then_s = signed.checkout.iat
            checked = self._check(signed, then_s, again=True)
            account = self._shop.accounts.lock(device_id)
            self._shop.accounts.owe(account, checked.total_minor)
            self._place(event, device_id, checked, then_s, account_id=account.account_id, order_id=order_id)

    def time(self, *, now_s: int) -> bytes:
        """The signed time, for dn/time."""
        claims = TimeClaims(iss=self._config.shop_id, env=self._config.environment, iat=now_s)
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
        device = self._shop.device(device_id)
        return device is not None and device.active

    def _authenticate(self, event: CloudEvent, device_id: str, now_s: int) -> tuple[bool, Signed]:
        device = self._shop.device(device_id)
        if device is None:
            raise Refusal("device_unknown", "this device was never admitted")
        signed = authenticate(event, device_id=device_id, keys=device.signing_keys, now_s=now_s)
        return device.active, signed

    def _in_other_bytes(self, event: CloudEvent, device_id: str, signed: Signed, now_s: int) -> Reply:
        order = self._shop.order(device_id, event.id)
        if order is not None and signs_the_same(signed.tokens, order):
            # Whoever carries a message can write it otherwise (its JSON, an ECDSA signature's other half) and
            # have that placed. The device would take a refusal of its own bytes for the end of the order.
            return Reply(
                "ack",
                self._receipts.placed(About(device_id, event.id, event.data_sha256), order, now_s=now_s),
                "replayed",
            )
        conflict = Refusal("idempotency_conflict", "other content came under this id before")
        return Reply("ack", self._refused(event, device_id, conflict, now_s), conflict.code)

    def _refused(self, event: CloudEvent, device_id: str, refusal: Refusal, now_s: int) -> bytes:
        about = About(device_id, event.id, event.data_sha256)
        return self._receipts.refused(
            about, refusal.code, refusal.description, now_s=now_s, available=refusal.available
        )

    def _reserve(self, device_id: str, intent: CheckedIntent, now_s: int) -> str:
        """The account that owes it. Raises Refusal: unavailable, credit_limit, same_basket; then nothing was
        written."""
        wanted: Counter[str] = Counter()
        for line in intent.lines:
            wanted[line.id] += line.quantity
        if short := self._shop.stock.short(wanted):
            available = {id_: short.get(id_, quantity) for id_, quantity in wanted.items()}
            raise Refusal("unavailable", f"not as many are left of {', '.join(short)}", available)
        account = self._shop.accounts.lock(device_id)
        owes_minor = account.owed_minor + intent.total_minor
        if account.credit_minor is not None and owes_minor > account.credit_minor:
            raise Refusal(
                "credit_limit", f"{owes_minor} would be owed, at most {account.credit_minor} may be"
            )
        hold_s = self._config.same_basket_hold_s
        lines = _as_json(intent.lines)
        if hold_s and self._shop.accounts.ordered_since(account, lines, now_s - hold_s):
            raise Refusal("same_basket", f"just this was ordered on the account within {hold_s} s")
        self._shop.stock.take(wanted)
        self._shop.accounts.owe(account, intent.total_minor)
        return account.account_id

    def _doubt(self, before: Answer | None, signed: Signed) -> Doubt:
        times = signed.checkout.iat, signed.checkout.exp
        return "none" if before is not None else self._shop.restores.of_intent(*times)

    def _place(
        self,
        event: CloudEvent,
        device_id: str,
        intent: CheckedIntent,
        now_s: int,
        *,
        account_id: str,
        order_id: str = "",
    ) -> bytes:
        signed, mandate = (intent.tokens.checkout, intent.tokens.payment), intent.checkout
        if isinstance(mandate, CheckoutMandate):
            opened, closed = ("", ""), ClosedPair(*signed)
        else:
            opened, closed = signed, self._close(intent, mandate.cnf.jwk.kid, now_s)
        today = datetime.fromtimestamp(now_s, UTC).date()
        arrives = delivery_date(today, self._config.delivery_business_days).isoformat()
        order = OrderRow(
            order_id=order_id or self._order_number(),
            device_id=device_id,
            intent_id=event.id,
            person=intent.checkout.sub,
            lines=_as_json(intent.lines),
            total_minor=intent.total_minor,
            currency=intent.currency,
            delivery_date=arrives,
            placed_at=now_s,
            open_checkout=opened[0],
            open_payment=opened[1],
            closed_checkout=closed.checkout,
            closed_payment=closed.payment,
            account_id=account_id,
        )
        receipt = self._receipts.placed(About(device_id, event.id, event.data_sha256), order, now_s=now_s)
        self._shop.keep_answer(device_id, event.id, Answer(event.data_sha256, receipt), now_s=now_s)
        self._shop.place(order)
        self._shop.notices.note(order.order_id, device_id, intent.checkout.amr, now_s=now_s)
        return receipt

    def _close(self, intent: CheckedIntent, agent_kid: str, now_s: int) -> ClosedPair:
        return close(
            intent,
            merchant=self._terms.merchant,
            instrument=self._config.payment_instrument,
            offers_key=self._offers_key,
            agent_key=self._agents.keys[agent_kid],
            now_s=now_s,
        )


def _as_json(lines: tuple[PricedLine, ...]) -> str:
    return msgspec.json.encode(lines).decode()
