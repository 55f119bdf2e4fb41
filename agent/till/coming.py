"""On which day an order of now would come, as the shop has told it: asked when somebody begins to order, and
believed for some minutes.

What the shop has not said is not said: not where it is not reached, nor where it does not say until when its
answer holds, as a shop of an earlier release.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from agent.committing.asking import Question
from agent.plumbing.told import Told

Ask = Callable[[Question, Callable[[Told | str], None]], None]
"""As `agent.till.asks.Shop.ask`."""

FRESH_S = 300
"""So long an answer is read back: the shop may set another rule for its deliveries."""
RESTS_S = 120
"""Nothing is asked again so soon, whether it was answered or not."""
LEAST_LEFT_S = 60
"""So long the day has to hold on, for whoever hears it to agree to it."""
FURTHEST_DAYS = 6
"""A day is told by its name, which a later one has as well."""


class Coming:
    """Used from the till's loop. A question names no goods and nobody."""

    def __init__(self, now_s: Callable[[], int], today: Callable[[], date]) -> None:
        """`now_s` are trusted Unix seconds, `today` the day here."""
        self._now_s, self._today = now_s, today
        self._ask: Ask | None = None
        self._told, self._told_s = Told(kind="delivery"), 0
        self._under_way, self._asked_s, self._rests_until_s = False, 0, 0

    def use(self, ask: Ask) -> None:
        """How to ask the shop; until then nobody is asked."""
        self._ask = ask

    def look(self) -> None:
        """Somebody begins to order: the answer is to be there when it is read back."""
        now_s = self._now_s()
        if self._ask is None or self._under_way or self._asked_s <= now_s < self._rests_until_s:
            return
        self._under_way, self._asked_s, self._rests_until_s = True, now_s, now_s + RESTS_S
        self._ask(Question("delivery"), self._answered)

    def day(self) -> str:
        """To be read back now (ISO 8601); '' where nobody knows."""
        fresh = 0 <= self._now_s() - self._told_s < FRESH_S
        return self._told.delivery_date if fresh and self._holds(LEAST_LEFT_S) and self._is_near() else ""

    def stands(self, day: str) -> bool:
        """Whether what was read back is still what the shop would say, as far as it has."""
        return not day or (self._told.delivery_date == day and self._holds(0))

    def _holds(self, for_s: int) -> bool:
        return self._now_s() + for_s < self._told.until_s

    def _is_near(self) -> bool:
        try:
            days = (date.fromisoformat(self._told.delivery_date) - self._today()).days
        except ValueError:
            return False
        return 0 <= days <= FURTHEST_DAYS

    def _answered(self, told: Told | str) -> None:
        self._under_way = False
        if isinstance(told, Told):
            self._told, self._told_s = told, self._now_s()
            if told.until_s:
                self._rests_until_s = min(self._rests_until_s, told.until_s - LEAST_LEFT_S)
        elif told != "ask_silent":  # nobody was asked
            self._rests_until_s = 0
