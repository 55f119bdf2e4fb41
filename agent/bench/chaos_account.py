"""What became of every intent of a chaos run, from both sides' files: a pure comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from agent.committing.journal_rows import OPEN, OrderRow
from order_backend.shop import OrderRow as ShopOrder

Told = Literal["queued", "ordered", "differs", "refused", "expired", "not_queued"]


class Said(msgspec.Struct, frozen=True):
    """One thing that a person was told: of which intent, and with which order number."""

    told: Told
    intent_id: str
    order_id: str = ""


class Signed(msgspec.Struct, frozen=True):
    """A journal's row, and the two mandates as they were signed."""

    row: OrderRow
    checkout: str
    payment: str


def account(
    wished: Iterable[str], signed: Sequence[Signed], said: Sequence[Said], orders: Sequence[ShopOrder]
) -> dict[str, Any]:
    """The result's counts; all of `FAULTS` must be 0.

    "intents": signed and in a journal; "ordered", "refused" and "expired": how they ended by the journal.
    "lost": wished and told "queued" and in no journal, or ended as "ordered" without an order, or still open
    and without one; "doubled": orders beyond the first of an intent, and orders of which a person was told
    that there is none, because that person orders again; "forged_accepted": orders whose mandates no device
    has signed in just these bytes; "unresolved": without an end in the journal; "said_ordered": how often
    "ordered" was said, "said_wrongly": of which without exactly that order, or a second time.
    """
    rows = {intent.row.intent_id: intent for intent in signed}
    at_shop: dict[str, list[ShopOrder]] = {}
    for order in orders:
        at_shop.setdefault(order.intent_id, []).append(order)
    states = Counter(intent.row.state for intent in signed)
    queued = {words.intent_id for words in said if words.told == "queued"}
    return {
        "intents": len(signed),
        "wished_and_never_signed": len(set(wished) - rows.keys()),
        "ordered": states["ordered"],
        "refused": states["refused"],
        "refused_because": dict(Counter(i.row.reason for i in signed if i.row.state == "refused")),
        "expired": states["expired"],
        "orders_at_shop": len(orders),
        "lost": len(queued - rows.keys()) + sum(_lost(rows[name], at_shop.get(name, [])) for name in rows),
        "doubled": _doubled(rows, said, at_shop),
        "forged_accepted": sum(not _signed_by_a_device(order, rows) for order in orders),
        "unresolved": sum(states[state] for state in OPEN),
        "said_ordered": sum(words.told == "ordered" for words in said),
        "said_wrongly": _said_wrongly(said, at_shop),
    }


FAULTS = ("wished_and_never_signed", "lost", "doubled", "forged_accepted", "unresolved", "said_wrongly")


def _lost(intent: Signed, orders: Sequence[ShopOrder]) -> bool:
    row = intent.row
    if row.state == "ordered":
        return row.order_id not in {order.order_id for order in orders}
    return row.state in OPEN and not orders


def _doubled(
    rows: Mapping[str, Signed], said: Sequence[Said], at_shop: Mapping[str, Sequence[ShopOrder]]
) -> int:
    denied = {name for name, intent in rows.items() if intent.row.state in ("refused", "expired")}
    denied |= {words.intent_id for words in said if words.told in ("refused", "expired")}
    return sum(len(orders) - (name not in denied) for name, orders in at_shop.items())


def _signed_by_a_device(order: ShopOrder, rows: Mapping[str, Signed]) -> bool:
    intent = rows.get(order.intent_id)
    return intent is not None and (intent.checkout, intent.payment) == (
        order.open_checkout,
        order.open_payment,
    )


def _said_wrongly(said: Sequence[Said], at_shop: Mapping[str, Sequence[ShopOrder]]) -> int:
    spoken = Counter((words.intent_id, words.order_id) for words in said if words.told == "ordered")
    wrong = 0
    for (intent_id, order_id), times in spoken.items():
        true = [order.order_id for order in at_shop.get(intent_id, ())] == [order_id]
        wrong += times - true
    return wrong
