"""The till's wiring: who is connected, which dialogue hears what, when the outbox is looked at."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from functools import partial
from typing import Any

from agent.committing.road import OrderExpired, OrderPlaced, OrderRefused, RoadEvent, TimeTrusted
from agent.deciding.conversation import ReceiptArrived, Say
from agent.deciding.replies import fixed_sentences
from agent.deciding.sentences import compile_sentences
from agent.plumbing import audit, messages, operator
from agent.plumbing.errors import JournalError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.messages import Message
from agent.plumbing.sentence_graph import graph_id
from agent.till.desk import Desk
from agent.till.ear import Ear
from agent.till.events import EventLoop
from agent.till.operators import SEND_TIMEOUT_SECONDS, OperatorSession
from agent.till.proposals import SensorProposals
from agent.till.sensing import Sensing
from agent.till.signals import Lamp, Signals
from agent.till.silences import SensorSilences
from agent.till.spoken import SpokenDialogue
from agent.till.touching import Touching
from agent.till.typed import TypedDialogue
from agent.till.waiting import WaitingBaskets

OUTBOX_LOOK_MS = 500
MOST_OPERATORS = 8
"""Connections at once on the operator socket; one more is told so and closed."""

_TOO_MANY = operator.Problem(
    "operators_too_many", f"{MOST_OPERATORS} operators are connected", "close one of them, then try again"
)


class Till:
    """One device's till. Everything here runs on the event loop's thread."""

    def __init__(self, desk: Desk, loop: EventLoop) -> None:
        self._desk, self._loop = desk, loop
        self._voice: IpcConnection | None = None
        self._hears = False  # `voice` has its models and this till's grammar
        self._uplink: IpcConnection | None = None
        self._broker_reason = "uplink_not_connected"
        self._grammar = compile_sentences(desk.catalogue, desk.settings.device.language).to_bytes()
        self._operators: list[OperatorSession] = []
        self._seats = threading.Semaphore(MOST_OPERATORS)
        self._enrolling: OperatorSession | None = None
        self._sensors: IpcConnection | None = None
        self._silences = SensorSilences(desk)
        self._proposals = SensorProposals(desk, self._silences)
        waiting = WaitingBaskets(self._chats, self._proposals)
        self._signals = Signals(Lamp(desk.settings.feedback.lamp), loop.after)
        self._spoken = SpokenDialogue(
            desk, self._to_voice, loop.after, self._enrol_step, waiting, self._signals.show
        )
        self._ear = Ear(desk, self._announce, loop.after)
        self._touch: IpcConnection | None = None
        self._touching = Touching(desk, self._spoken, loop.after)
        self._look_at_outbox()
        self._sensing = Sensing(
            self._proposals, self._silences, self._spoken, lambda: self._hears, loop.after
        )

    # --- neighbours ---

    def control(self, message: Message, fds: tuple[int, ...]) -> None:
        """From the supervisor."""
        match message:
            case messages.Peer(name="voice"):
                self._hears = False
                self._desk.speaker_model = ""
                self._voice = self._adopt(
                    self._voice, fds[0], "voice", messages.VoiceToTill, self._from_voice
                )
            case messages.Peer(name="uplink"):
                self._uplink = self._adopt(
                    self._uplink, fds[0], "uplink", messages.UplinkToTill, self._from_uplink
                )
            case messages.Peer(name="sensors"):
                self._sensors = self._adopt(
                    self._sensors, fds[0], "sensors", messages.SensorsToTill, self._from_sensors
                )
                self._sensing.lost()
            case messages.Peer(name="touch"):
                self._touch = self._adopt(
                    self._touch, fds[0], "touch", messages.TouchToTill, self._from_touch
                )
            case messages.OperatorListener():
                threading.Thread(
                    target=self._accept, args=(socket.socket(fileno=fds[0]),), daemon=True
                ).start()
            case messages.Stop():
                self._loop.stop()

    def _adopt(
        self, old: IpcConnection | None, fd: int, name: str, types: Any, handler: Any
    ) -> IpcConnection:
        if old is not None:
            old.close()
        connection = IpcConnection(socket.socket(fileno=fd), peer=name)
        self._loop.read(
            connection, types, lambda message, _: handler(connection, message), lambda: self._lost(connection)
        )
        return connection

    def _lost(self, connection: IpcConnection) -> None:
        if connection is self._voice:
            self._voice, self._hears = None, False
            self._desk.speaker_model = ""
            self._rest()
            self._spoken.voice_lost()
        elif connection is self._uplink:
            self._uplink = None
            self._linked(False, "uplink_not_connected")
        elif connection is self._touch:
            self._touch = None
        elif connection is self._sensors:
            self._sensors = None
            self._sensing.lost()

    def _to_voice(self, message: Message, fds: tuple[int, ...] = ()) -> None:
        self._send(self._voice, message, fds)

    def _send(self, connection: IpcConnection | None, message: Message, fds: tuple[int, ...] = ()) -> None:
        if connection is None:
            return
        try:
            connection.send(message, fds)
        except EOFError:
            self._loop.after(0, lambda: self._lost(connection))

    # --- voice ---

    def _from_voice(self, connection: IpcConnection, message: Message) -> None:
        if connection is not self._voice:
            return
        match message:
            case messages.VoiceReady(speaker_model=speaker_model):
                self._ear.anew()
                self._speaker_model(speaker_model)
                descriptor = sealed_memfd(self._grammar)
                try:
                    self._to_voice(messages.UseGrammar(graph_id(self._grammar)), (descriptor,))
                finally:
                    os.close(descriptor)
                self._to_voice(messages.ListenPolicy(embed=len(self._desk.people) > 0))
                language = self._desk.settings.device.language
                self._to_voice(messages.Prepare(fixed_sentences(language), language))
                self._hears = True
                self._rest()
            case messages.Woken():
                self._spoken.woken()
                self._signals.show("listening")
            case messages.Utterance():
                self._signals.show("heard")
                self._spoken.heard(message)
                self._send_outbox()  # an order that was just agreed to need not wait for the next look
            case messages.Silence(listen_id=listen_id):
                self._spoken.silent(listen_id)
            case messages.Spoken(say_id=say_id):
                self._spoken.spoken(say_id)
            case messages.VoiceFault(code=code, detail=detail):
                self._ear.faulted(code, detail)
                self._rest()
            case messages.VoiceMended(code=code):
                self._ear.mended(code)
                self._rest()

    def _speaker_model(self, name: str) -> None:
        self._desk.speaker_model = name
        for person in self._desk.incomparable():
            audit.log(
                "voice_model_changed",
                detail=f"{person.pseudonym} was learned with {person.voiceprint.model}, voice has {name}",
                next_step="earmark people",
            )

    def _rest(self) -> None:
        self._signals.rest("deaf" if self._ear.trouble or not self._hears else "ready")

    def _announce(self, say: Say, name: str) -> str | None:
        return self._spoken.announce(say, name) if self._hears else None

    def _chats(self) -> list[TypedDialogue]:
        return [session.chat for session in reversed(self._operators) if session.chat]

    # --- sensors and touch ---

    def _from_sensors(self, connection: IpcConnection, message: Message) -> None:
        if connection is self._sensors:
            self._sensing.received(message)

    def _from_touch(self, connection: IpcConnection, message: Message) -> None:
        if connection is self._touch:
            self._touching.received(message)
            self._send_outbox()

    # --- uplink ---

    def _from_uplink(self, connection: IpcConnection, message: Message) -> None:
        if connection is not self._uplink:
            return
        try:
            self._take_from_uplink(message)
        except JournalError as error:
            # A receipt that could not be written is not lost: the shop repeats it when the intent is resent.
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
        self._send_outbox()

    def _take_from_uplink(self, message: Message) -> None:
        match message:
            case messages.LinkState(connected=connected, reason=reason):
                self._linked(connected, reason)
            case messages.Published(ref=ref):
                self._desk.road.published(ref)
            case messages.Received(topic=topic, payload=payload):
                for event in self._desk.road.received(topic, payload):
                    self._road_event(event)

    def _linked(self, connected: bool, reason: str) -> None:
        self._desk.online, self._broker_reason = connected, reason
        self._desk.road.link(connected)

    def _road_event(self, event: RoadEvent) -> None:
        match event:
            case OrderPlaced():
                receipt = ReceiptArrived(event.title, "", event.delivery)
            case OrderRefused():
                receipt = ReceiptArrived(event.title, event.code)
            case OrderExpired():
                receipt = ReceiptArrived(event.title, "expired")
            case TimeTrusted():
                audit.log("time_trusted")
                return
        for session in self._operators:
            if session.chat:
                session.chat.receipt(str(event.intent_id), receipt)
        self._spoken.receipt(str(event.intent_id), receipt)

    def _look_at_outbox(self) -> None:
        self._send_outbox()
        self._loop.after(OUTBOX_LOOK_MS, self._look_at_outbox)

    def _send_outbox(self) -> None:
        try:
            publishes, events = self._desk.road.tick()
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return
        if self._uplink is not None:
            for publish in publishes:
                self._send(self._uplink, publish)
        for event in events:
            self._road_event(event)

    # --- operators ---

    def _accept(self, listener: socket.socket) -> None:
        while True:
            sock, _ = listener.accept()
            connection = IpcConnection(sock, peer="operator", send_timeout_seconds=SEND_TIMEOUT_SECONDS)
            if self._seats.acquire(blocking=False):
                self._loop.post(partial(self._welcome, connection))
                continue
            with connection, contextlib.suppress(EOFError):
                connection.send(_TOO_MANY)

    def _welcome(self, connection: IpcConnection) -> None:
        session = OperatorSession(
            self._desk,
            self._proposals,
            self._silences,
            connection,
            self._health,
            self._begin_enrolment,
            self._touching.begin_new,
            self._people_changed,
        )
        self._operators.append(session)

        def leave() -> None:
            connection.close()
            self._operators.remove(session)
            self._seats.release()

        self._loop.read(
            connection, operator.OperatorRequest, lambda message, _: session.asked(message), leave
        )

    def _health(self) -> operator.Health:
        return operator.Health(
            voice=self._hears,
            grammar=graph_id(self._grammar),
            broker=self._desk.online,
            broker_reason=self._broker_reason,
            clock_trusted=self._desk.road.clock_trusted(),
            queued=self._desk.journal.open_count(),
            ear_trouble=self._ear.trouble,
            voice_faults=dict(self._ear.faults),
            signal=self._signals.now,
            signal_age_s=int(time.monotonic() - self._signals.since_s),
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

    def _people_changed(self) -> None:
        """Voices are compared only while there is somebody to compare them with."""
        if self._enrolling is None:
            self._to_voice(messages.ListenPolicy(embed=len(self._desk.people) > 0))
