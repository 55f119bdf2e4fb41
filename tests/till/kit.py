"""A till with a real journal, road, shop and grammar; the test plays `voice` and holds the clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent.committing.road import OrderDiffers, OrderPlaced, OrderRefused
from agent.deciding.conversation import SensorsSilent
from agent.deciding.edition import Edition, compiled, source_id
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.placed import ReceiptArrived
from agent.deciding.proposals import Low
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages
from agent.plumbing.speaker_models import GE2E
from agent.till.asks import Asks
from agent.till.desk import Desk
from agent.till.factors import Factors
from agent.till.offers import Offers
from agent.till.people import People
from agent.till.proposals import SensorProposals
from agent.till.sensing import Sensing
from agent.till.silences import SensorSilences
from agent.till.spoken import SpokenDialogue
from agent.till.typed import TypedDialogue
from agent.till.waiting import WaitingBaskets
from tests.committing.kit import CATALOGUE_FILE, DEVICE, Bench


def edition_of(source: bytes, language: str = "en") -> Edition:
    """The corner shop's JSON, compiled and read here."""
    data = compiled(source, shop_id="corner-shop", language=language, compiler="")
    return Edition.from_bytes(data, source=source_id(source), compiler="", language=language)


EDITION = edition_of(CATALOGUE_FILE.read_bytes())
"""What these tills serve."""

Vector = tuple[float, ...]
ANNA: Vector = (1.0, 0.0, 0.0)
BERT: Vector = (0.0, 1.0, 0.0)


@dataclass
class Till:
    """`sent` is everything that `voice` was told; `timers` what was asked to be called later; `asked` the
    requests for an offer and the questions to the shop."""

    bench: Bench
    desk: Desk
    sent: list[messages.Message] = field(default_factory=list)
    timers: list[Callable[[], None]] = field(default_factory=list)
    steps: list[tuple[str, bool, bool]] = field(default_factory=list)
    typed: TypedDialogue | None = None
    asked: list[messages.Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.silences = SensorSilences(self.desk, lambda: self.bench.clocks.boot_s)
        self.proposals = SensorProposals(self.desk, self.silences)
        self.offers = Offers(self.desk, self.asked.append, lambda _, then: self.timers.append(then))
        self.asks = Asks(self.desk, self.asked.append, lambda _, then: self.timers.append(then))
        self.spoken = SpokenDialogue(
            self.desk,
            self.sent.append,
            lambda _, then: self.timers.append(then),
            lambda text, done, learned: self.steps.append((text, done, learned)),
            WaitingBaskets(lambda: [self.typed] if self.typed else [], self.proposals),
            ask_for_offer=self.offers.ask,
            shop=self.asks,
        )
        self.spoken.voice_came()
        hears = False  # `voice` connects later than the till starts
        self.sensing = Sensing(
            self.proposals,
            self.silences,
            self.spoken,
            lambda: hears,
            lambda *_: None,  # a test looks itself
        )
        hears = True

    def what_is_low(self) -> tuple[list[Low], list[SensorsSilent]]:
        """For a typed dialogue."""
        return [waiting.low for waiting in self.proposals.all()], self.silences.silent()

    @property
    def said(self) -> str:
        """The last sentence that `voice` was told to speak."""
        return [message.text for message in self.sent if isinstance(message, messages.Say)][-1]

    @property
    def listening(self) -> messages.Listen | None:
        """What `voice` was last told to listen for after speaking."""
        return [message.then for message in self.sent if isinstance(message, messages.Say)][-1]

    @property
    def decided(self) -> list[str]:
        """The journal's decisions, oldest first."""
        return [row.code for row in reversed(self.desk.journal.decisions(100))]

    def finish_speaking(self) -> None:
        """`voice` has played everything."""
        for message in list(self.sent):
            if isinstance(message, messages.Say):
                self.spoken.spoken(message.say_id)

    def wake_and_say(self, words: str, embedding: Vector | None = ANNA, **details: object) -> None:
        """An utterance after the wake word."""
        self.finish_speaking()
        self.spoken.heard(utterance(0, words, embedding, **details))

    def answer(self, words: str, embedding: Vector | None = ANNA, **details: object) -> None:
        """An utterance in answer to the open question."""
        assert self.listening is not None, f"nothing is asked; it said: {self.said}"
        self.finish_speaking()
        self.spoken.heard(utterance(self.listening.listen_id, words, embedding, **details))

    def deliver(self) -> None:
        """The road carries what is due to the shop's desk and the receipts back."""
        self.desk.road.link(True)
        for publish in self.desk.road.tick().publishes:
            reply = self.bench.desk.intent(DEVICE, publish.payload, now_s=int(self.bench.clocks.wall_s))
            for event in self.desk.road.received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload):
                match event:
                    case OrderPlaced():
                        arrived = ReceiptArrived(event.title, "", event.delivery)
                    case OrderDiffers() | OrderRefused():
                        arrived = ReceiptArrived(event.title, event.code)
                    case _:
                        continue
                self.spoken.receipt(event.intent_id, arrived)
                if self.typed:
                    self.typed.receipt(event.intent_id, arrived)


def utterance(
    listen_id: int, words: str, embedding: Vector | None = ANNA, *, gap: float = -0.1, open_words: str = "",
    speech_ms: int = 2_500, snr_db: float | None = 30.0, runners_up: tuple[messages.RunnerUp, ...] = (),
    grammar_id: str = EDITION.grammar_id,
) -> messages.Utterance:  # fmt: skip
    """What `voice` sends; by default it is sure of itself and the room is quiet."""
    return messages.Utterance(
        listen_id, words, open_words, gap, embedding, speech_ms, snr_db, 1, grammar_id, runners_up=runners_up
    )


def make_till(bench: Bench, folder: Path, *, online: bool = True) -> Till:
    """Anna is enrolled, the time is known."""
    bench.trust_time()
    people = People(folder / "people")
    factors = Factors(folder / "factors.json", bench.journal)
    desk = Desk(
        bench.settings, EDITION, bench.journal, bench.road, people, factors, lambda: bench.clocks.wall_s
    )
    desk.online = online
    desk.speaker_model = GE2E
    till = Till(bench, desk)
    if not len(people):  # a restart finds her
        people.add("Anna", Voiceprint(GE2E, ANNA), now_s=0)
    return till


def near(vector: Vector, degrees: float) -> Vector:
    """`vector` (a unit vector along an axis) turned a little towards the third axis."""
    angle = math.radians(degrees)
    return (vector[0] * math.cos(angle), vector[1] * math.cos(angle), math.sin(angle))


def phrase(number: int) -> str:
    """An enrolment sentence as the recogniser gives it."""
    return ENROLMENT_PHRASES["en"][number]
