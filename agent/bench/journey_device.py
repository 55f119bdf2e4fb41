"""A whole device in one process, up to the shop's signed receipt: real ears, the till's own conversation,
journal and signature, and the reference shop's desk. Without processes, sockets, network and loudspeaker.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from agent.bench.answers_heard import cause_of
from agent.bench.made_people import MadePerson
from agent.bench.made_room import in_quiet_room
from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore, create_device_keys, store_client_certificate
from agent.committing.road import OrderDiffers, OrderPlaced, OrderRefused, OrderRoad
from agent.committing.trusted_time import ClockReading, TrustedTime
from agent.deciding.basket import Basket
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.conversation import Say
from agent.deciding.edition import Edition, examples_of
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.packed_catalogue import PackedCatalogue
from agent.deciding.placed import ReceiptArrived
from agent.deciding.replies import Hears, render
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.deciding.verification import Voiceprint
from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Float32, to_int16
from agent.hearing.ears import Ears
from agent.hearing.speech import Speech
from agent.plumbing import messages
from agent.plumbing.settings import Device, Paths, Policy, Settings
from agent.till.desk import Desk
from agent.till.factors import Factors
from agent.till.people import People
from agent.till.proposals import SensorProposals
from agent.till.silences import SensorSilences
from agent.till.spoken import SpokenDialogue
from agent.till.waiting import WaitingBaskets
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop

_DEVICE = "bench"
_LANGUAGE = "en"
_UNLIMITED = 2**40
_ALL = 1_000_000
_ENROLMENT = ("yes, learn my voice", "yes, I agree", *ENROLMENT_PHRASES[_LANGUAGE])


class Enrolment(NamedTuple):
    """How the device's own conversation of enrolment ended, and how often it asked for something again."""

    learned: bool
    asked_again: int


class Heard(NamedTuple):
    """What came of one sound: whether the wake word was heard, whether anything ended (a sentence, which is
    `utterance`, or a silence), how many seconds passed, from the wake word where there was one, and how many
    seconds of the sound."""

    woken: bool
    ended: bool
    seconds: float
    audio_seconds: float
    utterance: messages.Utterance | None = None


class JourneyDevice:
    """A new device and a new shop in `folder`. Raises ModelError."""

    def __init__(self, folder: Path, models_dir: Path, catalogue: Path, openings: Sequence[str] = ()) -> None:
        """`openings`: with which people may begin an order, beside those of the lexicon."""
        self._shop = create_shop(
            folder / "shop", shop_name="Bench", environment="test", catalogue=catalogue, now=datetime.now(UTC)
        )
        policy = Policy(voice_order_max_minor=_UNLIMITED, voice_day_max_minor=_UNLIMITED)
        self.settings = Settings(
            device=Device(id=_DEVICE, environment="test", language=_LANGUAGE),
            paths=Paths(
                state_dir=str(folder),
                keys_dir=str(folder / "keys"),
                trust_file=str(folder / "keys" / "trust.json"),
                models_dir=str(models_dir),
            ),
            policy=policy,
        )
        self.catalogue = parse_catalogue(catalogue.read_bytes())
        graph = compile_sentences(self.catalogue, _LANGUAGE, extra_openings=openings)
        packed = PackedCatalogue.of(self.catalogue)
        grammars, examples = {_LANGUAGE: graph.to_bytes()}, examples_of(self.catalogue)
        edition = Edition("made here", _LANGUAGE, packed, grammars, examples, questions={})
        self.journal = Journal(folder / "journal.db")
        self._road = self._make_road(self._shop, folder)
        self._desk = Desk(
            self.settings,
            edition,
            self.journal,
            self._road,
            People(folder / "people"),
            Factors(folder / "factors.json", self.journal),
            time.time,
        )
        self._desk.online = True
        self._counter = OrderDesk(self._shop)
        self._sent: deque[messages.Message] = deque()
        self._dialogue = SpokenDialogue(
            self._desk, self._sent.append, lambda *_: None, self._enrol_step, self._nothing_waits()
        )
        self._learned: bool | None = None  # of the enrolment under way: None until it has ended
        self.ears = Ears(self.settings)
        """By which it hears."""
        self.ears.use_grammar(graph, edition.grammar_id)
        self._desk.speaker_model = self.ears.speaker_model
        self._speech = Speech()
        self._spoken_seconds: dict[str, float] = {}
        self.said = ""
        """The last sentence it spoke."""
        self.listening = False
        """Whether the microphone is open for an answer."""

    @property
    def hears(self) -> Hears:
        """What it listens for, as its replies name it."""
        return self._desk.hears

    def close(self) -> None:
        """Ends the journal and the shop's counter."""
        self.journal.close()
        self._counter.close()

    def order(self, words: str) -> Basket:
        """What `words` order. Raises ValueError where they are no order."""
        meaning = understand(self._desk.parser(_LANGUAGE), self.catalogue, "order", words)
        if not isinstance(meaning, OrderAsked):
            raise ValueError(f"no order: {words}")
        return meaning.basket

    def reads_back(self, basket: Basket) -> bool:
        """Whether the last sentence was the question whether to place just that."""
        return self.said == render(
            Say("read_back", "consent", basket), _LANGUAGE, self.catalogue.currency, self._desk.hears
        )

    @property
    def decided(self) -> list[str]:
        """The journal's decisions, newest first."""
        return [row.code for row in self.journal.decisions(_ALL)]

    @property
    def ordered(self) -> int:
        """Orders with a verified receipt."""
        return sum(order.state == "ordered" for order in self.journal.orders(_ALL))

    def enrol(self, name: str, person: MadePerson) -> Enrolment:
        """Has the device learn a voice by its own conversation, in a quiet room."""
        self._learned = None
        read: list[str] = []
        self._dialogue.begin_enrolment(name)
        self.speak()
        while self.listening:
            read.append(next((phrase for phrase in _ENROLMENT if phrase in self.said), _ENROLMENT[0]))
            self.hear(in_quiet_room(person.says(read[-1])))
            self.speak()
        return Enrolment(bool(self._learned), len(read) - len(set(read)))

    def voiceprint(self, name: str) -> Voiceprint | None:
        """What it has learned of whoever was enrolled as `name`, None where nothing."""
        return next((person.voiceprint for person in self._desk.people.all() if person.name == name), None)

    def forget(self, name: str) -> None:
        """Whoever was enrolled as `name` is not any more."""
        for person in self._desk.people.all():
            if person.name == name:
                self._desk.people.forget(person.pseudonym)

    def cause(self, answer: messages.Utterance | None, basket: Basket) -> str:
        """Why `answer` placed no order of `basket`; one of `agent.bench.answers_heard`."""
        return cause_of(answer, basket, self._desk, _LANGUAGE)

    def hear(self, sound: Float32) -> Heard:
        """float32 [n] of somebody and the room, frame by frame until it is answered or a silence has ended.
        Frames take their length; the work on the last one, and all that the till does then, takes the time it
        takes. What is answered to an order that goes on is not said."""
        frames = to_int16(sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]).reshape(-1, FRAME_SAMPLES)
        woken_at: int | None = None
        said: messages.Utterance | None = None
        ended_at, work = 0, 0.0
        for number, frame in enumerate(frames):
            begun = time.perf_counter()
            match self.ears.push(frame, time.monotonic_ns()):
                case messages.Woken():
                    woken_at = number
                    self._dialogue.woken()
                case messages.Silence(listen_id=listen_id):
                    self._dialogue.silent(listen_id)
                    seconds = (number - (woken_at or 0)) * FRAME_MS / 1_000
                    return Heard(woken_at is not None, True, seconds, (number + 1) * FRAME_MS / 1_000)
                case messages.WentOn(listen_id=listen_id):
                    said = None
                    self._withhold(listen_id)
                case messages.Utterance() as said:
                    self._dialogue.heard(said)
                    self._deliver()
                    ended_at, work = number, time.perf_counter() - begun
            if said is not None and not self.ears.may_go_on_ms:
                audio_seconds = (number + 1) * FRAME_MS / 1_000
                waited = (number - ended_at) * FRAME_MS / 1_000
                seconds = (number - (woken_at or 0)) * FRAME_MS / 1_000 + max(0.0, work - waited)
                return Heard(woken_at is not None, True, seconds, audio_seconds, said)
        self.rest()
        length = len(frames) * FRAME_MS / 1_000
        return Heard(woken_at is not None, False, length, length)

    def _withhold(self, listen_id: int) -> None:
        self._dialogue.went_on(listen_id)
        while self._sent:
            if isinstance(say := self._sent.popleft(), messages.Say):
                self._dialogue.spoken(say.say_id)

    def speak(self) -> float:
        """Says what is to be said and opens the microphone where it asks; how long that takes to say, in
        seconds."""
        seconds = 0.0
        self.listening = False
        while self._sent:
            say = self._sent.popleft()
            if isinstance(say, messages.ListenPolicy):
                self.ears.embeds, self.ears.embeds_in_noise = say.embed, say.in_noise
            if not isinstance(say, messages.Say):
                continue
            self.ears.wait_for_wake()
            self.said = say.text
            seconds += self._length(say.text)
            self._dialogue.spoken(say.say_id)
            self.listening = say.then is not None
            if then := say.then:
                self.ears.listen(then.listen_id, then.entry, then.window_ms, then.phrases)
        return seconds

    def push_to_talk(self) -> None:
        """Opens the microphone for an order, as the button does."""
        self.rest()
        self._dialogue.push_to_talk()
        while self._sent:
            if isinstance(listen := self._sent.popleft(), messages.Listen):
                self.ears.listen(listen.listen_id, listen.entry, listen.window_ms)

    def rest(self) -> None:
        """Nobody says anything any more, and what it was about to say is not said."""
        self._dialogue.voice_lost()
        self._sent.clear()
        self.listening = False
        self.ears.wait_for_wake()

    def _length(self, text: str) -> float:
        if text not in self._spoken_seconds:
            self._spoken_seconds[text] = len(self._speech.speak(text, _LANGUAGE)) / SAMPLE_RATE
        return self._spoken_seconds[text]

    def _deliver(self) -> None:
        """The shop's desk answers what was signed, and the receipt is verified."""
        self._road.link(True)
        for publish in self._road.tick().publishes:
            reply = self._counter.intent(_DEVICE, publish.payload, now_s=int(time.time()))
            for event in self._road.received(f"va/v1/d/{_DEVICE}/dn/ack", reply.payload):
                if isinstance(event, OrderPlaced):
                    arrived = ReceiptArrived(event.title, "", event.delivery)
                elif isinstance(event, OrderDiffers | OrderRefused):
                    arrived = ReceiptArrived(event.title, event.code)
                else:
                    continue
                self._dialogue.receipt(event.intent_id, arrived)

    def _enrol_step(self, _: str, done: bool, learned: bool) -> None:
        if done:
            self._learned = learned

    def _nothing_waits(self) -> WaitingBaskets:
        silences = SensorSilences(self._desk, time.monotonic)
        return WaitingBaskets(list, SensorProposals(self._desk, silences))

    def _make_road(self, shop: ShopFolder, folder: Path) -> OrderRoad:
        keys_dir = folder / "keys"
        admission = admit(shop, _DEVICE, create_device_keys(keys_dir, _DEVICE), now=datetime.now(UTC))
        store_client_certificate(keys_dir, admission.certificate_pem)
        (keys_dir / "trust.json").write_bytes(admission.trust.to_bytes())
        trusted = TrustedTime(
            admission.trust,
            self.journal,
            lambda: ClockReading(time.monotonic(), time.time(), True, "bench"),
        )
        return OrderRoad(self.journal, FileKeyStore.load(keys_dir), admission.trust, trusted, self.settings)
