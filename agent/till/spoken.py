"""The conversation by voice: utterances in, sentences out, one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from agent.deciding import enrolment
from agent.deciding.basket import Basket
from agent.deciding.conversation import (
    Answered,
    AwaitingFactor,
    Committing,
    Confirming,
    Confused,
    Event,
    FactorGiven,
    FactorRefused,
    Helped,
    Idle,
    OrderHeard,
    Proposed,
    ReceiptArrived,
    ReceiptLate,
    Record,
    Say,
    Silent,
    State,
)
from agent.deciding.replies import render
from agent.deciding.understanding import (
    Answer,
    HelpAsked,
    Meaning,
    NotUnderstood,
    OrderAsked,
    PhraseRead,
    understand,
)
from agent.deciding.verification import Verdict, same_speaker, verify
from agent.plumbing import audit, messages
from agent.plumbing.errors import JournalError
from agent.till.desk import Conversation, Desk
from agent.till.talk import Talk
from agent.till.waiting import WaitingBaskets

Send = Callable[[messages.Message], None]


@dataclass(frozen=True)
class _Question:
    """What the microphone is open for."""

    listen_id: int
    entry: str


class SpokenDialogue(Talk):
    """Drives the dialogue table from what `voice` hears. Embeddings live here, from the order to its
    decision."""

    def __init__(
        self,
        desk: Desk,
        send: Send,
        start_timer: Callable[[int, Callable[[], None]], None],
        on_enrol_step: Callable[[str, bool, bool], None],
        waiting: WaitingBaskets,
    ) -> None:
        """`send` reaches `voice` (or is dropped where there is none); `start_timer(ms, then)` calls back
        once."""
        super().__init__(desk, desk.settings.device.language)
        self._send, self._start_timer = send, start_timer
        self._on_enrol_step, self._waiting = on_enrol_step, waiting
        self._order_embedding: tuple[float, ...] | None = None
        self._question: _Question | None = None
        self._enrolling: enrolment.Enrolling | None = None
        self._last_id = 0
        self._saying: set[int] = set()
        self._woken = False  # somebody has called, and what follows was not heard yet
        self._news: deque[ReceiptArrived] = deque()

    # --- from `voice` ---

    def voice_lost(self) -> None:
        """`voice` is gone: an open question is over and nothing was agreed; what was committed stays
        committed."""
        self._saying.clear()
        self._woken = False
        self._question = None
        if self._enrolling:
            self._enrolling = None
            self._on_enrol_step("", True, False)
        if not isinstance(self._state, Committing):
            self._become(Idle())

    def woken(self) -> None:
        """The wake word was heard."""
        self._woken = True

    def heard(self, utterance: messages.Utterance) -> None:
        """An utterance, after the wake word (listen_id 0) or in answer to the open question."""
        entry = self._entry(utterance.listen_id)
        if entry is None:
            return
        meaning = self._meaning(entry, utterance)
        if self._enrolling:
            self._advance_enrolment(
                self._enrolling, enrolment.Heard(meaning, utterance.embedding, utterance.embedding_in_noise)
            )
        elif entry == "order":
            self._heard_after_wake(meaning, utterance)
        else:
            self._apply(self._answer(meaning, utterance))

    def silent(self, listen_id: int) -> None:
        """Nothing was said while the microphone was open."""
        if self._entry(listen_id) is None:
            return
        if self._enrolling:
            self._advance_enrolment(self._enrolling, enrolment.Heard(None))
        else:
            self._apply(Silent())

    def spoken(self, say_id: int) -> None:
        """A sentence was played to its end."""
        self._saying.discard(say_id)
        self._tell_news()

    # --- from elsewhere ---

    def begin_enrolment(self, name: str) -> bool:
        """Asks `name` for consent aloud; False where the device is in the middle of something."""
        if self._enrolling or not isinstance(self._state, Idle):
            return False
        self._conversation = Conversation.new()
        self._enrolling, say, _ = enrolment.begin(name)
        self._send(messages.ListenPolicy(embed=True, in_noise=True))
        self._say(say)
        return True

    @property
    def awaits_factor_of(self) -> str:
        """The person whose PIN or badge is awaited; '' where none is."""
        return self._state.speaker.person if isinstance(self._state, AwaitingFactor) else ""

    def factor(self, event: FactorGiven | FactorRefused) -> None:
        """A PIN was typed or a badge read."""
        self._speech_ended_ns = 0
        self._apply(event)

    def push_to_talk(self) -> None:
        """The button stands for the wake word; while something is asked or said it changes nothing."""
        if self._enrolling or self._saying or self._question or not isinstance(self._state, Idle):
            return
        self._last_id += 1
        self._question = _Question(self._last_id, "order")
        window_ms = self._desk.settings.endpoint.order_window_ms
        self._send(messages.Listen(self._last_id, "order", window_ms))

    def announce(self, say: Say, name: str) -> str | None:
        """Says something to `name`; the sentence, or None where a conversation is under way."""
        if self._enrolling or not isinstance(self._state, Idle):
            return None
        self._say(say, name)
        return self._last_text

    def receipt(self, intent_id: str, event: ReceiptArrived) -> None:
        """A verified receipt: the order in hand is answered at once, any other is told when nobody is
        talking."""
        if isinstance(self._state, Committing) and intent_id == self._intent:
            self._apply(event)
        else:
            self._news.append(event)
            self._tell_news()

    def propose(self, proposed: Proposed, may_be_said: Callable[[], None]) -> None:
        """Says what a sensor proposes, unless something is being said, asked, heard or learned. Calls
        `may_be_said` right before; what that raises leaves it unsaid."""
        if isinstance(self._state, Idle) and not (
            self._saying or self._woken or self._news or self._enrolling or self._question
        ):
            may_be_said()
            self._conversation = Conversation.new()
            self._apply(proposed)

    # --- inside ---

    def _entry(self, listen_id: int) -> str | None:
        """The grammar entry that the utterance answers; None where it answers a question that is over."""
        if listen_id == 0:
            self._woken = False
            if self._enrolling:
                return None
            self._question = None
            return "order"
        if self._question is None or self._question.listen_id != listen_id:
            return None
        entry, self._question = self._question.entry, None
        return entry

    def _meaning(self, entry: str, utterance: messages.Utterance) -> Meaning:
        sure = utterance.gap_per_token >= self._desk.settings.asr.reject_gap_per_token
        words = utterance.words if sure else ""
        return understand(
            self._desk.parser(self._language), self._desk.catalogue, entry, words, utterance.open_words
        )

    def _verify(self, utterance: messages.Utterance, shortest_ms: int, accept_cosine: float) -> Verdict:
        return verify(
            utterance.embedding,
            speech_ms=utterance.speech_ms,
            shortest_ms=shortest_ms,
            snr_db=utterance.snr_db,
            people=self._desk.people.voiceprints(),
            accept_cosine=accept_cosine,
            limits=self._desk.settings.speaker,
        )

    def _heard_after_wake(self, meaning: Meaning, utterance: messages.Utterance) -> None:
        if isinstance(self._state, Committing):
            self._apply(ReceiptLate())  # nobody waits for the receipt any more; it is told when it comes
        self._become(Idle())
        self._conversation = Conversation.new()
        limits = self._desk.settings.speaker
        speaker = self._verify(utterance, limits.shortest_order_ms, limits.accept_cosine)
        match meaning:
            case OrderAsked(basket):
                self._order_embedding = utterance.embedding
                self._apply(OrderHeard(basket, speaker))
            case Answer(kind="consent") if (
                speaker.person and (waiting := self._waiting.take(self._conversation.id)) is not None
            ):
                self._order_embedding = utterance.embedding
                self._apply(OrderHeard(self._desk.in_language(waiting, self._language), speaker))
            case Answer():
                self._apply(Answered(meaning, speaker))
            case HelpAsked():
                self._apply(Helped())
            case NotUnderstood() | PhraseRead():
                self._apply(Confused())

    def _answer(self, meaning: Meaning, utterance: messages.Utterance) -> Event:
        if not isinstance(meaning, Answer):
            return Confused()
        limits = self._desk.settings.speaker
        self._speech_ended_ns = utterance.speech_ended_ns
        return Answered(
            meaning,
            self._verify(utterance, limits.shortest_consent_ms, limits.accept_consent_cosine),
            same_speaker(self._order_embedding, utterance.embedding, limits),
        )

    def _committed(self, intent_id: str) -> None:
        self._waiting.committed(intent_id, self._conversation.id)

    def _proposed(self) -> Basket | None:
        return self._waiting.proposed()

    def _decided(self, code: str) -> None:
        self._waiting.decided(code, self._conversation.id)

    def _await_receipt(self) -> None:
        self._start_timer(self._desk.settings.orders.receipt_wait_ms, partial(self._late, self._intent))

    def _apply(self, event: Event) -> None:
        super()._apply(event)
        self._tell_news()

    def _late(self, intent: str) -> None:
        if isinstance(self._state, Committing) and self._intent == intent:
            self._apply(ReceiptLate())

    def _become(self, state: State) -> None:
        super()._become(state)
        if not isinstance(state, Confirming):
            self._question = None
        if isinstance(state, Idle):
            self._order_embedding = None

    def _advance_enrolment(self, before: enrolment.Enrolling, heard: enrolment.Heard) -> None:
        known = self._desk.people.voiceprints().values()
        self._enrolling, say, learned = enrolment.advance(before, heard, self._desk.settings.speaker, known)
        kept = learned is not None and self._keep(learned)
        if learned and not kept:
            say = Say("enrol_failed")
        if self._enrolling is None:
            self._send(messages.ListenPolicy(embed=len(self._desk.people) > 0))
        self._say(say, before.name)
        self._on_enrol_step(self._last_text, self._enrolling is None, kept)

    def _keep(self, learned: enrolment.Learned) -> bool:
        try:
            person = self._desk.people.add(learned.name, learned.voiceprint, now_s=self._desk.now_s())
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return False
        self._desk.record(Record("enrolled", person=person.pseudonym), self._conversation, self._language)
        return True

    def _say(self, say: Say, name: str = "") -> None:
        enrolling = self._enrolling
        self._last_text = render(
            say,
            self._language,
            self._desk.catalogue.currency,
            name=enrolling.name if enrolling else name,
            text=enrolling.phrase if enrolling else "",
        )
        self._last_id += 1
        then = None
        if say.listen:
            self._question = _Question(self._last_id, say.listen)
            then = messages.Listen(self._last_id, say.listen, self._desk.settings.endpoint.answer_window_ms)
        self._saying.add(self._last_id)
        self._send(messages.Say(self._last_id, self._last_text, self._language, then))

    def _tell_news(self) -> None:
        """A receipt that came late is told when nothing is being said, asked or learned."""
        if self._news and isinstance(self._state, Idle) and not self._saying and not self._enrolling:
            self._apply(self._news.popleft())
