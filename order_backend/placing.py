"""How a checked intent becomes an order: stock and credit first, then the order with its evidence, the
receipt and the notice to the owner. All of it inside the transaction of whoever calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from joserfc.jwk import ECKey

from agent.committing.envelope import CloudEvent
from agent.committing.mandates import CheckoutMandate
from order_backend.checks import CheckedIntent, PricedLine, Refusal
from order_backend.closing import ClosedPair, close
from order_backend.folder import ShopFolder
from order_backend.limited import Limited, check_day
from order_backend.receipt_writer import About, ReceiptWriter
from order_backend.shop import Answer, OrderRow, Shop
from order_backend.stock import short, together


class Placing:
    """On the database of one desk."""

    def __init__(
        self, folder: ShopFolder, shop: Shop, receipts: ReceiptWriter, order_number: Callable[[], str]
    ) -> None:
        """Raises ConfigurationError shop_key_missing."""
        self._config, self._offers_key = folder.config(), folder.signing_key("offers")
        self._shop, self._receipts, self._order_number = shop, receipts, order_number

    def lock(self, intents: Sequence[tuple[str, CheckedIntent]]) -> None:
        """Of several that one transaction places, each with its device, before the first of them is reserved:
        whatever they will wait for, in the order in which everybody takes it (stock, then accounts)."""
        self._shop.stock.left({line.id for _, intent in intents for line in intent.lines})
        self._shop.accounts.lock_all(device_id for device_id, _ in intents)

    def reserve(
        self, device_id: str, intent: CheckedIntent, *, now_s: int, limited: Limited | None = None
    ) -> str:
        """The account that owes it. Raises Refusal: unavailable, credit_limit, same_basket, device_limit;
        then nothing was written."""
        wanted = together((line.id, line.quantity) for line in intent.lines)
        left = self._shop.stock.left(wanted)
        if missing := short(wanted, left):
            available = {id_: missing.get(id_, quantity) for id_, quantity in wanted.items()}
            raise Refusal("unavailable", f"not as many are left of {', '.join(missing)}", available)
        account = self._shop.accounts.lock(device_id)
        check_day(self._shop.database, limited, device_id, intent)
        owes_minor = account.owed_minor + intent.total_minor
        if account.credit_minor is not None and owes_minor > account.credit_minor:
            raise Refusal(
                "credit_limit", f"{owes_minor} would be owed, at most {account.credit_minor} may be"
            )
        hold_s = self._config.same_basket_hold_s
        lines = _as_json(intent.lines)
        if hold_s and self._shop.accounts.ordered_since(account, lines, now_s - hold_s):
            raise Refusal("same_basket", f"just this was ordered on the account within {hold_s} s")
        self._shop.stock.take({sku: wanted[sku] for sku in left})
        self._shop.accounts.owe(account, intent.total_minor)
        return account.account_id

    def place_again(
        self,
        event: CloudEvent,
        device_id: str,
        intent: CheckedIntent,
        agent_keys: Mapping[str, ECKey],
        *,
        now_s: int,
        order_id: str,
    ) -> None:
        """As it was placed once, whatever is in stock and owed today."""
        account = self._shop.accounts.lock(device_id)
        self._shop.accounts.owe(account, intent.total_minor)
        self.place(
            *(event, device_id, intent, agent_keys),
            account_id=account.account_id,
            now_s=now_s,
            order_id=order_id,
        )

    def place(
        self,
        event: CloudEvent,
        device_id: str,
        intent: CheckedIntent,
        agent_keys: Mapping[str, ECKey],
        *,
        account_id: str,
        now_s: int,
        order_id: str = "",
        has_owner: bool = True,
    ) -> bytes:
        """After `reserve`: the order, its evidence, its notice, and the receipt, which is given. `has_owner`
        False: nobody is told of the device's orders."""
        signed, mandate = (intent.tokens.checkout, intent.tokens.payment), intent.checkout
        if isinstance(mandate, CheckoutMandate):
            opened, closed = ("", ""), ClosedPair(*signed)
        else:
            opened, closed = signed, self._close(intent, agent_keys[mandate.cnf.jwk.kid], now_s)
        arrives = self._shop.deliveries.day(now_s, self._config.delivery_business_days).isoformat()
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
        if has_owner:
            self._shop.notices.note(order.order_id, device_id, intent.checkout.amr, now_s=now_s)
        return receipt

    def _close(self, intent: CheckedIntent, agent_key: ECKey, now_s: int) -> ClosedPair:
        return close(
            intent,
            merchant=self._config.merchant,
            instrument=self._config.payment_instrument,
            offers_key=self._offers_key,
            agent_key=agent_key,
            now_s=now_s,
        )


def _as_json(lines: tuple[PricedLine, ...]) -> str:
    return msgspec.json.encode(lines).decode()
