"""What is heard after the wake word: an order, a question or an answer, alone or while something else is
asked; and the whole of what was taken for whole too soon."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agent.deciding.basket import Basket
from agent.deciding.conversation import (
    Answered,
    Committing,
    Helped,
    Idle,
    OrderHeard,
    Say,
    State,
    WentOn,
)
from agent.deciding.denials import is_called_off
from agent.deciding.heard_questions import QuestionAsked, takes_back
from agent.deciding.history_words import Again
from agent.deciding.manner_words import MannerAsked
from agent.deciding.offered import AwaitingOffer, OfferLate
from agent.deciding.placed import ReceiptLate
from agent.deciding.signals import Signal
from agent.deciding.understanding import AboutMeAsked, AgainAsked, Answer, HelpAsked, Meaning, OrderAsked
from agent.deciding.verification import NOBODY, Verdict, Voice
from agent.plumbing import messages
from agent.till.asks import Shop
from agent.till.desk import Conversation, Desk
from agent.till.enrolling import OnStep
from agent.till.heard import changeable, confused_by, runner_up_of
from agent.till.manners import Mannered
from agent.till.recall import ordered_again
from agent.till.voice_line import Send
from agent.till.waiting import WaitingBaskets
from agent.till.whose_voice import voice_of, who_ordered


class HeardSoFar(NamedTuple):
    """What an order led to whose speaker went on, and its words. It was not said to anybody."""

    state: State
    order_voice: Voice
    words: str


class AfterWake(Mannered):
    """`SpokenDialogue`, as far as nobody was listened to when it was said. Embeddings live here, from the
    order to its decision."""

    def __init__(
        self,
        desk: Desk,
        send: Send,
        start_timer: Callable[[int, Callable[[], None]], None],
        on_enrol_step: OnStep,
        waiting: WaitingBaskets,
        show: Callable[[Signal], None],
        shop: Shop,
    ) -> None:
        super().__init__(desk, send, start_timer, on_enrol_step, show, shop)
        self._waiting = waiting
        self._order_voice = NOBODY
        self._heard_so_far: HeardSoFar | None = None
        self._last_words = ""  # of the order in hand
        self._stood = False  # whether what was said last after the wake word left an open question open

    def _heard_whole(self, before: HeardSoFar, meaning: Meaning, utterance: messages.Utterance) -> None:
        """All of an order that was taken for whole too soon. What was heard first stands unless the whole
        asks for something; a denial is one of what stands."""
        self._order_voice = before.order_voice
        super()._become(before.state)  # it is read back only now; no question is over by that
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
        self._become(self._state if isinstance(self._state, Idle) else Idle())
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

    def _order_list(
        self, basket: Basket, before: str, utterance: messages.Utterance, speaker: Verdict
    ) -> None:
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
