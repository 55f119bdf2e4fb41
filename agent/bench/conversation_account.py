"""What came of a conversation: the decisions and orders in the journal, in the words of the conversation
files, and whether the shop tells the same."""

from __future__ import annotations

from collections.abc import Mapping

from agent.bench.conversation_trouble import SOMEBODY
from agent.bench.played_shop import PlayedShop
from agent.committing.journal import Journal
from agent.committing.journal_rows import OrderRow
from agent.plumbing.currencies import in_major_units

_ALL = 1_000_000


def account(journal: Journal, names: Mapping[str, str]) -> tuple[str, ...]:
    """Decisions and orders, oldest first. `names` are those of pseudonyms."""
    decided = [row.code for row in reversed(journal.decisions(_ALL))]
    rows = [row for row in reversed(journal.orders(_ALL)) if row.person != SOMEBODY]
    orders = [_order(row, names) for row in rows]
    return f"decided {', '.join(decided) or 'nothing'}", *(orders or ["no order"])


def differing(journal: Journal, shop: PlayedShop) -> list[str]:
    """What is ordered in the journal was placed at the shop, and what the shop placed is not called refused
    or expired; whatever is otherwise."""
    rows = journal.orders(_ALL)
    ordered = {row.intent_id for row in rows if row.state == "ordered"}
    over = {row.intent_id for row in rows if row.state in ("refused", "expired")}
    placed = set(shop.placed)
    wrong = [*sorted(ordered - placed), *sorted(placed & over)]
    return [f"journal and shop differ over {intent_id}" for intent_id in wrong]


def _order(row: OrderRow, names: Mapping[str, str]) -> str:
    state = f"{row.state} ({row.reason})" if row.reason else row.state
    basket = row.basket_key.replace("|", ", ")
    total = in_major_units(row.total.minor, row.total.currency)
    return f"{state} {basket} for {total} by {names.get(row.person, 'nobody')}"
