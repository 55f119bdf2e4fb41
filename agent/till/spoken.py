"""The conversation by voice: utterances in, and what they mean for the order in hand; `aloud` speaks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from agent.deciding import enrolment
from agent.deciding.basket import Basket
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import (
    Choosing,
    Committing,
    Confirming,
    Idle,
    Say,
    Silent,
    State,
)
from agent.deciding.inquired import VoiceLost
from agent.deciding.offered import AskOffer, OfferArrived, OfferLate
from agent.deciding.signals import Signal
from agent.deciding.verification import NOBODY, Verdict
from agent.plumbing import messages
from agent.till.after_wake import AfterWake, HeardSoFar
from agent.till.asks import NO_SHOP, Shop
from agent.till.challenges import Challenges
from agent.till.desk import Desk
from agent.till.enrolling import OnStep
from agent.till.heard import answer_to, aside_in, changeable, meaning_of, words_of
from agent.till.manners import as_enrolment_takes_it
from agent.till.offers import AskForOffer, no_offers
from agent.till.talk import speaker_of
from agent.till.voice_line import Send
from agent.till.waiting import WaitingBaskets
from agent.till.whose_voice import answered, voice_of


class SpokenDialogue(AfterWake):
    """Drives the dialogue table from what `voice` hears."""

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
        super().__init__(desk, send, start_timer, on_enrol_step, waiting, show, shop)
        self._ask_for_offer = ask_for_offer
        self._challenges = Challenges(desk.journal, self._language, desk.now_s, draw, desk.factors.boot_s)

    def voice_lost(self) -> None:
        """`voice` is gone: an open question is over and nothing was agreed; what was committed stays
        committed. What was being told was not heard to its end, and is told again."""
        self._line.lost()
        self._news.lost()
        self._heard_so_far = None
        self._about_me.drop()
        self._questions.drop()
        self._enrolment.abandon()
        self._apply_quietly(VoiceLost())

    def shift_over(self, *, of_anybody: bool = True) -> None:
        """Takes back what is open, or was heard and not answered: that `of_anybody`, or of who was on."""
        before = self._heard_so_far
        if before is not None and (of_anybody or speaker_of(before.state).reason == "shift"):
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
            self._heard_so_far = HeardSoFar(self._state, self._order_voice, self._last_words)
            super()._become(Idle())  # the question may stand again
            self._order_voice = NOBODY
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
            words, nobody = words_of(utterance, self._desk), Verdict(reason="unknown_voice")
            choice = self._state.choice
            self._apply(answer_to(choice, words, utterance.open_words, nobody, self._language))
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

    def _committed(self, intent_id: str) -> None:
        self._waiting.committed(intent_id, self._conversation.id)

    def _proposed(self) -> Basket | None:
        return self._waiting.proposed()

    def _chance(self) -> bytes:
        return self._challenges.chance()

    def _say(self, say: Say) -> None:
        if say.challenge:
            self._challenges.asked()
        super()._say(say)

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
            self._order_voice = NOBODY
