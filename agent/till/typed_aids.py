"""What is shown to whoever types a line that is no order, no answer and no question to the shop."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from agent.deciding.basket import Basket
from agent.deciding.conversation import AwaitingFactor, ChangeUnclear, Confused, Event, Say
from agent.deciding.nearly_named import nearly_named
from agent.deciding.questions import priced_basket
from agent.deciding.replies import render
from agent.deciding.replies_typed import MEANWHILE, NEAR, NEAR_MORE, PART, as_shown
from agent.deciding.spoken_basket import joined, spoken_basket, spoken_line
from agent.deciding.typed_ways import aid, asks_price_of_it, kinds_asked, understood_part
from agent.deciding.understanding import Answer, understand
from agent.till.by_measure import in_packs
from agent.till.desk import Desk
from agent.till.details_added import priced
from agent.till.other_tongue import in_its_tongue

_PIN = re.compile(r"\d{4}")


def aided(desk: Desk, text: str, language: str) -> str:
    """The answer to what somebody asks who has lost or fears something; '' where it is none of that."""
    return aid(text, language).format(**desk.hears.words(language))


def hinted(
    desk: Desk,
    texts: Sequence[str],
    language: str,
    in_hand: Basket | None,
    about: Basket | None,
    *,
    asking: bool,
) -> str | None:
    """What is told where a line was not understood in any of the words of `texts`, of which the first are
    its own; '' where that is said with what is asked about `in_hand`, None where there is nothing to tell.
    `about` was spoken of last; while something is `asking`, nobody is led elsewhere."""
    text = texts[-1]
    if told := in_packs(desk, text, language).told or in_its_tongue(desk, texts[0], language):
        return told
    if asks_price_of_it(text, language) and (in_hand or about):
        if in_hand or about is None:
            return ""
        return priced(desk, desk.in_language(about, language), language, is_aloud=False)
    if asking:
        return None
    answer = understand(desk.parser(language), desk.catalogue, "consent", text, text)
    if isinstance(answer, Answer) and answer.kind in ("consent", "bare"):
        say = Say(as_shown("nothing_to_confirm"))
        return render(say, language, desk.catalogue.currency, desk.hears)
    if (kind := kinds_asked(texts[0], language)) and (near := _near(desk, kind, language)):
        return near
    return _part(desk, text, language) or _near(desk, text, language) or None


def unclear_meanwhile(
    desk: Desk, text: str, event: Event, waits: AwaitingFactor | None, language: str
) -> str:
    """What is told where a line was not understood, and `event` is that, while an order waits for a PIN or a
    phone: how it is changed. '' where that is not so, where `text` may hold the PIN, which belongs elsewhere,
    or in a language without words for it."""
    if waits is None or language not in MEANWHILE or not isinstance(event, Confused | ChangeUnclear):
        return ""
    if _PIN.search(text):
        return ""
    more = desk.catalogue.titled(waits.basket.lines[-1].plus(1), language)
    return MEANWHILE[language].format(more=spoken_line(more, language))


def price_asked(desk: Desk, text: str, language: str) -> Basket | None:
    """What `text` asks the price of; None where it asks none."""
    edition = desk.edition
    questions = edition.questions.get(language, ())
    return priced_basket(edition.parser(language), edition.catalogue, questions, text)


def _part(desk: Desk, text: str, language: str) -> str:
    """How much of `text` was understood, and how to order that; '' where none of it was."""
    words = PART.get(language)
    basket = understood_part(desk.parser(language), desk.catalogue, text) if words else None
    return words.format(items=spoken_basket(basket, language)) if words and basket else ""


def _near(desk: Desk, text: str, language: str) -> str:
    """What is sold that `text` names a part of, for somebody to choose from; '' where nothing is."""
    if language not in NEAR:
        return ""
    products, more = nearly_named(desk.edition.catalogue, language, text)
    items = []
    for product in products:
        line = desk.catalogue.line(product.id, {}, 1, language)
        named = msgspec.structs.replace(line, title=product.words[language].say)  # without its options
        items.append(spoken_line(named, language))
    words = NEAR_MORE if more else NEAR
    return words[language].format(items=joined(items, language), first=items[0]) if items else ""
