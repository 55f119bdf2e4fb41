"""The till's wiring: which neighbour's words go to whom, and what `voice` is told when it comes."""

from __future__ import annotations

import os
import time
from functools import partial

from agent.committing.trust import Trust
from agent.deciding.catalogue import catalogue_head
from agent.deciding.conversation import Say
from agent.deciding.edition import Edition, source_id
from agent.deciding.placed import JournalMended, ReceiptArrived
from agent.deciding.replies import fixed_sentences
from agent.plumbing import audit, messages, operator, site_messages
from agent.plumbing.errors import CatalogueError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.messages import Message
from agent.till.asks import Asks
from agent.till.catalogue_road import CatalogueRoad
from agent.till.catalogue_store import CatalogueStore
from agent.till.catalogues import Catalogues
from agent.till.certificate_care import CertificateCare
from agent.till.compiler import Compiler
from agent.till.desk import Desk
from agent.till.ear import Ear
from agent.till.erasing import LOOK_MS
from agent.till.events import EventLoop
from agent.till.neighbours import Neighbour, Neighbours
from agent.till.offers import Offers
from agent.till.operator_door import OperatorDoor
from agent.till.operators import OperatorSession
from agent.till.pairing import PhonePairing
from agent.till.part_store import PartStore
from agent.till.phone_asking import PhoneAsking
from agent.till.proofs import Proofs
from agent.till.proposals import SensorProposals
from agent.till.sensing import Sensing
from agent.till.shop_link import ShopLink
from agent.till.shopping_list import ShoppingList
from agent.till.signals import Lamp, Signals
from agent.till.silences import SensorSilences
from agent.till.spoken import SpokenDialogue
from agent.till.swap import Name
from agent.till.touching import Touching
from agent.till.waiting import WaitingBaskets


class Till:
    """One device's till. Everything here runs on the event loop's thread."""

    def __init__(
        self,
        desk: Desk,
        loop: EventLoop,
        compiler: Compiler,
        store: CatalogueStore,
        trust: Trust,
        parts: PartStore,
    ) -> None:
        self._desk, self._loop = desk, loop
        self._hears = False  # `voice` has its models and this till's grammar
        self._enrolling: OperatorSession | None = None
        self._door = OperatorDoor(loop, self._open_session)
        self._silences = SensorSilences(desk)
        self._proposals = SensorProposals(desk, self._silences)
        self._signals = Signals(Lamp(desk.settings.feedback.lamp), loop.after)
        self._offers = Offers(desk, self._to_uplink, loop.after)
        self._asks = Asks(desk, self._to_uplink, loop.after)
        desk.coming.use(self._asks.ask)
        shopping = ShoppingList(desk)
        self._spoken = SpokenDialogue(
            desk,
            self._to_voice,
            loop.after,
            self._enrol_step,
            WaitingBaskets(self._door.chats, self._proposals, shopping),
            self._signals.show,
            self._offers.ask,
            shop=self._asks,
        )
        self._ear = Ear(desk, self._announce, loop.after)
        self._care = CertificateCare(desk, self._announce, loop.after)
        self._proofs = Proofs(desk, lambda: [self._spoken, *self._door.chats()])
        self._phone_asking = PhoneAsking(desk, self._proofs, self._to_uplink, loop.after)
        self._touching = Touching(desk, self._spoken, loop.after, self._proofs)
        self._sensing = Sensing(
            self._proposals, self._silences, self._spoken, lambda: self._hears, loop.after, shopping
        )
        self._shop = ShopLink(desk, self._to_uplink, self._receipt, loop.after)
        self._neighbours = Neighbours(
            loop,
            {
                "voice": Neighbour(messages.VoiceToTill, self._from_voice, self._voice_lost),
                "uplink": Neighbour(messages.UplinkToTill, self._from_uplink, self._shop.lost),
                "sensors": Neighbour(site_messages.SensorsToTill, self._sensing.received, self._sensing.lost),
                "touch": Neighbour(site_messages.TouchToTill, self._from_touch, lambda: None),
            },
        )
        self._catalogues = Catalogues(
            desk, compiler, store, loop.post, self._offer, self._proposals.catalogue_changed
        )
        self._catalogue_road = CatalogueRoad(
            trust, desk.journal, parts, self._catalogues, self._to_uplink, loop.post, loop.after
        )
        self._shop.begin()
        self._phone_asking.begin()
        self._look_at_the_forgotten()

    def control(self, message: Message, fds: tuple[int, ...]) -> None:
        """From the supervisor."""
        match message:
            case messages.Peer(name=name):
                self._neighbours.adopt(name, fds[0])
            case messages.OperatorListener():
                self._door.listen(fds[0])
            case messages.Stop():
                self._loop.stop()

    def catalogue_lies_there(self, data: bytes) -> None:
        """The settings' file holds another catalogue than the one in use."""
        try:
            name = Name(catalogue_head(data).version, source_id(data))
        except CatalogueError as error:
            self._catalogues.refused(error)
        else:
            self._catalogues.arrived(name, sealed_memfd(data))

    def _to_voice(self, message: Message) -> None:
        if not self._neighbours.send("voice", message) and isinstance(message, messages.Say):
            self._loop.post(partial(self._spoken.spoken, message.say_id, "ipc_frame_too_long"))

    def _to_uplink(self, message: Message) -> None:
        self._neighbours.send("uplink", message)

    def _from_voice(self, message: Message) -> None:
        match message:
            case messages.VoiceReady(speaker_model=speaker_model):
                self._welcome_voice(speaker_model)
            case messages.GrammarTaken(grammar_id=grammar_id, fault=fault):
                self._catalogues.voice_answered(grammar_id, fault)
            case messages.Woken():
                self._spoken.woken()
                self._signals.show("listening")
            case messages.WentOn(listen_id=listen_id):
                self._spoken.went_on(listen_id)
                self._signals.show("listening")
            case messages.Utterance():
                self._signals.show("heard")
                self._spoken.heard(message)
                self._shop.send_outbox()  # an order that was just agreed to need not wait for the next look
            case messages.Silence(listen_id=listen_id):
                self._spoken.silent(listen_id)
            case messages.Spoken(say_id=say_id, fault=fault):
                self._spoken.spoken(say_id, fault)
            case messages.VoiceFault(code=code, detail=detail):
                self._ear.faulted(code, detail)
                self._rest()
            case messages.VoiceMended(code=code):
                self._ear.mended(code)
                self._rest()

    def _welcome_voice(self, speaker_model: str) -> None:
        self._ear.anew()
        self._speaker_model(speaker_model)
        self._catalogues.voice_came()
        self._to_voice(messages.ListenPolicy(embed=len(self._desk.people) > 0))
        hears = self._desk.hears
        rate = self._spoken.rate_percent
        self._to_voice(messages.Prepare(fixed_sentences(hears), hears.language, rate))
        self._hears = True
        self._rest()
        self._spoken.voice_came()

    def _offer(self, edition: Edition) -> None:
        descriptor = sealed_memfd(edition.grammar)
        try:
            self._neighbours.send("voice", messages.UseGrammar(edition.grammar_id), (descriptor,))
        finally:
            os.close(descriptor)

    def _voice_lost(self) -> None:
        self._hears = False
        self._catalogues.voice_went()
        self._desk.speaker_model = ""
        self._rest()
        self._spoken.voice_lost()

    def _speaker_model(self, name: str) -> None:
        self._desk.speaker_model = name
        if others := self._desk.incomparable():
            audit.log(
                "voice_model_changed",
                detail=f"voices that were learned with another model than {name}",
                count=len(others),
                next_step="earmark people",
            )

    def _rest(self) -> None:
        self._signals.rest("deaf" if self._ear.trouble or not self._hears else "ready")

    def _announce(self, say: Say, name: str) -> str | None:
        return self._spoken.announce(say, name) if self._hears else None

    def _from_uplink(self, message: Message) -> None:
        road = self._catalogue_road
        if isinstance(message, messages.Received) and road.takes(message.topic):
            road.received(message.topic, message.payload)
            return
        if isinstance(message, messages.Received) and self._offers.takes(message.topic):
            self._offers.received(message.payload)
            return
        if isinstance(message, messages.Received) and self._asks.takes(message.topic, message.payload):
            self._asks.received(message.payload)
            return
        if isinstance(message, messages.Received) and self._proofs.takes(message.topic):
            self._proofs.received(message.payload)
            self._shop.send_outbox()
            return
        self._shop.received(message)
        if isinstance(message, messages.LinkState) and message.connected:
            road.linked()

    def _from_touch(self, message: Message) -> None:
        self._touching.received(message)
        self._shop.send_outbox()

    def _receipt(self, intent_id: str, receipt: ReceiptArrived | JournalMended) -> None:
        if isinstance(receipt, ReceiptArrived):
            self._door.receipt(intent_id, receipt)
        self._spoken.receipt(intent_id, receipt)

    def _open_session(self, connection: IpcConnection, uid: int) -> OperatorSession:
        may_bring = uid in (0, os.geteuid())  # who could write the settings' file
        return OperatorSession(
            self._desk,
            self._proposals,
            self._silences,
            connection,
            self._health,
            self._begin_enrolment,
            self._touching.begin_new,
            self._people_changed,
            self._catalogues.arrived if may_bring else None,
            self._asks,
            PhonePairing(self._desk, self._proofs, self._announce, may_pair=may_bring),
            self._loop.after,
            self._offers.ask_for_screen,
        )

    def _health(self) -> operator.Health:
        return operator.Health(
            voice=self._hears,
            grammar=self._desk.edition.grammar_id,
            broker=self._desk.online,
            broker_reason=self._shop.broker_reason,
            clock_trusted=self._desk.road.clock_trusted(),
            queued=self._desk.journal.open_count(),
            ear_trouble=self._ear.trouble,
            voice_faults=dict(self._ear.faults),
            signal=self._signals.now,
            signal_age_s=int(time.monotonic() - self._signals.since_s),
            policy_version=self._desk.road.policy.version,
            policy_since_s=self._desk.road.policy.since_s,
            policy_rules=len(self._desk.road.policy.rules),
            catalogue=self._catalogue_road.shown(self._catalogues.health()),
            certificate_until_s=self._desk.road.renewal.until_s,
            certificate_fault=self._desk.road.renewal.fault,
            key_state=self._desk.road.key_renewal.state,
            key_fault=self._desk.road.key_renewal.fault,
            voices_of_another_model=len(self._desk.incomparable()),
        )

    def _begin_enrolment(self, session: OperatorSession, name: str) -> bool:
        if not self._hears or not self._spoken.begin_enrolment(name):
            return False
        self._enrolling = session
        return True

    def _enrol_step(self, text: str, done: bool, learned: bool) -> None:
        if self._enrolling is not None:
            self._enrolling.answer(operator.EnrolStep(text, done, learned))
        if done:
            self._enrolling = None
            self._people_changed()

    def _look_at_the_forgotten(self) -> None:
        self._desk.erasure.look(now_s=self._desk.now_s())
        self._loop.after(LOOK_MS, self._look_at_the_forgotten)

    def _people_changed(self) -> None:
        """Voices are compared only while there is somebody to compare them with."""
        if self._enrolling is None:
            self._to_voice(messages.ListenPolicy(embed=len(self._desk.people) > 0))
