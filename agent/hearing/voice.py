"""The process `voice`: microphone, loudspeaker and models; no network, no key, no database.

    python -m agent.hearing.voice --settings FILE (--control-fd N | --till PATH)

It hears for `till`, whose socket comes over the control connection and may be replaced at any time, and
speaks what `till` tells it to. One thread does the work; one more for each connection only puts messages
into its queue.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from itertools import chain, islice
from types import UnionType
from typing import NamedTuple

from agent.hearing.audio import FRAME_MS, AudioSink, AudioSource, Int16
from agent.hearing.audio_ends import open_audio
from agent.hearing.ear_health import PATIENCE_MS, EarHealth, EarNews, Turn
from agent.hearing.earcons import earcon
from agent.hearing.ears import Ears
from agent.hearing.going_on import goes_on
from agent.hearing.next_grammar import NextGrammar
from agent.hearing.playback import Playback
from agent.hearing.speech import Speech
from agent.plumbing import audit
from agent.plumbing.errors import AudioError, IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import (
    Listen,
    ListenPolicy,
    Message,
    Peer,
    Prepare,
    Say,
    Silence,
    Spoken,
    Stop,
    SupervisorToProcess,
    TillToVoice,
    UseGrammar,
    Utterance,
    VoiceFault,
    VoiceMended,
    VoiceReady,
)
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Settings
from agent.plumbing.solitude import Solitude

_MOST_WAITING = 64


class _Arrival(NamedTuple):
    """A message with its descriptors; None stands for the end of `connection`."""

    connection: IpcConnection
    message: Message | None
    fds: tuple[int, ...] = ()


class Voice:
    """Everything the process does, on the thread that calls `run`."""

    def __init__(
        self,
        ears: Ears,
        speech: Speech,
        source: AudioSource,
        sink: AudioSink,
        control: IpcConnection,
        heard: Callable[[], None] = lambda: None,
        *,
        earcons: bool = True,
    ) -> None:
        """`heard` is called after each frame that was heard (the watchdog's heartbeat); of a fed room also
        after each that was played, as its microphone may pause."""
        self._ears = ears
        self._next_grammar = NextGrammar(ears, self._tell, self._report)
        self._speech = speech
        self._source = source
        self._sink = sink
        self._earcons = earcons
        self._control = control
        self._frame_done = heard
        self._till: IpcConnection | None = None
        self._arrivals: queue.Queue[_Arrival] = queue.Queue(_MOST_WAITING)
        self._interrupted = threading.Event()  # something has arrived that ends a playback
        self._playback = Playback(source, sink, self._interrupted.is_set, heard)
        self._health = EarHealth()
        self._running = True
        self._alone = Solitude()

    def run(self) -> None:
        """Returns after Stop or the end of the control connection. Raises AudioError without a microphone,
        IpcError till_gone when the till went and none has come since."""
        self._receive_from(self._control, SupervisorToProcess)
        try:
            while self._obey_all():
                if self._alone.too_long:
                    raise IpcError("till_gone", "the till went and no other has come")
                self._next_grammar.take()
                frame = self._source.read(FRAME_MS / 1_000)
                if self._source.live and (news := self._health.push(frame)):
                    self._ear_news(news)
                if frame is not None and self._till is not None:
                    self._hear(frame)
                if frame is not None:
                    self._frame_done()
        except AudioError as error:
            self._tell(VoiceFault(error.code, error.detail))
            raise

    def _ear_news(self, news: EarNews) -> None:
        if news.turn is Turn.OVER:
            audit.log("audio_well", detail=f"{news.code} is over")
            self._tell(VoiceMended(news.code))
            return
        if news.turn is Turn.BEGUN:
            detail = self._source.fault or f"for {PATIENCE_MS[news.code]} ms"
            self._report(AudioError(news.code, detail, "earmark audio test"))
        self._source.reopen()

    def _hear(self, frame: Int16) -> None:
        heard = self._ears.push(frame, time.monotonic_ns())
        if heard is None:
            return
        self._tell(heard)
        if isinstance(heard, Utterance) and self._earcons:
            try:
                self._sink.chime(earcon("heard"))
            except AudioError as error:
                self._report(error)

    def _heard_meanwhile(self, frame: Int16) -> None:
        self._hear(frame)
        self._frame_done()

    def _receive_from(self, connection: IpcConnection, types: UnionType) -> None:
        def receive() -> None:
            with contextlib.suppress(EOFError, IpcError):
                while True:
                    message, fds = connection.receive(types)
                    if isinstance(message, Peer | Stop):
                        self._interrupted.set()
                    self._arrivals.put(_Arrival(connection, message, fds))
            if connection in (self._control, self._till):  # an earlier till's end concerns nobody
                self._interrupted.set()
            self._arrivals.put(_Arrival(connection, None))

        threading.Thread(target=receive, daemon=True).start()

    def _obey_all(self) -> bool:
        """Does what has arrived; False when it is time to end."""
        while self._running:
            try:
                arrival = self._arrivals.get_nowait()
            except queue.Empty:
                break
            if arrival.connection is self._control:
                self._obey_supervisor(arrival)
            elif arrival.connection is self._till:
                self._obey_till(arrival)
            else:
                _close(arrival.fds)  # what an earlier till still had to say
        return self._running

    def _obey_supervisor(self, arrival: _Arrival) -> None:
        self._interrupted.clear()
        match arrival.message:
            case Peer(name="till"):
                self._leave_till()
                self._till = IpcConnection(socket.socket(fileno=arrival.fds[0]), peer="till")
                self._alone.end()
                self._receive_from(self._till, TillToVoice)
                self._tell(VoiceReady(self._ears.speaker_model))
            case None | Stop():
                self._running = False
            case _:
                _close(arrival.fds)

    def _obey_till(self, arrival: _Arrival) -> None:
        try:
            match arrival.message:
                case UseGrammar(grammar_id=name):
                    self._next_grammar.put(name, arrival.fds[0])
                case ListenPolicy(embed=embed, in_noise=in_noise):
                    self._ears.embeds, self._ears.embeds_in_noise = embed, in_noise
                case Listen() as listen:
                    self._listen(listen)
                case Say() as say:
                    self._say(say)
                case Prepare(texts=texts, language=language, rate_percent=rate):
                    self._speech.prepare(texts, language, rate)
                case _:
                    self._leave_till()
        except AudioError as error:
            self._report(error)

    def _leave_till(self) -> None:
        till, self._till = self._till, None
        if till is not None:
            till.close()
            self._alone.begin()
        self._interrupted.clear()
        self._next_grammar.forget()
        self._ears.forget()

    def _tell(self, message: Message) -> None:
        if self._till is None:
            return
        try:
            self._till.send(message)
        except (EOFError, IpcError):
            self._leave_till()

    def _report(self, error: AudioError) -> None:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        self._tell(VoiceFault(error.code, error.detail))

    def _listen(self, listen: Listen) -> None:
        try:
            self._ears.listen(listen.listen_id, listen.entry, listen.window_ms, listen.phrases)
        except AudioError:
            self._tell(Silence(listen.listen_id))
            raise

    def _say(self, say: Say) -> None:
        fault, said = "", None
        try:
            sentences = self._speech.sentences(say.text, say.language, say.rate_percent)
            first = list(islice(sentences, 1))  # spoken while whoever ordered may still go on
            if goes_on(
                say.answers, self._ears, self._source, self._heard_meanwhile, self._interrupted.is_set
            ):
                self._tell(Spoken(say.say_id))
                return
            self._ears.wait_for_wake()
            before = [earcon(say.earcon)] if say.earcon and self._earcons else []
            said = self._playback.play(chain(before, first, sentences), self._ears.interruptions())
        except AudioError as error:
            self._ears.wait_for_wake()
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            fault = error.code
        self._tell(Spoken(say.say_id, fault))
        if say.then is None:
            return
        if said is None:
            self._listen(say.then)
            return
        ended_ns = time.monotonic_ns()
        # As the answer to the question that was being put: either word denies, whoever says it.
        answer = say.then.listen_id
        self._tell(
            Utterance(
                *(answer, said.word, said.word, said.gap_per_token, None, said.speech_ms, None, ended_ns),
                self._ears.grammar_id,
            )
        )


def _close(fds: tuple[int, ...]) -> None:
    for fd in fds:
        os.close(fd)


def _prepare(settings: Settings, control: IpcConnection, alive: Callable[[], None]) -> Callable[[], None]:
    source, sink = open_audio(settings.audio)
    ears, speech = Ears(settings), Speech(threads=settings.asr.threads)
    earcons = settings.feedback.earcons
    return Voice(ears, speech, source, sink, control, alive, earcons=earcons).run


def main(arguments: list[str] | None = None) -> int:
    """Started by the launcher; 0 after Stop, otherwise one line in the log says why not."""
    return run_process("voice", _prepare, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
