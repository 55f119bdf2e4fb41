"""Taking an order back: a signed statement that names the intent, journaled before it is sent, and sent until
the shop's receipt says which of the two came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from agent.committing.envelope import CANCEL, SignedData, encode_event, up_topic
from agent.committing.journal import Journal
from agent.committing.journal_rows import OrderRow
from agent.committing.keys import KeyStore
from agent.committing.statements import CancelClaims, addressed
from agent.committing.trust import Trust
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Publish
from agent.plumbing.settings import Settings

Factor = Literal["voice", "pin", "badge", "phone", "operator"]
BY_VOICE: tuple[Factor, ...] = ("voice",)
BY_OPERATOR: tuple[Factor, ...] = ("operator",)
"""Whoever is at the operator socket."""


class Cancels:
    """Used from one thread."""

    def __init__(
        self,
        journal: Journal,
        keys: KeyStore,
        trust: Trust,
        settings: Settings,
        *,
        monotonic_s: Callable[[], float],
        rest_s: Callable[[int], float],
        new_id: Callable[[], UUID],
    ) -> None:
        """`rest_s` gives the rest after so many attempts."""
        self._journal, self._keys, self._trust = journal, keys, trust
        self._device, self._orders = settings.device, settings.orders
        self._monotonic_s, self._rest_s, self._new_id = monotonic_s, rest_s, new_id
        self._due: dict[str, float] = {}

    def ask(self, row: OrderRow, factors: tuple[Factor, ...], *, now_s: int) -> None:
        """Signs and journals it, unless that was done before. Raises TrustError: order_over (there is nothing
        to take back), cancel_too_late (the shop has said so); JournalError."""
        before = self._journal.cancel(row.intent_id)
        if row.state in ("refused", "expired"):
            raise TrustError("order_over", f"the order is {row.state} already")
        if before is not None and before.outcome:
            raise TrustError("cancel_too_late", "the order stands", "ask the shop")
        if before is not None:
            return
        id_, exp = self._new_id(), max(now_s + self._orders.intent_lifetime_seconds, row.exp)
        claims = CancelClaims(
            **addressed(self._trust, self._device.id, id_, now_s=now_s, exp=exp),
            sub=row.person,
            amr=factors,
            intent=row.intent_id,
            intent_sha256=row.sha256,
        )
        signed = SignedData(self._keys.sign(claims))
        payload = encode_event(CANCEL, id_=id_, source=self._device.id, now_s=now_s, data=signed)
        self._journal.queue_cancel(row.intent_id, payload, now_s=now_s)

    def linked(self) -> None:
        """The link is there again: everything is due."""
        self._due.clear()

    def answered(self, intent_id: str) -> None:
        """The shop has said which came first."""
        self._due.pop(intent_id, None)

    def leaving(self, *, now_s: int) -> tuple[list[Publish], list[str]]:
        """What is due now, noted as handed out, and the intent ids of orders that stand because what was to
        take them back is damaged. Raises JournalError; nothing leaves then."""
        due = [
            cancel
            for cancel in self._journal.open_cancels()
            if self._monotonic_s() >= self._due.get(cancel.intent_id, 0.0)
        ]
        damaged = [cancel.intent_id for cancel in due if not cancel.is_whole]
        for intent_id in damaged:
            self._journal.settle_cancel(intent_id, "damaged", now_s=now_s)
            audit.log("cancel_damaged", intent_id=intent_id, next_step="cancel it at the shop")
        whole = [cancel for cancel in due if cancel.is_whole]
        if whole:
            self._journal.cancel_attempted(cancel.intent_id for cancel in whole)
        for cancel in whole:
            self._due[cancel.intent_id] = self._monotonic_s() + self._rest_s(cancel.attempts + 1)
        topic = up_topic(self._device.id, "cancel")
        return [Publish(f"cancel-{cancel.intent_id}", topic, cancel.payload) for cancel in whole], damaged
