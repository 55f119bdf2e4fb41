"""A typed conversation over the operator socket. It can ask and cancel; only a verified voice can place its
basket, or whoever is said to type, with a PIN at the keypad or a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from agent.deciding.about_me import asked_about_me
from agent.deciding.basket import Basket
from agent.deciding.choice import Alternatives
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Changed,
    Choosing,
    Committing,
    Confirming,
    Confused,
    Event,
    Idle,
    OrderHeard,
    Repeated,
    Say,
    SensorsSilent,
)
from agent.deciding.history_words import TOLD, Again
from agent.deciding.inquired import Inquired
from agent.deciding.manner_words import MannerAsked
from agent.deciding.offered import AskOffer, AwaitingOffer, OfferArrived, OfferLate
from agent.deciding.placed import ReceiptArrived, ReceiptLate
from agent.deciding.proposals import Low
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.tongues import tongue_asked
from agent.deciding.typed_ways import asks_price_of_it, in_other_words
from agent.deciding.understanding import (
    AgainAsked,
    Answer,
    ChangeAsked,
    HelpAsked,
    Meaning,
    MoreAsked,
    NotUnderstood,
    OrderAsked,
    RepeatAsked,
)
from agent.deciding.verification import TYPED, Verdict
from agent.plumbing.sentence_graph import normalise_text
from agent.till.asks import NO_SHOP, Shop
from agent.till.by_measure import in_packs
from agent.till.desk import Conversation, Desk
from agent.till.followed import Followed
from agent.till.heard import answer_to, changeable, wanted_otherwise
from agent.till.inquiries import Inquiries
from agent.till.listing import Listing
from agent.till.offers import AskForOffer, no_offers
from agent.till.on_screen import on_screen
from agent.till.other_tongue import meaning_typed
from agent.till.own_goods import asked_of_goods
from agent.till.ready import typist
from agent.till.recall import ordered_again, recalled
from agent.till.screen_number import ScreenNumber, drawn
from agent.till.suggesting import suggestion
from agent.till.talk import Talk
from agent.till.tongue import titled, told_of_tongues, tongues
from agent.till.typed_about import typed_about
from agent.till.typed_aids import aided, hinted, price_asked, unclear_meanwhile

WhatIsLow = Callable[[], tuple[Sequence[Low], Sequence[SensorsSilent]]]
"""What has run low, and which sensors cannot say so any more."""


class TypedDialogue(Talk):
    """One `earmark chat`. The spoken dialogue can take over what it read back, and reads it aloud."""

    def __init__(
        self,
        desk: Desk,
        language: str,
        reply: Callable[[str], None],
        what_is_low: WhatIsLow,
        shop: Shop = NO_SHOP,
        person: str = "",
        draw: Callable[[], str] = drawn,
        start_timer: Callable[[int, Callable[[], None]], None] = lambda *_: None,
        ask_for_offer: AskForOffer = no_offers,
    ) -> None:
        """`person` is who is said to type, whose PIN or phone may place what is typed; '' for nobody. `draw`
        gives the digits of a `ScreenNumber`; `start_timer(ms, then)` calls back once. Raises CatalogueError
        catalogue_language where nothing can be ordered in `language`."""
        super().__init__(desk, language, start_timer)
        self._ask_for_offer, self._offers_asked = ask_for_offer, 0
        desk.parser(language)
        self._reply, self._what_is_low, self._person = reply, what_is_low, person
        self._last = ""
        self._followed = Followed(desk)
        self._number = ScreenNumber(desk.factors.boot_s, draw)
        self._shop = shop
        self._begin(None)
        desk.coming.look()

    def _begin(self, about: Basket | None) -> None:
        """What answers in the language of now; `about` is what "it" means."""
        desk, language, person = self._desk, self._language, self._person
        self._inquiries = Inquiries(desk, language, self._shop, self._answered, self.follow, person)
        self._listing = Listing(desk, language, person, self._answered, self._not_now, self._order_list)
        if about is not None:
            self._inquiries.ordered(about)

    def hand_over(self) -> Basket | None:
        """The basket that waits for a voice, which now has it; None where none waits."""
        if not isinstance(self._state, Confirming):
            return None
        basket = self._state.basket
        self._followed.handed_over(basket, self._language)
        self._become(Idle())
        self._say(Say("handed_over"))
        return basket

    def follow(self, intent_id: str, title: str = "") -> None:
        """The basket that was handed over became this intent, or the order `title` is to be taken back: its
        receipt is shown here too."""
        self._followed.follow(intent_id, title)

    def typed(self, text: str, tried: tuple[str, ...] = ()) -> None:
        """One line from the keyboard, `tried` in other words before. A question, or asking for help, leaves
        everything as it is; what is asked of the shop for an order is not awaited any longer. Raises
        CatalogueError catalogue_language where nothing can be ordered in the language any more."""
        self._desk.coming.look()
        self.awaited.look()
        text = in_packs(self._desk, text, self._language).text or text
        if isinstance(self._state, AwaitingOffer):
            self._apply(OfferLate())  # whoever types on does not wait
            if asks_price_of_it(text, self._language):
                return
        if (tongue := tongue_asked(text)) and not isinstance(self._meaning("order", text), OrderAsked):
            self._speak(tongue)
            return
        if self._inquiries.typed(text, self._in_hand):
            return
        asking = not isinstance(self._state, Idle)
        if self._listing.typed(text, self._in_hand, self._inquiries.about, asking=asking):
            return
        answer = asked_of_goods(self._desk, text, *self._what_is_low(), self._person, self._language)
        answer = answer or recalled(self._desk, text, self._person, self._language)
        if answer := answer or suggestion(self._desk, text, self._person, self._in_hand, self._language):
            self._answered(answer)
            return
        if isinstance(self._state, Choosing):
            choice = Alternatives(*(titled(self._desk, one, self._language) for one in self._state.choice))
            self._apply(answer_to(choice, normalise_text(text), text, TYPED, self._language))
            return
        if kind := asked_about_me(text, self._language):
            if answer := typed_about(self._desk, kind, self._person, self._language):
                self._answered(answer)
            else:
                self._say(Say("typed_about_me"))
            return
        if told := aided(self._desk, text, self._language):
            is_denied = self._in_hand is not None and self._meaning("consent", text) == Answer("denial")
            (self._not_now if is_denied else self._answered)(told)
            return
        if priced := price_asked(self._desk, text, self._language):
            self._inquiries.ordered(priced)
            self._say(Say("price", basket=priced))
            return
        entry = "consent" if asking else "order"
        meaning, before = self._meaning(entry, text), changeable(self._state)
        if isinstance(meaning, NotUnderstood) and entry == "consent":
            meaning = self._meaning("order", text)
        match meaning:
            case OrderAsked(basket):
                self._conversation = Conversation.new()
                self._inquiries.ordered(basket)
                self._apply(OrderHeard(basket, self._typist))
            case AgainAsked(which):
                self._ordered_again(which)
            case MoreAsked(more) if before is not None and (both := before.plus(more)):
                self._apply(Changed(both, self.speaker, same_speaker=True))
            case ChangeAsked(readings) if before is not None:
                none_left = Answered(Answer("denial"), self.speaker, same_speaker=True)
                self._put(text, wanted_otherwise(readings, before, none_left, self._desk, self._language))
            case Answer():
                self._apply(Answered(meaning, TYPED))
            case HelpAsked():
                self._say(Say("help"))  # whatever else is being asked
            case MannerAsked("wrong"):
                self._was_wrong()
            case MannerAsked("language"):
                self._answered(told_of_tongues(self._desk, "typed_tongues", self._language))
            case RepeatAsked() | MannerAsked() if isinstance(self._state, Idle):
                self._reply(self._last) if self._last else self._say(Say("nothing_to_repeat"))
            case RepeatAsked() | MannerAsked():
                self._apply(Repeated())
            case _ if other := in_other_words(text, self._language, tried):
                self.typed(other, (*tried, text))
            case _ if (hint := self._hinted((*tried, text), asking=asking)) is not None:
                self._answered(hint)
            case _:
                self._put(text, Confused())

    def _put(self, text: str, event: Event) -> None:
        """As `_apply`; but what is not understood takes nothing away from what waits for a PIN or a phone."""
        if told := unclear_meanwhile(self._desk, text, event, self.awaiting, self._language):
            self._answered(told)
        else:
            self._apply(event)

    def _hinted(self, texts: tuple[str, ...], *, asking: bool) -> str | None:
        about = self._inquiries.about
        return hinted(self._desk, texts, self._language, self._in_hand, about, asking=asking)

    def _speak(self, language: str) -> None:
        """From now on, and what is asked is asked once more in it."""
        key = "typed_tongue_unsold"
        if language in tongues(self._desk):
            key, self._language = "typed_tongue_now", language
            self._begin(self._inquiries.about)
        self._answered(told_of_tongues(self._desk, key, self._language))

    def pin_in(self, number: str) -> str | None:
        """What was typed on the keypad after the digits that are shown here, if it begins with them."""
        waiting = self.awaiting
        return None if waiting is None else self._number.pin_in(number, waiting.basket.digest)

    def _ordered_again(self, which: Again) -> None:
        if not self._person:
            self._answered(TOLD[self._language]["whose"])
            return
        found = ordered_again(self._desk, which, self._person, self._language)
        if isinstance(found, Say):
            self._say(found)
            return
        basket, *other = found
        self._conversation = Conversation.new()
        self._apply(OrderHeard(basket, self._typist, other[0] if other else None, "which_again"))

    @property
    def _in_hand(self) -> Basket | None:
        """What waits for a voice."""
        return self._state.basket if isinstance(self._state, Confirming | AwaitingFactor) else None

    def _answered(self, text: str) -> None:
        """Shows what was asked in between, and then what is still asked."""
        self._apply(Inquired(text))

    def _say_answer(self) -> None:
        self._shown("")

    def _not_now(self, text: str) -> None:
        """Shows that it is kept for later, and what is being ordered is over."""
        self._answer = text
        self._apply(Answered(Answer("later"), TYPED))

    def _order_list(self, basket: Basket, text: str) -> None:
        """What stands on the list is ordered, like any basket that is typed."""
        self._answer = text
        self._conversation = Conversation.new()
        self._inquiries.ordered(basket)
        self._apply(OrderHeard(basket, self._typist))

    @property
    def _typist(self) -> Verdict:
        return typist(self._desk, self._person)

    def _meaning(self, entry: str, text: str) -> Meaning:
        return meaning_typed(self._desk, entry, text, self._language)

    def receipt(self, intent_id: str, event: ReceiptArrived) -> None:
        """A verified receipt for any order; only the followed one is shown."""
        if say := self._followed.receipt(intent_id, event, self._language):
            self._say(say)

    def _say(self, say: Say) -> None:
        by_pin = self._typist != TYPED
        said = on_screen(self._desk, say, self._language, self._number, by_pin=by_pin)
        self._shown(f"{said} {self._inquiries.besides(say.key)}".strip())

    def _shown(self, text: str) -> None:
        self._last, self._answer = f"{self._answer} {text}".strip(), ""
        self._reply(self._last)

    def _ask_offer(self, ask: AskOffer) -> None:
        self._offers_asked += 1
        self._ask_for_offer(ask.basket, partial(self._offered, self._offers_asked))

    def _offered(self, number: int, event: OfferArrived | OfferLate) -> None:
        if number == self._offers_asked:
            self._apply(event)

    def _await_receipt(self) -> None:
        self._apply(ReceiptLate())  # it is shown when it comes

    def _committed(self, intent_id: str) -> None:
        title = ""
        if isinstance(self._state, Committing):
            basket = titled(self._desk, self._state.basket, self._language)
            title = spoken_basket(basket, self._language)
        self.follow(intent_id, title)
