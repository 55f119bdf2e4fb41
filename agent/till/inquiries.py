"""Questions that are no order, typed or heard: what the shop is asked, and what comes of its answer. A basket
that waits for a voice stays what it was, and its question is put again after the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agent.committing.asking import Question
from agent.committing.cancelling import BY_OPERATOR, BY_VOICE
from agent.committing.journal_rows import OPEN
from agent.committing.receipts import CANCELLED
from agent.deciding.ask_replies import ASK_REPLIES
from agent.deciding.asked import Asked, asked_in
from agent.deciding.basket import Basket
from agent.deciding.conversation import Record
from agent.deciding.replies import spoken_money
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.telling import (
    aloud,
    in_words,
    last_in_words,
    offers_in_words,
    status_in_words,
)
from agent.deciding.understanding import Answer, understand
from agent.plumbing.errors import EarmarkError
from agent.plumbing.told import Told
from agent.till.about_goods import AboutGoods
from agent.till.asks import Shop
from agent.till.desk import Conversation, Desk
from agent.till.last_order import LastOrder, last_order
from agent.till.requests import Requests

_CANCEL_CODES = {
    "order_over": "cancel_over",
    "cancel_too_late": "cancel_too_late",
    "cancel_by_voice": "cancel_by_voice",
}

OVER_LIMITS = ("order_over_limit", "day_over_limit", "day_over_limit_together", "quantity_too_large")
"""Replies after which somebody may want a quote."""


class _Really(NamedTuple):
    """A question of ours: what is done on a yes, and what is said on anything else."""

    yes: Callable[[], None]
    no: Callable[[], None]


class Inquiries:
    """Of one typed conversation, or of all that is asked by voice."""

    def __init__(
        self,
        desk: Desk,
        language: str,
        shop: Shop,
        tell: Callable[[str], None],
        follow: Callable[[str, str], None],
        person: str = "",
        *,
        is_aloud: bool = False,
    ) -> None:
        """`tell` shows an answer, or says it where that `is_aloud`; `follow` is given an intent's id and
        title whose receipt is to be shown; `person` is who asks, '' where that is not known."""
        self._desk, self._language, self._shop, self._person = desk, language, shop, person
        self._tell, self._follow, self._aloud = tell, follow, is_aloud
        self._goods = AboutGoods(desk, language, self._asked_shop, tell, is_aloud=is_aloud)
        self._requests = Requests(desk, language, shop, tell, is_aloud=is_aloud)
        self._really: _Really | None = None
        self._about: Basket | None = None  # what was asked or ordered last
        self.offered: Basket | None = None
        """What was refused aloud for its amount, and a quote was offered for."""

    def typed(self, text: str, in_hand: Basket | None) -> bool:
        """Whether this is for here: then it is told, now or within seconds. `in_hand` waits for a voice."""
        if self.asks_if_meant and (answer := self._answer(text)) is not None:
            self.settle(yes=answer)
            return True
        self.drop()
        edition, language = self._desk.edition, self._language
        frames = edition.questions.get(language, ())
        asked = asked_in(edition.parser(language), edition.catalogue, frames, text)
        if asked is None or (asked.kind == "cancel" and in_hand is not None):
            return False  # a denial is one of the basket in hand
        self.asked(asked, in_hand)
        return True

    def asked(self, asked: Asked, in_hand: Basket | None) -> None:
        """As `typed`, of what is understood already."""
        self._about = asked.basket or in_hand or self._about
        self._asked(asked, in_hand)

    @property
    def asks_if_meant(self) -> bool:
        """Whether it was asked if something is really meant."""
        return self._really is not None

    def settle(self, *, yes: bool) -> None:
        """The answer to that."""
        really, self._really = self._really, None
        if really is not None:
            (really.yes if yes else really.no)()

    def drop(self) -> None:
        """Nobody has answered that, and nothing is done."""
        self._really = None

    @property
    def about(self) -> Basket | None:
        """What "it" means."""
        return self._about

    def ordered(self, basket: Basket) -> None:
        """It is what "it" means from now on."""
        self._about = basket

    def besides(self, key: str) -> str:
        """What else is said after the reply `key`, which may be ''."""
        hints = key in OVER_LIMITS and self._language in ASK_REPLIES
        return in_words("quote_hint", self._language) if hints else ""

    def _answer(self, text: str) -> bool | None:
        edition = self._desk.edition
        meaning = understand(edition.parser(self._language), edition.catalogue, "consent", text, text)
        return meaning.kind in ("consent", "bare") if isinstance(meaning, Answer) else None

    def _asked(self, asked: Asked, in_hand: Basket | None) -> None:
        match asked.kind:
            case "delivery":
                about = self._about if asked.basket or in_hand else None
                self._goods.delivery(about and self._desk.in_language(about, self._language))
            case "offers":
                self._asked_shop(
                    Question("offers"),
                    lambda told: offers_in_words(told, self._language, briefly=self._aloud),
                )
            case "person" if self._aloud:  # what was misheard must not have somebody at the shop wait
                about = self._about
                self._really = _Really(
                    lambda: self._requests.person(about), lambda: self._say("person_stays")
                )
                self._say("person_really")
            case "person":
                self._requests.person(self._about)
            case "quote" if self._aloud:
                self._about_goods(self._quote_aloud)
            case "quote":
                self._about_goods(self._requests.quote)
            case "return":
                self._about_last_order(self._return)
            case "status":
                self._about_last_order(self._status)
            case "cancel":
                self._about_last_order(self._cancel)
            case "price_of_it" if in_hand is not None:
                self._tell("")  # what is asked is asked again, with its price
            case kind:
                self._about_goods(lambda basket: self._goods.answer(kind, basket, asked.value))

    def _quote_aloud(self, basket: Basket) -> None:
        """What was offered is asked for at once; else somebody may have been misheard."""
        if self._about == self.offered:
            self._requests.quote(basket)
            return
        self._really = _Really(lambda: self._requests.quote(basket), lambda: self._say("quote_stays"))
        self._say("quote_really", items=spoken_basket(basket, self._language))

    def _say(self, key: str, **values: str) -> None:
        words = aloud if self._aloud else in_words
        self._tell(words(key, self._language, **values))

    def _about_goods(self, then: Callable[[Basket], object]) -> None:
        if self._about is None:
            self._say("ask_about_what", example=self._desk.hears.examples.get(self._language, ""))
        else:
            then(self._desk.in_language(self._about, self._language))

    def _about_last_order(self, then: Callable[[LastOrder], None]) -> None:
        last = last_order(self._desk, self._person, self._language)
        if last is not None:
            then(last)
        else:
            self._say("ask_no_order_of_yours" if self._person else "ask_no_order")

    def _say_of(self, last: LastOrder, key: str) -> None:
        total = spoken_money(last.row.total, self._language)
        shown = {"items": last.items, "total": total}
        self._tell(last_in_words(key, self._language, last.whose, is_aloud=self._aloud, **shown))

    def _status(self, last: LastOrder) -> None:
        row, items, whose = last
        if row.state in OPEN:
            self._say_of(last, "status_queued")
        elif row.state == "ordered":
            question = Question("status", orders=(row.intent_id,), person=row.person)
            self._asked_shop(question, lambda told: status_in_words(told, items, self._language, whose))
        else:
            self._say_of(last, "status_taken_back" if row.reason == CANCELLED else "status_over")

    def _cancel(self, last: LastOrder) -> None:
        if last.row.state in ("refused", "expired"):
            self._say("cancel_over", items=last.items)
            return
        if self._aloud and self._desk.is_beyond_a_voice(last.row):
            self._say("cancel_by_voice", items=last.items)
            return
        self._really = _Really(
            lambda: self._cancelled(last), lambda: self._say("cancel_stays", items=last.items)
        )
        self._say_of(last, "cancel_really")

    def _return(self, last: LastOrder) -> None:
        row, items, _ = last
        if row.state != "ordered":
            self._say_of(last, "return_too_early" if row.state in OPEN else "status_over")
            return
        if self._aloud and self._desk.is_beyond_a_voice(row):
            self._say("return_by_voice", items=items)
            return
        self._really = _Really(
            lambda: self._requests.send_back(row, items), lambda: self._say("return_stays")
        )
        self._say_of(last, "return_really")

    def _cancelled(self, last: LastOrder) -> None:
        """As `earmark cancel`, and as who types comes by the same door as that, the shop is told so."""
        row, items, _ = last
        try:
            stage, _ = self._desk.cancel(row.intent_id, BY_VOICE if self._aloud else BY_OPERATOR)
        except EarmarkError as error:
            self._say(_CANCEL_CODES.get(error.code, "cancel_not"), items=items)
            return
        record = Record("cancel_asked", person=row.person, title=row.title)
        self._desk.record(record, Conversation.new(), self._language)
        if stage == "asked":
            self._follow(row.intent_id, items)
        self._say("cancel_done" if stage == "cancelled" else "cancel_asked", items=items)

    def _asked_shop(self, question: Question, told_in_words: Callable[[Told], str]) -> None:
        def answered(told: Told | str) -> None:
            self._tell(self._fault(told) if isinstance(told, str) else told_in_words(told))

        self._shop.ask(question, answered)

    def _fault(self, code: str) -> str:
        return in_words(code if code == "ask_offline" else "ask_silent", self._language)
