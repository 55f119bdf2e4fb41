"""The closing table, read from the device's journal and the shop's database, not from what the story hoped
for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

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
            times.append(f"on disk {order.seconds_to_journal:.2f} s after speech")
        if order.settled_at is not None:
            times.append(f"receipt {order.settled_at - order.queued_at} s after that")
    return Row(
        title,
        "\n".join(heard) or "-",
        "\n".join(row.code for row in decisions) or "-",
        "\n".join(ended) or "nothing ordered",
        "\n".join(times) or "-",
    )


def table(rows: Sequence[Row]) -> str:
    """A text table, as wide as its contents; a cell may have several lines."""
    heads = ("scene", "heard", "decided", "where it ended", "times")
    cells = [heads, *((row.scene, row.heard, row.decided, row.ended, row.times) for row in rows)]
    grid = [[cell.split("\n") for cell in line] for line in cells]
    widths = [max(len(part) for line in grid for part in line[column]) for column in range(len(heads))]
    rule = "  ".join("-" * width for width in widths)
    lines: list[str] = []
    for row in grid:
        for parts in zip_longest(*row, fillvalue=""):
            padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
            lines.append("  ".join(padded).rstrip())
        lines.append(rule)
    return "\n".join(lines)
