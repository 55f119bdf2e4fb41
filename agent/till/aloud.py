"""Sentences out by voice: one at a time, and news when nobody is talking."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from agent.deciding.basket import Basket
from agent.deciding.challenge_words import CHALLENGE, HEARD_MS
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import (
    Answered,
    Committing,
    Event,
    Idle,
    Proposed,
    Say,
    SensorsSilent,
    State,
)
from agent.deciding.inquired import Inquired, VoiceLost
from agent.deciding.placed import JournalMended, ReceiptArrived, ReceiptLate
from agent.deciding.replies import render
from agent.deciding.signals import Signal, signal_of
from agent.deciding.understanding import Answer
from agent.deciding.verification import Verdict
from agent.plumbing import messages
from agent.plumbing.messages import LONGEST_SAID
from agent.till.about_me import AboutMe
from agent.till.asks import Shop
from agent.till.awaited import Press
from agent.till.desk import Conversation, Desk
from agent.till.details_added import added
from agent.till.enrolling import OnStep, VoiceEnrolment
from agent.till.heard import choice_phrases
from agent.till.news import Announcements, News
from agent.till.shift_words import key_on_shift
from agent.till.spoken_questions import SpokenQuestions
from agent.till.talk import Talk
from agent.till.voice_line import Send, VoiceLine

_TOO_LONG = ("speech_too_long", "ipc_frame_too_long")
"""Faults of a sentence that was not said."""

ADMITTED_WITHIN_MS = 60_000
"""So long after a voice was learned somebody's PIN or badge admits it; later an operator does."""


class Aloud(Talk):
    """The speaking half of `SpokenDialogue`."""

    def __init__(
        self,
        desk: Desk,
        send: Send,
        start_timer: Callable[[int, Callable[[], None]], None],
        on_enrol_step: OnStep,
        show: Callable[[Signal], None],
        shop: Shop,
    ) -> None:
        super().__init__(desk, desk.settings.device.language, start_timer)
        self._line = VoiceLine(send, desk.settings.endpoint)

        def wants_voices(embed: bool, in_noise: bool) -> None:
            send(messages.ListenPolicy(embed, in_noise))

        self._enrolment = VoiceEnrolment(
            desk, self._speak, wants_voices, on_enrol_step, self._await_admission
        )
        self._about_me = AboutMe(desk, self._speak_of, self._enrolment, wants_voices)
        self._questions = SpokenQuestions(
            *(desk, self._language, shop, self._told_aloud, self._order_list, self._not_now)
        )
        self._start_timer, self._show = start_timer, show
        self._news = Announcements(desk.told)
        self._said_at_s = 0
        self.awaits_admission = ""
        """Somebody whose voice was learned right now, and whom a PIN or badge may admit."""
        self.press_to_admit = Press(desk.factors.boot_s)
        """Of a key of the device since then."""

    def voice_came(self) -> None:
        """There is a `voice` that speaks."""
        self._line.came()
        self._tell_news()

    def spoken(self, say_id: int, fault: str = "") -> None:
        """A sentence was played to its end; or it could not be, by `fault`: then nobody has heard what it
        asked, and nothing may be agreed to."""
        is_unheard = bool(fault) and self._line.asks_by(say_id)
        self._line.spoken(say_id)
        self._news.spoken(say_id)
        if is_unheard:
            self._unheard("too_long" if fault in _TOO_LONG else "not_read_back")
        self._tell_news()

    def _unheard(self, key: str) -> None:
        was_open = not isinstance(self._state, Idle) or self._questions.under_way
        self._line.drop_question()
        self._about_me.drop()
        self._questions.drop()
        self._enrolment.abandon()
        self._apply_quietly(VoiceLost())
        if was_open:
            self._say(Say(key))

    def begin_enrolment(self, name: str) -> bool:
        """Asks `name` for consent aloud; False where the device is in the middle of something."""
        if not self._at_rest or self._line.called:
            return False
        self._enrolment.begin(name)
        return True

    def announce(self, say: Say, name: str) -> str | None:
        """Says something to `name`; the sentence, or None where a conversation is under way."""
        return self._speak(say, name) if self._at_rest and not self._line.called else None

    def receipt(self, intent_id: str, event: ReceiptArrived | JournalMended) -> None:
        """A verified receipt: the order in hand is answered at once, any other is told when nobody is
        talking. It counts as told when the sentence was played to its end."""
        news = News(intent_id, event)
        if isinstance(self._state, Committing) and intent_id == self._intent:
            self._tell(news)
        else:
            self._news.add(news)
        self._tell_news()

    def speak_up(self, event: Proposed | SensorsSilent, may_be_said: Callable[[], None]) -> None:
        """Says what a sensor gave reason for, unless something is being said, asked, heard or learned. Calls
        `may_be_said` right before; what that raises leaves it unsaid."""
        if self._at_rest and self._line.quiet and not self._news:
            may_be_said()
            self._conversation = Conversation.new()
            self._apply(event)

    @property
    def _at_rest(self) -> bool:
        """Whether nothing is talked about, and nobody is enrolled or asked for a yes to anything else."""
        busy = self._enrolment.under_way or self._about_me.under_way or self._questions.under_way
        return isinstance(self._state, Idle) and not busy

    def _await_receipt(self) -> None:
        self._start_timer(self._desk.settings.orders.receipt_wait_ms, partial(self._late, self._intent))

    def _apply(self, event: Event) -> None:
        super()._apply(event)
        self._tell_news()

    def _apply_quietly(self, event: Event) -> None:
        """With no news right after it."""
        super()._apply(event)

    def _late(self, intent: str) -> None:
        if isinstance(self._state, Committing) and self._intent == intent:
            self._apply(ReceiptLate())

    def _say(self, say: Say) -> None:
        key = key_on_shift(say.key, self._state, self._desk)
        self._speak(replace(say, key=key), after=self._questions.offer_quote(say))

    def _say_answer(self) -> None:
        answer, self._answer = self._answer, ""
        self._line.say(answer, self._language)

    def _await_admission(self, person: str) -> None:
        self.awaits_admission = person
        self.press_to_admit.forget()
        self._start_timer(ADMITTED_WITHIN_MS, partial(self._not_admitted, person))

    def _not_admitted(self, person: str) -> None:
        if self.awaits_admission == person:
            self.awaits_admission = ""

    def _told_aloud(
        self, number: int | None, text: str, phrases: tuple[str, ...] = (), *, once: bool = False
    ) -> bool:
        """The answer to a question, and then what is still asked. Who is speaking is not spoken over, and
        what answers nobody any more (`number` None) is said into no conversation. Said `once`, it is for
        whoever has asked."""
        if self._line.called or (number is None and not (self._at_rest and self._line.quiet)):
            return False
        self._said_at_s = self._desk.now_s()
        with self._line.answering(number or 0):
            if phrases:
                self._line.say(text, self._language, CHOICE, phrases)
            else:
                self._apply_quietly(Inquired(text))
            if once:
                self._line.keep_to_once()
        return True

    @abstractmethod
    def _order_list(
        self, basket: Basket, before: str, utterance: messages.Utterance, speaker: Verdict
    ) -> None:
        """What stands on the shopping list is ordered; `before` is said before its read-back."""

    def _not_now(self, before: str, speaker: Verdict) -> None:
        """What is being ordered was put on the list instead; `before` says so."""
        self._answer = before
        self._apply(Answered(Answer("later"), speaker))
        self._line.keep_to_once()

    def _speak_of(self, say: Say, name: str, phrases: tuple[str, ...]) -> str:
        """About the person who hears it, and said again to nobody; only a question has to be."""
        text = self._speak(say, name, phrases=phrases)
        if name and not phrases:
            self._line.keep_to_once()
        return text

    def _speak(
        self,
        say: Say,
        name: str = "",
        phrase: str = "",
        phrases: tuple[str, ...] = (),
        *,
        aside: bool = False,
        after: str = "",
    ) -> str:
        """Has it spoken, then `after`, and listens for `phrases` where any are given; the sentence. An
        `aside` is not what is said again."""
        text = self._in_words(say, name, phrase)
        answer, self._answer = self._answer, ""
        if say.listen and answer and len(f"{answer} {text}") > LONGEST_SAID:
            self._line.say(answer, self._language, aside=True)  # what is asked is said whole
            answer = ""
        text = f"{answer} {text} {after}".strip()
        signal = signal_of(say.key)
        if signal is not None:
            self._show(signal)
        listened = phrases or choice_phrases(say, self._language)
        self._said_at_s = self._desk.now_s()
        window_ms = HEARD_MS if say.listen == CHALLENGE else 0
        self._line.say(text, self._language, say.listen, listened, signal, window_ms=window_ms, aside=aside)
        return text

    def _in_words(self, say: Say, name: str = "", phrase: str = "") -> str:
        return render(
            *(say, self._language, self._desk.catalogue.currency, self._desk.hears),
            name=name,
            text=phrase,
            added=added(self._desk, say, self._language),
        )

    def _too_long(self, say: Say, state: State) -> bool:
        key = key_on_shift(say.key, state, self._desk)
        return len(self._in_words(replace(say, key=key))) > LONGEST_SAID

    def _tell_news(self) -> None:
        """A receipt that came late is told when nothing is being said, asked or learned."""
        may_be_told = self._at_rest and self._line.present and not (self._line.speaking or self._line.called)
        if self._news and may_be_told:
            self._tell(self._news.take())

    def _tell(self, news: News) -> None:
        super()._apply(news.event)
        if self._line.present:
            self._news.being_said(self._line.last_id, news)
        else:
            self._news.add(news)
