"""Questions that are heard after the wake word, answered as they are when typed (`inquiries`, `recall`): what
is asked about, who may know it, and a yes where something would be done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

from agent.deciding import really
from agent.deciding.asked import Asked, question_in
from agent.deciding.basket import Basket
from agent.deciding.beside import Reply, step
from agent.deciding.conversation import Say, Silent
from agent.deciding.heard_questions import BY_A_KNOWN_VOICE
from agent.deciding.number_words import in_words
from agent.deciding.replies_instead import QUOTE_OFFERED
from agent.deciding.telling import aloud
from agent.deciding.verification import NOBODY, UNCLEAR, Verdict, Voice
from agent.plumbing.messages import Utterance
from agent.till.asks import Shop
from agent.till.desk import Desk
from agent.till.details_added import priced
from agent.till.heard import words_of
from agent.till.inquiries import OVER_LIMITS, Inquiries
from agent.till.recall import recalled
from agent.till.spoken_lists import Clearing, NotNow, Order, SpokenLists
from agent.till.whose_voice import voice_of, who_answered

REMEMBERED_S = 300
"""So long "it" is what was asked about last."""


class Tell(Protocol):
    """Says an answer to the utterance of that number (0: to a silence; None: to what was answered before),
    and listens for the phrases after it; whether it could be said now. Said `once`, it is not said again to
    whoever asks for that."""

    def __call__(
        self, number: int | None, text: str, phrases: tuple[str, ...] = (), *, once: bool = False
    ) -> bool: ...


@dataclass
class _Question:
    """What was asked, and by whom. `number` is that of the utterance that is being answered."""

    asked: Asked
    number: int
    speaker: Verdict
    voice: Voice
    at_s: float
    answered: bool = False


class SpokenQuestions:
    """One at a time: what is asked later ends what was asked before."""

    def __init__(
        self, desk: Desk, language: str, shop: Shop, tell: Tell, order: Order, not_now: NotNow
    ) -> None:
        """`order` is given what is ordered of the shopping list, `not_now` what is put there instead."""
        self._desk, self._language, self._shop, self._tell = desk, language, shop, tell

        def tell_of_list(number: int, text: str, once: bool) -> bool:
            return tell(number, text, once=once)

        self._lists = SpokenLists(desk, language, tell_of_list, order, not_now, self._ask_if_cleared)
        self._question: _Question | None = None
        self._inquiries: Inquiries | Clearing | None = None
        self._really: really.Really | None = None
        self._about: tuple[Basket, float] | None = None  # what was asked about last, and when
        self._offered: Basket | None = None  # what was refused last for its amount

    @property
    def under_way(self) -> bool:
        """Whether somebody is being asked if they really mean it."""
        return self._really is not None

    @property
    def unanswered(self) -> bool:
        """Whether nothing could be said yet to what was asked last."""
        return self._question is not None and not self._question.answered

    def asked(self, text: str, in_hand: Basket | None, utterance: Utterance, speaker: Verdict) -> bool:
        """Whether `text`, what was heard, asks something: it is answered, now or within seconds. `in_hand`
        waits for an answer."""
        self.drop()
        about = self._about[0] if self._is_remembered(self._desk.now_s()) and self._about else None
        if self._lists.asked(text, in_hand, about, utterance, speaker):
            return True
        edition = self._desk.edition
        parser, frames = edition.parser(self._language), edition.questions.get(self._language, ())
        asked = question_in(parser, edition.catalogue, frames, text)
        if asked is None:
            return False
        voice, now_s = voice_of(utterance, self._desk), self._desk.now_s()
        question = self._question = _Question(asked, utterance.number, speaker, voice, now_s)
        told = partial(self._told, question)
        if asked.kind in BY_A_KNOWN_VOICE and not speaker.person:
            key = "whose_unclear" if speaker.reason in UNCLEAR else "whose_unknown"
            told(aloud(key, self._language))
        elif asked.kind == "recall":
            told(recalled(self._desk, text, speaker.person, self._language, aloud=True))
        elif asked.kind == "price" and asked.basket is not None:
            self._about = asked.basket, now_s
            told(priced(self._desk, asked.basket, self._language, is_aloud=True))
        else:
            self._inquire(question, in_hand)
        return True

    def _ask_if_cleared(self, clearing: Clearing, utterance: Utterance, speaker: Verdict) -> None:
        voice, now_s = voice_of(utterance, self._desk), self._desk.now_s()
        question = _Question(Asked("list_clear"), utterance.number, speaker, voice, now_s)
        clearing.tell = partial(self._told, question)
        self._question, self._inquiries = question, clearing
        self._told(
            question,
            aloud("list_clear_really", self._language, count=in_words(clearing.count, self._language)),
        )

    def _is_remembered(self, now_s: int) -> bool:
        """Whether what was asked about last is still "it"."""
        return self._about is not None and now_s - self._about[1] <= REMEMBERED_S

    def offer_quote(self, say: Say) -> str:
        """How a quote is asked for, where `say` refuses an order for its amount; else ''. It stays what "it"
        is for a while, and nothing is listened for: whoever was refused may well order less at once."""
        if say.key not in OVER_LIMITS or say.basket is None or self._language not in QUOTE_OFFERED:
            return ""
        self._about, self._offered = (say.basket, self._desk.now_s()), say.basket
        return QUOTE_OFFERED[self._language].format(wake=self._desk.hears.wake)

    def heard(self, utterance: Utterance) -> None:
        """The answer to whether it is meant."""
        question, state = self._question, self._really
        if question is None or state is None:
            return
        question.number = utterance.number
        speaker, one_voice = who_answered(question.voice, question.speaker, utterance, self._desk)
        words = words_of(utterance, self._desk)
        reply = Reply(words, utterance.open_words, speaker, one_voice, self._language)
        self._go_on(question, step(state, reply))

    def silent(self) -> None:
        """Nobody answered."""
        if self._question is not None and self._really is not None:
            self._question.number = 0
            self._go_on(self._question, step(self._really, Silent()))

    def denied(self, number: int) -> bool:
        """Whether somebody was to be asked if it is meant; by the utterance of that number it is not."""
        if self._question is None or self._really is None:
            return False
        self._question.number = number
        self._go_on(self._question, "no")
        return True

    def lapse(self) -> None:
        """Nobody is listened to any more who would say that it is meant: then nothing is done."""
        if self._really is not None:
            self.drop()

    def drop(self) -> None:
        """What was asked is over; what the shop still answers is not told. What was written on the list
        before its sentence was whole is not there any more."""
        self._lists.settle()
        self._question, self._inquiries, self._really = None, None, None

    def went_on(self) -> None:
        """Whoever asked last speaks on."""
        self._lists.went_on()

    def stand(self) -> None:
        """What was asked last was all of it."""
        self._lists.stands()

    def _inquire(self, question: _Question, in_hand: Basket | None) -> None:
        # What comes of a cancellation is told as news, whoever asked for it.
        told, person = partial(self._told, question), question.speaker.person
        inquiries = Inquiries(
            *(self._desk, self._language, self._shop, told, lambda *_: None, person), is_aloud=True
        )
        if self._about is not None and self._is_remembered(int(question.at_s)):
            inquiries.ordered(self._about[0])
            inquiries.offered = self._offered
            if question.asked.kind == "quote":
                self._offered = None  # said twice, it is asked about
        self._inquiries = inquiries
        about = question.asked.basket or in_hand
        if about is not None:
            self._about = about, question.at_s
        inquiries.asked(question.asked, in_hand)

    def _told(self, question: _Question, text: str) -> None:
        if question is not self._question:
            return
        phrases: tuple[str, ...] = ()
        if self._inquiries is not None and self._inquiries.asks_if_meant:
            kind = question.asked.kind
            self._really = really.Really(kind, question.speaker.person)
            phrases = really.really_answers(kind, self._language)
        else:
            question.voice = NOBODY  # it is compared with nothing any more
        number = None if question.answered else question.number
        of_one = question.asked.kind in BY_A_KNOWN_VOICE and bool(question.speaker.person)
        question.answered = self._tell(number, text, phrases, once=of_one) or question.answered

    def _go_on(self, question: _Question, outcome: really.Really | really.Settled) -> None:
        kind, inquiries = question.asked.kind, self._inquiries
        if isinstance(outcome, really.Really):
            self._really = outcome
            phrases = really.really_answers(kind, self._language)
            self._tell(question.number, aloud(f"{kind}_again", self._language), phrases)
            return
        self._really, question.answered = None, False
        if inquiries is None:
            return
        if outcome == "other_voice":
            inquiries.drop()
            self._told(question, aloud(f"{kind}_other_voice", self._language))
        else:
            inquiries.settle(yes=outcome == "yes")
