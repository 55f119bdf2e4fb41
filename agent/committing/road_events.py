"""What becomes of orders on their road, as values for whoever tells people."""

from __future__ import annotations

import msgspec

from agent.committing.journal_rows import OrderRow


class _About(msgspec.Struct, frozen=True):
    """Which order: `title` names its basket for people."""

    intent_id: str
    conversation: str
    person: str
    title: str


class OrderPlaced(_About, frozen=True):
    """The shop's receipt holds. `delivery` is an ISO 8601 date or ''."""

    order_id: str
    delivery: str


class OrderDiffers(_About, frozen=True):
    """The shop's receipt holds and is not for what was agreed: `code` says how (`agreement.difference`)."""

    order_id: str
    code: str


class OrderRefused(_About, frozen=True):
    """The shop refused, with its error code ('over_limit', 'expired', ...), or it was 'cancelled'.
    `available`: what the shop could send of it, by sku, where it has not all."""

    code: str
    available: tuple[tuple[str, int], ...] = ()


class CancelTooLate(_About, frozen=True):
    """The order was to be taken back, and the shop says that it stands."""


class OrderExpired(_About, frozen=True):
    """Too late, and certainly not placed."""


class TimeTrusted(msgspec.Struct, frozen=True):
    """The time is known from now on; orders can be signed."""


RoadEvent = OrderPlaced | OrderDiffers | OrderRefused | OrderExpired | CancelTooLate | TimeTrusted


def about(row: OrderRow) -> tuple[str, str, str, str]:
    """The first fields of an event about that order."""
    return row.intent_id, row.conversation, row.person, row.title
