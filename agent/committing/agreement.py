"""Whether what the shop says it ordered is what a person agreed to."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from agent.committing.journal_rows import OrderRow
from agent.committing.receipts import Receipt
from agent.deciding.basket import counts_of

Difference = Literal["", "over_agreed", "other_lines"]


def difference(receipt: Receipt, row: OrderRow, reference: str = "") -> Difference:
    """'' where the receipt of an order keeps to what `row` agreed to; else what is wrong with it. `reference`
    is the mandate that it has to name, '' where that is not known.

    over_agreed: more money, another currency, or no amount at all. other_lines: other things, or another
    count of them, where the receipt names any; or another mandate. Less money is the shop's affair.
    """
    total = receipt.total
    if total is None or total.currency != row.total.currency or total.amount > row.total.minor:
        return "over_agreed"
    if receipt.lines and _counts(receipt) != counts_of(row.basket_key):
        return "other_lines"
    if reference and receipt.reference != reference:
        return "other_lines"
    return ""


def available(receipt: Receipt, row: OrderRow) -> tuple[tuple[str, int], ...]:
    """What of the order the shop could send, as (sku, quantity): nothing that was not ordered, and no more
    than was."""
    wanted = counts_of(row.basket_key)
    could = [(line.id, min(line.quantity, wanted[line.id])) for line in receipt.available]
    return tuple((sku, quantity) for sku, quantity in could if quantity > 0)


def _counts(receipt: Receipt) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in receipt.lines:
        counts[line.id] += line.quantity
    return counts
