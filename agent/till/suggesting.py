"""Suggestions out of somebody's own orders: only where that person agreed to it (by voice, or with
`earmark people remember`), only when asked for, and never in what is read back."""

from __future__ import annotations

import msgspec

from agent.deciding.basket import Basket
from agent.deciding.habit_words import HABIT_KINDS, HABIT_REPLIES
from agent.deciding.habits import HABIT_DAYS, company, rhythms
from agent.deciding.history_words import TOLD
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.suggested import suggested
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.plumbing.sentence_graph import normalise_text
from agent.till.desk import Desk
from agent.till.past import local, past_orders
from agent.till.shopping_list import ShoppingList


def suggestion(desk: Desk, text: str, person: str, in_hand: Basket | None, language: str) -> str:
    """The answer to "what do I usually forget?", typed or heard, of `person`, a pseudonym, '' where nobody
    knows who asks; '' where `text` asks nothing of the kind. `in_hand` is what is being ordered."""
    said = normalise_text(text)
    frames = desk.edition.questions.get(language, ())
    kind = next((frame.kind for frame in frames if frame.kind in HABIT_KINDS and frame.before == said), "")
    if not kind:
        return ""
    known = desk.people.get(person)
    if known is None:
        return TOLD[language]["whose"]
    words = HABIT_REPLIES[language]
    if kind == "suggest_never":
        profile = msgspec.structs.replace(known.profile, remembers=False, remembering=None)
        try:
            desk.people.keep_profile(person, profile)
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return words["not_stopped"]
        return words["stopped"]
    if not known.profile.remembers:
        return words["is_off"].format(name=known.name, wake=desk.hears.wake)
    return _suggested(desk, person, in_hand, language)


def _suggested(desk: Desk, person: str, in_hand: Basket | None, language: str) -> str:
    orders, now = past_orders(desk.journal, person, desk.now_s(), HABIT_DAYS), local(desk.now_s())
    here = {line.sku for line in in_hand.lines} if in_hand else set()
    listed = {entry.sku for entry in ShoppingList(desk).entries()}

    def title(sku: str) -> str:
        basket = desk.basket_of(f"{sku}*1", language)
        return spoken_basket(basket, language) if basket else ""

    return suggested(rhythms(orders, now, here | listed), company(orders, here, listed), title, language)
