"""A device in a room, without ears: the till's own spoken and typed conversation, journal, people, factors,
sensors and signature, and the shop's desk. Its clock, and everybody around it, are played.

What is heard is given as words, and has to be a sentence of the real grammar; so this says nothing about
speech (`earmark bench journey` does).
"""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec

from agent.bench.conversation_trouble import RoomTroubles
from agent.bench.played_clock import Clock, Timers
from agent.bench.played_phone import RoomPhones
from agent.bench.played_sensor import HIGH_PERCENT, LOW_PERCENT
from agent.bench.played_shop import DEVICE, Founded, PlayedShop, edition_of
from agent.committing.journal import Journal
from agent.committing.journal_mend import MENDED
from agent.committing.road import OrderRoad
from agent.committing.trusted_time import TrustedTime
from agent.deciding.conversation import SensorsSilent, State
from agent.deciding.placed import ReceiptArrived
from agent.deciding.proposals import Low
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages, site_messages
from agent.plumbing.settings import Device, Orders, Paths, Policy, Sensor, Settings, Touch
from agent.plumbing.speaker_models import GE2E
from agent.till.asks import Asks
from agent.till.desk import Desk
from agent.till.factors import Factors
from agent.till.feedback import FeedbackKept
from agent.till.house import HouseRules
from agent.till.offers import Offers
from agent.till.people import People
from agent.till.phones import Phones
from agent.till.proofs import Proofs
from agent.till.proposals import SensorProposals
from agent.till.sensing import Sensing
from agent.till.shop_link import ShopLink
from agent.till.shopping_list import ShoppingList
from agent.till.silences import SensorSilences
from agent.till.spoken import SpokenDialogue
from agent.till.touching import Touching
from agent.till.typed import TypedDialogue
from agent.till.waiting import WaitingBaskets

_ANYWHERE = "/dev/null"  # keypad, reader and button are never opened here


class Spoken(SpokenDialogue):
    """With its state to look at."""

    @property
    def state(self) -> State:
        return self._state


class Typed(TypedDialogue):
    """With its state to look at."""

    @property
    def state(self) -> State:
        return self._state


class Room:
    """`said` collects what the device says ("answer: ...") and writes to whoever types ("shown: ...")."""

    def __init__(
        self,
        founded: Founded,
        folder: Path,
        language: str,
        clock: Clock,
        policy: Policy,
        sensors: list[Sensor],
        *,
        direct: bool = False,
        tells_when: bool = False,
    ) -> None:
        """`tells_when`: the shop is asked when things come, before they are read back."""
        self.folder, self._founded, self._clock = folder, founded, clock
        self._tells_when = tells_when
        self.shop = PlayedShop(founded, folder / "shop", lambda: int(clock.shop_s))
        self.settings = Settings(
            device=Device(id=DEVICE, environment="test", language=language),
            paths=Paths(state_dir=str(folder)),
            policy=policy,
            orders=Orders(mode="direct" if direct else "bounded"),
            touch=Touch(keypad_device=_ANYWHERE, badge_device=_ANYWHERE, button_device=_ANYWHERE),
            sensors=tuple(sensors),
        )
        self.said: list[str] = []
        self.listening: messages.Listen | None = None
        self._sent: list[messages.Message] = []
        self._to_shop: list[messages.Publish] = []
        self._timers = Timers(clock)
        self._numbers, self._drawn = itertools.count(1), itertools.count(101)
        self._draws = itertools.count(1)
        self.linked = False
        self.embeds_in_noise = False
        self._edition = edition_of(founded.catalogue, language)
        self.house = HouseRules()
        self._start()
        self.phones, self.troubles = RoomPhones(self), RoomTroubles(self)

    def _start(self) -> None:
        settings, clock, journal = self.settings, self._clock, Journal(self.folder / "journal.db")
        trust = self._founded.trust
        road = OrderRoad(
            *(journal, self._founded.keys, trust, TrustedTime(trust, journal, clock.read), settings),
            monotonic_ns=lambda: int(clock.boot_s * 1e9),
            jitter=lambda: 0.0,
        )
        people = People(self.folder / "people")
        factors = Factors(self.folder / "factors.json", journal, lambda: clock.boot_s)
        phones = Phones(self.folder / "phones.json", journal)
        self.desk: Desk = Desk(
            *(settings, self._edition, journal, road, people, factors, lambda: clock.wall_s),
            house=self.house,
            phones=phones,
            feedback=FeedbackKept(self.folder / "feedback.json"),
        )
        self.desk.speaker_model = GE2E
        self.chat: Typed | None = None
        self._typist = ""
        self._silences = SensorSilences(self.desk, lambda: clock.boot_s)
        self._proposals = SensorProposals(self.desk, self._silences)
        shopping = ShoppingList(self.desk)
        waiting = WaitingBaskets(lambda: [self.chat] if self.chat else [], self._proposals, shopping)
        self._offers = Offers(self.desk, self._sent_up, self._timers.after)
        self._asks = Asks(self.desk, self._sent_up, self._timers.after)
        if self._tells_when:
            self.desk.coming.use(self._asks.ask)
        self.spoken = Spoken(
            *(self.desk, self._sent.append, self._timers.after, lambda *_: None, waiting),
            ask_for_offer=self._offers.ask,
            draw=lambda length: next(self._draws).to_bytes(length, "big"),
            shop=self._asks,
        )
        self.proofs: Proofs = Proofs(self.desk, lambda: [self.spoken, *([self.chat] if self.chat else [])])
        self.touching = Touching(self.desk, self.spoken, self._timers.after, self.proofs)
        self._hears = False
        self.sensing = Sensing(
            self._proposals, self._silences, self.spoken, lambda: self._hears, lambda *_: None, shopping
        )
        self._link = ShopLink(self.desk, self._sent_up, self._receipt, self._timers.after)
        self._hears = True
        self.spoken.voice_came()

    def close(self) -> None:
        """Journal and shop."""
        self.troubles.folder(there=True)
        self.desk.journal.close()
        self.shop.close()

    def pass_by(self, seconds: float) -> None:
        """Every clock goes on; what was to happen by then happens now."""
        self._clock.pass_by(seconds)
        self._timers.look()

    def jump(self, seconds: float) -> None:
        """Somebody sets the machine's wall clock."""
        self._clock.wall_s += seconds

    def tell_time(self) -> None:
        """The shop's."""
        self._link.received(self.shop.time())

    def utterance(self, said: messages.Utterance) -> None:
        """Somebody has spoken."""
        self.spoken.heard(msgspec.structs.replace(said, number=next(self._numbers)))

    def link(self, *, up: bool) -> None:
        """The broker is reached, or not any more."""
        self.linked = up
        self._link.received(messages.LinkState(up, "" if up else "broker_unreachable"))

    def sensor(self, sensor: str, level: float) -> None:
        """It is read, and `sensors` makes of it what its rule says."""
        self.sensing.received(site_messages.SensorState(sensor, 0, level, {}))
        wanted = level <= LOW_PERCENT / 100
        if wanted or level >= HIGH_PERCENT / 100:
            self.sensing.received(site_messages.Proposal(sensor, level, wanted))

    def type(self, text: str, language: str, person: str = "") -> None:
        """A line in `earmark chat`, by somebody who says to be `person`."""
        if self.chat is None or (person and person != self._typist):
            self._typist = person
            self.chat = Typed(
                *(self.desk, language, self.show, self._what_is_low, self._asks, person),
                draw=lambda: str(next(self._drawn)),
                start_timer=self._timers.after,
                ask_for_offer=self._offers.ask_for_screen,
            )
        self.chat.typed(text)

    def show(self, text: str) -> None:
        """To whoever types."""
        self.said.append(f"shown: {text}")

    def use_catalogue(self, catalogue: bytes) -> None:
        """The device has compiled it and sells by it."""
        self._edition = self.desk.edition = edition_of(catalogue, self.settings.device.language)
        self._proposals.catalogue_changed()

    def restart(self, *, mended: bool = False) -> None:
        """Power fails: nobody knows the time, and what was being said is over. `mended`: the journal was
        found damaged, and what could be read of it went into a new one."""
        if mended:
            self.desk.journal.meta_set(MENDED, "1")
        self.desk.journal.close()
        self._clock.restart()
        self._timers.clear()
        self._sent.clear()
        self.listening = None
        self._start()
        self._link.begin()
        if self.linked:
            self.link(up=True)
            self.tell_time()

    def lose_voice(self) -> None:
        """The process `voice` dies."""
        self._hears = False
        self.spoken.voice_lost()
        self.listening = None

    def find_voice(self) -> None:
        """Another one has come."""
        self._hears = True
        self.spoken.voice_came()

    def from_shop(self, received: messages.Received) -> None:
        """It comes at once if the broker is reached, else never."""
        if self.linked and self._offers.takes(received.topic):
            self._offers.received(received.payload)
        elif self.linked and self._asks.takes(received.topic, received.payload):
            self._asks.received(received.payload)
        elif self.linked and self.proofs.takes(received.topic):
            self.proofs.received(received.payload)
        elif self.linked:
            self._link.received(received)

    def settle(self) -> None:
        """Everything that follows without anybody's doing, and everything is said to its end."""
        while True:
            self._link.send_outbox()
            sent_up, self._to_shop = self._to_shop, []
            for publish in sent_up if self.linked else ():
                self._link.received(messages.Published(publish.ref))
                for answer in self.shop.take(publish):
                    self.from_shop(answer)
            spoke = self.speak()
            self.sensing.look()
            if not (spoke or self._sent or self._to_shop):
                return

    def speak(self, *, aloud: bool = True) -> bool:
        """All that is to be said; not `aloud`: whoever spoke goes on, and does not hear it."""
        if not self._hears:
            self._sent.clear()  # it reaches nobody
        spoke = bool(self._sent)
        while self._sent:
            match self._sent.pop(0):
                case messages.Say(say_id=say_id, text=text, then=then):
                    if aloud:
                        self.said.append(f"answer: {text}")
                    self.listening = then
                    self.spoken.spoken(say_id)
                case messages.Listen() as listen:
                    self.listening = listen
                case messages.ListenPolicy(in_noise=in_noise):
                    self.embeds_in_noise = in_noise
        return spoke

    @property
    def embeds(self) -> bool:
        """Whether the ear tells voices apart: where somebody's was learned, or is being learned."""
        return len(self.desk.people) > 0 or self.embeds_in_noise

    def enrol(self, name: str, voiceprint: Voiceprint | None) -> str:
        """As if it had been learned long ago, or never; the pseudonym."""
        return self.desk.people.add(name, voiceprint, now_s=0).pseudonym

    def _sent_up(self, message: messages.Message) -> None:
        if isinstance(message, messages.Publish):
            self._to_shop.append(message)

    def _receipt(self, intent_id: str, receipt: ReceiptArrived | object) -> None:
        if isinstance(receipt, ReceiptArrived) and self.chat:
            self.chat.receipt(intent_id, receipt)
        self.spoken.receipt(intent_id, receipt)  # type: ignore[arg-type]

    def _what_is_low(self) -> tuple[list[Low], list[SensorsSilent]]:
        return [waiting.low for waiting in self._proposals.all()], self._silences.silent()
