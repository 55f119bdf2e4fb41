"""The conversation by voice: utterances in, and what they mean for the order in hand; `aloud` speaks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from agent.deciding import enrolment
from agent.deciding.basket import Basket
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import (
    Answered,
    Choosing,
    Committing,
    Confirming,
    Helped,
    Idle,
    OrderHeard,
    Say,
    Silent,
    State,
    WentOn,
)
from agent.deciding.denials import is_called_off
from agent.deciding.heard_questions import QuestionAsked, takes_back
from agent.deciding.history_words import Again
from agent.deciding.manner_words import MannerAsked
from agent.deciding.offered import AskOffer, AwaitingOffer, OfferArrived, OfferLate
from agent.deciding.placed import ReceiptLate
from agent.deciding.signals import Signal
from agent.deciding.understanding import AboutMeAsked, AgainAsked, Answer, HelpAsked, Meaning, OrderAsked
from agent.deciding.verification import Verdict, Voice
from agent.plumbing import messages
from agent.till.asks import NO_SHOP, Shop
from agent.till.challenges import Challenges
from agent.till.desk import Conversation, Desk
from agent.till.enrolling import OnStep
from agent.till.heard import answer_to, aside_in, changeable, confused_by, meaning_of, runner_up_of, words_of
from agent.till.manners import Mannered, as_enrolment_takes_it
from agent.till.offers import AskForOffer, no_offers
from agent.till.recall import ordered_again
from agent.till.voice_line import Send
from agent.till.waiting import WaitingBaskets
from agent.till.whose_voice import answered, voice_of, who_ordered

_NOBODY = Voice(None, 0, None, "")


class _HeardSoFar(NamedTuple):
    """What an order led to whose speaker went on, and its words. It was not said to anybody."""

    state: State
    order_voice: Voice
    words: str


def _speaker_of(state: State) -> Verdict:
    return Verdict() if isinstance(state, Idle) else state.speaker


class SpokenDialogue(Mannered):
    """Drives the dialogue table from what `voice` hears. Embeddings live here, from the order to its
    decision."""

    def __init__(
        self,
        desk: Desk,
        send: Send,
        start_timer: Callable[[int, Callable[[], None]], None],
        on_enrol_step: OnStep,
        waiting: WaitingBaskets,
        show: Callable[[Signal], None] = lambda _: None,
        ask_for_offer: AskForOffer = no_offers,
        draw: Callable[[int], bytes] = secrets.token_bytes,
        shop: Shop = NO_SHOP,
    ) -> None:
        """`send` reaches `voice` (or is dropped where there is none); `start_timer(ms, then)` calls back
        once; `show` is told what has come of something; `draw(n)` gives n bytes that nobody can guess; `shop`
        is asked what only it knows."""
        super().__init__(desk, send, start_timer, on_enrol_step, show, shop)
        self._waiting, self._ask_for_offer = waiting, ask_for_offer
        self._challenges = Challenges(desk.journal, self._language, desk.now_s, draw)
        self._order_voice = _NOBODY
        self._heard_so_far: _HeardSoFar | None = None
        self._last_words = ""  # of the order in hand
        self._stood = False  # whether what was said last after the wake word left an open question open

    def voice_lost(self) -> None:
        """`voice` is gone: an open question is over and nothing was agreed; what was committed stays
        committed. What was being told was not heard to its end, and is told again."""
        self._line.lost()
        self._news.lost()
        self._heard_so_far = None
        self._about_me.drop()
        self._questions.drop()
        self._enrolment.abandon()
        if not isinstance(self._state, Committing):
            self._become(Idle())

    def shift_over(self, *, of_anybody: bool = True) -> None:
        """Takes back what is open, or was heard and not answered: that `of_anybody`, or of who was on."""
        before = self._heard_so_far
        if before is not None and (of_anybody or _speaker_of(before.state).reason == "shift"):
            self._heard_so_far = None
        if self._questions.under_way:
            self._line.drop_question()
        self._questions.drop()
        if of_anybody or self.speaker.reason == "shift":
            self.take_back()

    def woken(self) -> None:
        """The wake word was heard."""
        self._desk.coming.look()
        self._heard_so_far = None
        self._line.woken()

    def heard(self, utterance: messages.Utterance) -> None:
        """An utterance, after the wake word (listen_id 0) or in answer to the open question."""
        entry = self._entry(utterance.listen_id)
        if entry is None:
            return
        with self._line.answering(utterance.number):
            self._heard_at(entry, utterance)

    def went_on(self, listen_id: int) -> None:
        """Whoever gave the order that was heard last speaks on, and what was answered to it is not said."""
        if self._enrolment.under_way or self._heard_so_far or isinstance(self._state, Committing):
            return  # no order led here
        self._questions.went_on()
        if not self._stood:
            self._heard_so_far = _HeardSoFar(self._state, self._order_voice, self._last_words)
            self._state, self._order_voice = Idle(), _NOBODY
        self._line.went_on(listen_id)

    def silent(self, listen_id: int) -> None:
        """Nothing was said while the microphone was open."""
        if self._entry(listen_id) is None:
            return
        if self._enrolment.under_way:
            self._enrolment.heard(enrolment.Heard(None))
        elif self._about_me.under_way:
            self._about_me.silent()
        elif self._questions.under_way:
            self._questions.silent()
        else:
            self._apply(Silent())

    def push_to_talk(self) -> None:
        """The button stands for the wake word; while something is asked or said it changes nothing."""
        if self._at_rest and self._line.unasked:
            self._desk.coming.look()
            self._line.listen("order")

    def _entry(self, listen_id: int) -> str | None:
        """The grammar entry that the utterance answers; None where it answers a question that is over."""
        if listen_id:
            return self._line.answered(listen_id)
        self._line.after_wake()
        if self._enrolment.under_way:
            return None
        self._line.drop_question()
        return "order"

    def _heard_at(self, entry: str, utterance: messages.Utterance) -> None:
        if entry == CHOICE and (aside := aside_in(words_of(utterance, self._desk), self._language)):
            self._is_about_manner(aside)
            return
        if self._about_me.under_way and entry == CHOICE:
            self._about_me.heard(utterance, words_of(utterance, self._desk))
            return
        if self._questions.under_way and entry == CHOICE:
            self._questions.heard(utterance)
            return
        if isinstance(self._state, Choosing) and entry == CHOICE:
            self._apply(answer_to(self._state.choice, utterance, self._desk, self._language))
            return
        meaning = meaning_of(entry, utterance, self._desk, self._language)
        if entry != "order" and self._is_about_manner(meaning):
            return
        if self._enrolment.under_way:
            meaning = as_enrolment_takes_it(meaning)
            voice, in_noise = voice_of(utterance, self._desk), utterance.embedding_in_noise
            self._enrolment.heard(
                enrolment.Heard(meaning, voice, in_noise, utterance.open_words, utterance.words)
            )
        elif entry == "order":
            before, self._heard_so_far = self._heard_so_far, None
            if before is None:
                self._heard_after_wake(meaning, utterance)
            else:
                self._heard_whole(before, meaning, utterance)
        else:
            self._speech_ended_ns = utterance.speech_ended_ns
            basket, ordered = changeable(self._state), self.speaker
            self._apply(
                answered(meaning, utterance, self._order_voice, ordered, basket, self._desk, self._language)
            )

    def _heard_whole(self, before: _HeardSoFar, meaning: Meaning, utterance: messages.Utterance) -> None:
        """All of an order that was taken for whole too soon. What was heard first stands unless the whole
        asks for something; a denial is one of what stands."""
        self._state, self._order_voice = before.state, before.order_voice
        match meaning:
            case OrderAsked() | HelpAsked() | QuestionAsked():
                self._apply_quietly(WentOn())
                self._heard_after_wake(meaning, utterance)
            case MannerAsked("wrong"):  # it ends what stands
                self._is_about_manner(meaning)
            case Answer(kind="denial" | "later"):
                self._taken_back(meaning, utterance)
            case _ if is_called_off(utterance.open_words, before.words, self._language):
                self._taken_back(Answer("denial"), utterance)
            case _ if isinstance(before.state, AwaitingOffer):  # nothing was said yet, and nobody waits on
                self._apply(OfferLate())
            case _ if self._questions.unanswered:
                self._apply(confused_by(utterance, self._desk.settings.speaker))
            case _:
                self._questions.stand()
                self._line.say_again()

    def _taken_back(self, denial: Answer, utterance: messages.Utterance) -> None:
        """Whatever stood and was said to nobody: an order, a line of the list, a question if it is meant."""
        self._about_me.drop()
        if not self._questions.denied(utterance.number):
            self._questions.drop()  # and what was written on the list too soon
            self._apply(Answered(denial, who_ordered(utterance, self._desk)))

    def _heard_after_wake(self, meaning: Meaning, utterance: messages.Utterance) -> None:
        self._about_me.drop()
        if isinstance(self._state, Committing):
            self._apply(ReceiptLate())  # nobody waits for the receipt any more; it is told when it comes
        self._questions.drop()
        if self._is_about_manner(meaning):
            return
        speaker = who_ordered(utterance, self._desk)
        self._stood = not isinstance(self._state, Idle) and not (
            isinstance(meaning, OrderAsked) and speaker == self._state.speaker
        )
        if self._stood:
            self._heard_in_between(meaning, utterance, speaker)
            return
        self._last_words = utterance.words
        self._become(Idle())
        self._conversation = Conversation.new()
        match meaning:
            case OrderAsked(basket):
                self._order_voice = voice_of(utterance, self._desk)
                other = runner_up_of(basket, utterance, self._desk, self._language)
                self._apply(OrderHeard(basket, speaker, other))
            case AgainAsked(which) if speaker.person:
                self._order_voice = voice_of(utterance, self._desk)
                self._ordered_again(which, speaker)
            case AgainAsked():
                self._say(Say(f"refused_{speaker.reason}"))
            case Answer(kind="consent") if (
                speaker.person and (waiting := self._waiting.take(self._conversation.id)) is not None
            ):
                self._order_voice = voice_of(utterance, self._desk)
                self._apply(OrderHeard(self._desk.in_language(waiting, self._language), speaker))
            case Answer():
                self._apply(Answered(meaning, speaker))
            case HelpAsked():
                self._apply(Helped())
            case AboutMeAsked(kind):
                self._about_me.asked(kind, utterance)
            case QuestionAsked(text) if self._questions.asked(text, None, utterance, speaker):
                pass
            case _:
                self._apply(confused_by(utterance, self._desk.settings.speaker))

    def _ordered_again(self, which: Again, speaker: Verdict) -> None:
        found = ordered_again(self._desk, which, speaker.person, self._language)
        if isinstance(found, Say):
            self._say(found)
        else:
            basket, *other = found
            self._apply(OrderHeard(basket, speaker, other[0] if other else None, "which_again"))

    def _listed(self, basket: Basket, before: str, utterance: messages.Utterance, speaker: Verdict) -> None:
        if isinstance(self._state, Idle) or speaker == self._state.speaker:
            self._stood = False
            self._become(Idle())
            self._conversation = Conversation.new()
            self._order_voice, self._answer = voice_of(utterance, self._desk), before
        self._apply(OrderHeard(basket, speaker))

    def _heard_in_between(self, meaning: Meaning, utterance: messages.Utterance, speaker: Verdict) -> None:
        """After the wake word, while something is asked: it stands, unless it is denied. Nothing is consented
        to here, as what is heard after the wake word is not searched for every denial."""
        match meaning:
            case Answer(kind="denial" | "later"):
                self._apply(Answered(meaning, speaker))
            case _ if is_called_off(utterance.open_words, utterance.words, self._language):
                self._apply(Answered(Answer("denial"), speaker))
            case QuestionAsked(text) if takes_back(text, self._language):  # what is in hand
                self._apply(Answered(Answer("denial"), speaker))
            case _ if isinstance(self._state, AwaitingOffer):  # the offer may have come while this was said
                self._apply(OfferLate())
            case OrderAsked(basket):
                self._apply(OrderHeard(basket, speaker))
            case HelpAsked():
                self._apply(Helped())
            case QuestionAsked(text) if self._questions.asked(
                text, changeable(self._state), utterance, speaker
            ):
                pass
            case _:
                self._apply(confused_by(utterance, self._desk.settings.speaker))

    def _committed(self, intent_id: str) -> None:
        self._waiting.committed(intent_id, self._conversation.id)

    def _proposed(self) -> Basket | None:
        return self._waiting.proposed()

    def _chance(self) -> bytes:
        return self._challenges.chance()

    def _decided(self, code: str) -> None:
        self._challenges.decided(code)
        self._waiting.decided(code, self._conversation.id)

    def _ask_offer(self, ask: AskOffer) -> None:
        self._ask_for_offer(ask.basket, partial(self._offered, self._line.answers))

    def _offered(self, number: int, event: OfferArrived | OfferLate) -> None:
        if self._line.called:  # somebody speaks: they are not spoken over, and what they say counts
            return
        with self._line.answering(number):
            self._apply(event)

    def _become(self, state: State) -> None:
        super()._become(state)
        if not isinstance(state, Confirming):
            self._line.drop_question()
            self._questions.lapse()
        if isinstance(state, Idle):
            self._order_voice = _NOBODY
