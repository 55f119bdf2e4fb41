"""What devices give back to a shop that came back from a copy: their intents, and the shop's own receipts of
them. Nobody has to be believed: the one carries the device's signature, the other the shop's, and both are
looked at before anything is taken back.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.committing.envelope import INTENT, RETURNED, CloudEvent, ReturnedData, decode_data, decode_event
from agent.committing.receipts import CANCELLED, Receipt, verify_receipt
from agent.committing.trusted_time import MOST_LOST, Lost
from agent.plumbing.errors import TrustError
from order_backend.cancelling import Cancelling
from order_backend.checks import Refusal, authenticate_device
from order_backend.device_keys import REFUSED_S
from order_backend.folder import ShopFolder
from order_backend.provisioning import trust_bundle
from order_backend.receipt_writer import About, ReceiptWriter
from order_backend.receipts import Reply, require_uuid
from order_backend.shop import NEVER_CAME, Answer, Shop

_SAID = "as it was answered before the shop was restored"
PlaceAgain = Callable[[str, bytes, str], None]


def lost_times(shop: Shop) -> tuple[Lost, ...]:
    """What the shop says in its time; the same while an order service runs: none does at a restore."""
    lost = shop.restores.all()[-MOST_LOST:]
    return tuple(Lost(one.lost_from_s, one.until_s) for one in lost)


class ReturnedReceipts:
    """On the database of one desk."""

    def __init__(
        self,
        folder: ShopFolder,
        shop: Shop,
        receipts: ReceiptWriter,
        cancelling: Cancelling,
        place_again: PlaceAgain,
    ) -> None:
        """`place_again` as `OrderDesk.place_again`."""
        self._folder, self._shop, self._receipts = folder, shop, receipts
        self._cancelling, self._place_again = cancelling, place_again

    def take(self, device_id: str, payload: bytes, *, now_s: int) -> Reply:
        """The shop knows again what the receipt says, and answers with it; on disk when this returns.

        Raises TrustError, and nothing has changed: envelope_malformed, returned_nothing_lost,
        returned_mismatch, returned_contradicts, returned_refused, and what `verify_receipt` raises.
        """
        event = decode_event(payload, RETURNED)
        data = decode_data(event, ReturnedData)
        require_uuid(event.id)
        intent = decode_event(data.intent.encode(), INTENT)
        require_uuid(intent.id)
        if not self._shop.restores.all():
            raise TrustError("returned_nothing_lost", "this shop was never restored")
        trust = trust_bundle(self._folder)
        receipt = verify_receipt(
            data.receipt.encode(), trust, device_id=device_id, environment=trust.environment
        )
        if (receipt.intent_id, receipt.intent_sha256) != (intent.id, intent.data_sha256):
            raise TrustError("returned_mismatch", "the receipt is of other bytes than the intent")
        if receipt.status == "ordered":
            code = self._ordered(device_id, intent, data.intent.encode(), receipt)
        else:
            code = self._refused(device_id, intent, receipt, now_s)
        about = About(device_id, intent.id, intent.data_sha256, returned=event.id)
        with self._shop.transaction(device_id, intent.id):
            self._shop.restores.forget(device_id, intent.id)
            order = self._shop.order(device_id, intent.id)
            if order is not None and self._shop.ends.of(order.order_id) != "cancelled":
                again = self._receipts.placed(about, order, now_s=now_s)
            else:
                again = self._receipts.refused(about, receipt.error or CANCELLED, _SAID, now_s=now_s)
        return Reply("ack", again, code)

    def _ordered(self, device_id: str, intent: CloudEvent, payload: bytes, receipt: Receipt) -> str:
        order = self._shop.order(device_id, intent.id)
        if order is not None:
            if order.order_id != receipt.order_id:
                raise TrustError("returned_contradicts", f"{intent.id} is {order.order_id} here")
            return "returned_known"
        try:
            self._place_again(device_id, payload, receipt.order_id)
        except (Refusal, RuntimeError) as error:
            raise TrustError("returned_refused", f"{receipt.order_id}: {error}") from error
        return "returned_ordered"

    def _refused(self, device_id: str, intent: CloudEvent, receipt: Receipt, now_s: int) -> str:
        """The shop signs refusals of bytes that no device has signed, too, and of such that came beside
        others: of those it had kept nothing then, and keeps nothing now."""
        if receipt.error == "idempotency_conflict":
            raise TrustError("returned_refused", f"{intent.id}: that it came in other bytes was never kept")
        try:
            authenticate_device(intent, device_id, self._shop.device(device_id), REFUSED_S)
        except Refusal as error:
            raise TrustError("returned_refused", f"{intent.id}: {error.code}") from error
        about = About(device_id, intent.id, intent.data_sha256)
        with self._shop.transaction(device_id, intent.id):
            order, before = self._shop.order(device_id, intent.id), self._shop.answer(device_id, intent.id)
            again = self._receipts.refused(about, receipt.error, _SAID, now_s=now_s)
            if order is not None:
                if receipt.error != CANCELLED or self._shop.ends.of(order.order_id) == "accepted":
                    raise TrustError("returned_contradicts", f"{intent.id} is {order.order_id} here")
                if self._cancelling.undo(order, now_s=now_s):
                    self._shop.replace_receipt(device_id, intent.id, again)
            elif before is None or before.sha256 == NEVER_CAME:
                self._shop.keep_answer(device_id, intent.id, Answer(intent.data_sha256, again), now_s=now_s)
            else:
                return "returned_known"
        return "returned_refusal"
