"""What became of orders that nobody waits for any more: kept until it was said to its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from agent.deciding.placed import JournalMended, ReceiptArrived

CANCEL_TOO_LATE = "cancel_too_late"
"""`ReceiptArrived.code`: the shop says that the order stands."""


class News(NamedTuple):
    """An order's end, or that it stands although somebody wanted to take it back; intent_id '' is about the
    journal itself."""

    intent_id: str
    event: ReceiptArrived | JournalMended

    @property
    def is_of_a_cancel(self) -> bool:
        """Whether it says that the order stands."""
        return isinstance(self.event, ReceiptArrived) and self.event.code == CANCEL_TOO_LATE


class Announcements:
    """In the order in which they are to be said. A sentence that `voice` did not finish is said anew."""

    def __init__(self, told: Callable[[News], None]) -> None:
        """`told` is called with each once it was said."""
        self._told = told
        self._waiting: deque[News] = deque()
        self._being_said: dict[int, News] = {}  # by the number of the sentence

    def __bool__(self) -> bool:
        """Whether something waits to be said."""
        return bool(self._waiting)

    def add(self, news: News) -> None:
        """To be said after the others."""
        self._waiting.append(news)

    def take(self) -> News:
        """The next one; raises IndexError where none waits."""
        return self._waiting.popleft()

    def being_said(self, say_id: int, news: News) -> None:
        """The sentence of that number says it."""
        self._being_said[say_id] = news

    def spoken(self, say_id: int) -> None:
        """That sentence was played to its end."""
        if (news := self._being_said.pop(say_id, None)) is not None:
            self._told(news)

    def lost(self) -> None:
        """`voice` is gone in the middle of what it said."""
        self._waiting.extendleft(reversed(self._being_said.values()))
        self._being_said.clear()
