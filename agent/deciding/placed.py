"""What becomes of an order after the consent, as events of a conversation: on disk or not, and the shop's
answer. They count among those of `agent.deciding.conversation`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Committed:
    """The signed intent is on disk; `online` is whether the broker is reached."""

    online: bool


@dataclass(frozen=True)
class NotCommitted:
    """Nothing was written and nothing promised; `code` says why."""

    code: str


@dataclass(frozen=True)
class ReceiptArrived:
    """A verified receipt: `code` is '' when ordered, else why the shop refused, or how its receipt differs
    from what was agreed. `title` names the basket for people, `delivery` is an ISO 8601 date or ''; `could`
    is what the shop could send of it, in words, `instead` a sentence about what could be had instead."""

    title: str
    code: str = ""
    delivery: str = ""
    could: str = ""
    instead: str = ""


@dataclass(frozen=True)
class JournalMended:
    """What the device remembers of orders was damaged, and some may be missing."""


@dataclass(frozen=True)
class ReceiptLate:
    """The moment in which a receipt was awaited is over."""


Placed = Committed | NotCommitted | ReceiptArrived | JournalMended | ReceiptLate
