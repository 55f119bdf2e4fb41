"""The closing table, read from the device's journal and the shop's database, not from what the story hoped
for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.plumbing.operator import OrdersShown
from scripts.story.corner_shop import ShopOrder


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    scene: str
    heard: str
    decided: str
    ended: str
    times: str


def scene_row(title: str, before: OrdersShown, after: OrdersShown, placed: Sequence[ShopOrder]) -> Row:
    """What journal and shop say of the scene that was played between `before` and `after`."""
    decisions = list(reversed(after.decisions[: len(after.decisions) - len(before.decisions)]))
    orders = list(reversed(after.orders[: len(after.orders) - len(before.orders)]))
    heard = dict.fromkeys(row.title for row in decisions if row.title)
    at_shop = {order.order_id for order in placed}
    ended, times = [], []
    for order in orders:
        where = f"shop {order.order_id}" if order.order_id in at_shop else "nowhere at the shop"
        ended.append(f"{order.state}: {where}")
        if order.seconds_to_journal is not None:
            times.append(f"journalled {order.seconds_to_journal:.2f} s after speech")
        if order.settled_at is not None:
            times.append(f"receipt {order.settled_at - order.queued_at} s later")
    return Row(
        title,
        "; ".join(heard) or "-",
        ", ".join(row.code for row in decisions) or "-",
        "; ".join(ended) or "nothing ordered",
        ", ".join(times) or "-",
    )


def table(rows: Sequence[Row]) -> str:
    """A text table, as wide as its contents."""
    heads = ("scene", "heard", "decided", "where it ended", "times")
    cells = [heads, *((row.scene, row.heard, row.decided, row.ended, row.times) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
