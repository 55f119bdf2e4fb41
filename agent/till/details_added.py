"""What the shop's details add to an answer: how much a pack holds, what is on offer, what could be had
instead. Only of the catalogue in use, and only what stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from agent.deciding.ask_replies import ASK_REPLIES
from agent.deciding.basket import Basket, Line
from agent.deciding.conversation import Say
from agent.deciding.knowing import Known
from agent.deciding.replies import render
from agent.deciding.replies_typed import as_shown
from agent.deciding.substituting import instead_of, substitutes
from agent.till.desk import Desk
from agent.till.past import local


def known(desk: Desk, language: str) -> Known:
    """What is known of the goods of the catalogue in use."""
    return Known(desk.edition.catalogue, desk.house.facts(desk.edition.source), language)


def today(desk: Desk) -> str:
    """ISO 8601."""
    return local(desk.now_s()).date().isoformat()


def added(desk: Desk, say: Say, language: str) -> str:
    """What is said beside the total of `say`; '' where the shop tells nothing that helps."""
    basket = say.basket
    if basket is None or language not in ASK_REPLIES or basket.catalogue_version != desk.edition.version:
        return ""
    if say.key in ("price", as_shown("price")):
        return known(desk, language).more(basket, today(desk))
    return known(desk, language).packs(basket) if say.key.startswith("read_back") else ""


def priced(desk: Desk, basket: Basket, language: str, *, is_aloud: bool) -> str:
    """The answer to what `basket` costs."""
    say = Say("price" if is_aloud else as_shown("price"), basket=basket)
    more = added(desk, say, language)
    return render(say, language, desk.catalogue.currency, desk.hears, added=more)


def with_substitutes(desk: Desk, basket: Basket, language: str, most: int) -> tuple[tuple[str, int], ...]:
    """`basket` and what could be had instead, to be asked about at once: (sku, quantity), at most so many."""
    facts, catalogue = desk.house.facts(desk.edition.source), desk.edition.catalogue
    asked = {line.sku: line.quantity for line in basket.lines}
    for line in basket.lines:
        for other in substitutes(line, facts, catalogue, language):
            asked.setdefault(other.sku, other.quantity)
    return tuple(asked.items())[: max(most, len(basket.lines))]


def instead(
    desk: Desk, language: str, *, is_aloud: bool
) -> Callable[[Sequence[Line], Callable[[Line], bool]], str]:
    """Words what could be had instead of lines, of all that is there."""
    wake = desk.hears.wake if is_aloud else ""

    def worded(lines: Sequence[Line], is_there: Callable[[Line], bool]) -> str:
        facts = desk.house.facts(desk.edition.source)
        return instead_of(lines, facts, desk.edition.catalogue, language, is_there, wake)

    return worded


def instead_of_refused(
    desk: Desk, intent_id: str, available: Iterable[tuple[str, int]], language: str
) -> str:
    """What could be ordered instead of what the shop has none of; '' where it has not said what that is."""
    row, left = desk.journal.order(intent_id), dict(available)
    basket = desk.basket_of(row.basket_key, language) if row is not None else None
    if basket is None or (len(basket.lines) > 1 and not left):
        return ""
    gone = [line for line in basket.lines if not left.get(line.sku)]
    return instead(desk, language, is_aloud=True)(gone, lambda _: True)
