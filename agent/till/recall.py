"""What was ordered before, out of the journal: as an order that is read back like any other, or told to
whoever asks."""

from __future__ import annotations

from agent.deciding.basket import Basket
from agent.deciding.conversation import Say
from agent.deciding.history import PastOrder, last, of_last_week, usual
from agent.deciding.history_words import TOLD, Again, recalling_questions
from agent.deciding.recalling import told
from agent.deciding.spoken_basket import spoken_basket
from agent.plumbing.sentence_graph import normalise_text
from agent.till.desk import Desk
from agent.till.past import local, past_orders


def ordered_again(desk: Desk, which: Again, person: str, language: str) -> tuple[Basket, ...] | Say:
    """What `person` means by it, at the prices of the catalogue in use: one basket, or two to choose from; or
    why there is none."""
    orders, now = past_orders(desk.journal, person, desk.now_s()), local(desk.now_s())
    match which:
        case "usual":
            keys = usual(orders, now)
        case "last":
            keys = last(orders)
        case "last_week":
            keys = of_last_week(orders, now)
    if not keys:
        return Say("usual_unknown" if which == "usual" else "again_unknown")
    baskets = [desk.basket_of(key, language) for key in keys]
    sold = tuple(basket for basket in baskets if basket is not None)
    return sold if len(sold) == len(keys) else Say("again_gone")


def recalled(desk: Desk, text: str, person: str, language: str, *, aloud: bool = False) -> str:
    """The answer to "what did I order today?", typed or `aloud`; '' where `text` asks nothing of the kind.
    `person` is who asks, '' where that is not known: what everybody did, anybody at the operator socket may
    know."""
    asked = recalling_questions(language).get(normalise_text(text))
    if asked is None:
        return ""
    if not asked.everybody and not person:
        return TOLD[language]["whose"]
    orders = past_orders(desk.journal, "" if asked.everybody else person, desk.now_s())

    def title(order: PastOrder) -> str:
        basket = desk.basket_of(order.key, language)
        return spoken_basket(basket, language) if basket else order.title

    names = {one.pseudonym: one.name for one in desk.people.all()}
    return told(asked, orders, local(desk.now_s()), language, title, names, aloud=aloud)
