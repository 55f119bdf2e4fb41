"""What became of every intent of a chaos run, from both sides' files: a pure comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from agent.committing.journal_rows import OPEN, OrderRow
from agent.committing.receipts import CANCELLED
from order_backend.shop import OrderRow as ShopOrder

Told = Literal[
    "queued",
    "ordered",
    "differs",
    "refused",
    "expired",
    "not_queued",
    "cancelled",
    "cancel_asked",
    "too_late",
]


class Said(msgspec.Struct, frozen=True):
    """One thing that a person was told: of which intent, and with which order number."""

    told: Told
    intent_id: str
    order_id: str = ""


class Signed(msgspec.Struct, frozen=True):
    """A journal's row, the two mandates as they were signed, whether the device has signed that it takes the
    order back, and whether it still waits for what the shop says to that."""

    row: OrderRow
    checkout: str
    payment: str
    cancel_signed: bool = False
    cancel_open: bool = False


def account(
    wished: Iterable[str],
    signed: Sequence[Signed],
    said: Sequence[Said],
    orders: Sequence[ShopOrder],
    undone: Collection[str] = (),
    offered: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The result's counts; all of `FAULTS` must be 0. `undone`: the numbers of the orders that the shop has
    as cancelled; any other stands. `offered`: the id in `wished`, by the other id under which the same wish
    may have been signed.

    "intents": signed and in a journal; "ordered", "refused" and "expired": how they ended by the journal, and
    "cancelled" of the refused; "cancels_signed": of those that may have left their device before.
    "lost": wished and told "queued" and in no journal, or ended as "ordered" without an order that stands, or
    still open and without one; "doubled": orders beyond the first of an intent or a wish, and orders that
    stand of which a person was told that there is none, because that person orders again;
    "forged_accepted": orders whose mandates no device has signed in just these bytes, and orders cancelled
    that no device has;
    "unresolved": orders and cancellations without an end in the journal; "said_ordered", "said_cancelled",
    "said_too_late": how often each was said, "said_wrongly": of which a second time, or "ordered" without
    exactly that order, "cancelled" with an order that stands, or "too late" without exactly one.
    """
    rows = {intent.row.intent_id: intent for intent in signed}
    at_shop = _by_intent(orders)
    standing = _by_intent(order for order in orders if order.order_id not in undone)
    states = Counter(intent.row.state for intent in signed)
    told = Counter(words.told for words in said)
    queued = {words.intent_id for words in said if words.told == "queued"}
    refused = Counter(intent.row.reason for intent in signed if intent.row.state == "refused")
    forged = sum(not _signed_by_a_device(order, rows) for order in orders)
    forged += sum(order.order_id in undone and not _cancel_signed(order, rows) for order in orders)
    return {
        "intents": len(signed),
        "wished_and_never_signed": len(set(wished) - {offered.get(name, name) for name in rows}),
        "ordered": states["ordered"],
        "refused": states["refused"],
        "refused_because": dict(refused),
        "expired": states["expired"],
        "cancelled": refused[CANCELLED],
        "cancels_signed": sum(intent.cancel_signed for intent in signed),
        "orders_at_shop": sum(map(len, standing.values())),
        "lost": len(queued - rows.keys()) + sum(_lost(rows[name], standing.get(name, [])) for name in rows),
        "doubled": _doubled(rows, said, at_shop, standing)
        + sum(times - 1 for times in Counter(offered.get(name, name) for name in standing).values()),
        "forged_accepted": forged,
        "unresolved": sum(states[state] for state in OPEN) + sum(intent.cancel_open for intent in signed),
        "said_ordered": told["ordered"],
        "said_cancelled": told["cancelled"],
        "said_too_late": told["too_late"],
        "said_wrongly": _said_wrongly(said, at_shop, standing),
    }


FAULTS = ("wished_and_never_signed", "lost", "doubled", "forged_accepted", "unresolved", "said_wrongly")


def _by_intent(orders: Iterable[ShopOrder]) -> dict[str, list[ShopOrder]]:
    found: dict[str, list[ShopOrder]] = {}
    for order in orders:
        found.setdefault(order.intent_id, []).append(order)
    return found


def _lost(intent: Signed, standing: Sequence[ShopOrder]) -> bool:
    row = intent.row
    if row.state == "ordered":
        return row.order_id not in {order.order_id for order in standing}
    return row.state in OPEN and not standing


def _doubled(
    rows: Mapping[str, Signed],
    said: Sequence[Said],
    at_shop: Mapping[str, Sequence[ShopOrder]],
    standing: Mapping[str, Sequence[ShopOrder]],
) -> int:
    denied = {name for name, intent in rows.items() if intent.row.state in ("refused", "expired")}
    denied |= {words.intent_id for words in said if words.told in ("refused", "expired")}
    return sum(len(orders) - 1 for orders in at_shop.values()) + len(denied & standing.keys())


def _signed_by_a_device(order: ShopOrder, rows: Mapping[str, Signed]) -> bool:
    intent = rows.get(order.intent_id)
    return intent is not None and (intent.checkout, intent.payment) == (
        order.open_checkout or order.closed_checkout,
        order.open_payment or order.closed_payment,
    )


def _cancel_signed(order: ShopOrder, rows: Mapping[str, Signed]) -> bool:
    intent = rows.get(order.intent_id)
    return intent is not None and intent.cancel_signed


def _said_wrongly(
    said: Sequence[Said],
    at_shop: Mapping[str, Sequence[ShopOrder]],
    standing: Mapping[str, Sequence[ShopOrder]],
) -> int:
    wrong = 0
    for words, times in Counter(said).items():
        match words.told:
            case "ordered":
                true = [order.order_id for order in at_shop.get(words.intent_id, ())] == [words.order_id]
            case "cancelled":
                true = words.intent_id not in standing
            case "too_late":
                true = len(standing.get(words.intent_id, ())) == 1
            case _:
                continue
        wrong += times - true
    return wrong
