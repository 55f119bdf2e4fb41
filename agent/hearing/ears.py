"""All that hears, as one value: frames in, messages for `till` out."""

from __future__ import annotations

from pathlib import Path

from agent.hearing.audio import FRAME_MS, Float32, Int16
from agent.hearing.barge_in import PHRASES, BargeIn
from agent.hearing.drafts import Drafts
from agent.hearing.ending import Ending
from agent.hearing.engine import open_engine, wake_check
from agent.hearing.listener import (
    ORDER_ENTRY,
    WAKE_LISTEN_ID,
    Capture,
    Listener,
    NearMiss,
    NothingHeard,
    Paused,
    Resumed,
    WakeHeard,
)
from agent.hearing.recogniser import Recogniser
from agent.hearing.speaker import SpeakerEmbedder
from agent.hearing.voice_activity import VoiceActivity
from agent.hearing.waking import WakeDecision, Waking
from agent.plumbing import audit
from agent.plumbing.errors import AudioError
from agent.plumbing.messages import MOST_RUNNERS_UP, RunnerUp, Silence, Utterance, WentOn, Woken
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Settings

_INTERRUPTION = "interruption"
_SHORTEST_EMBEDDED_MS = 320  # less speech says nothing about who speaks
_PAUSE_FRAMES = 1_000 // FRAME_MS  # after an utterance there may be an answer, and a question


class Ears:
    """Loads every model that hearing takes. Not thread-safe.

    Raises ModelError: model_missing, model_damaged.
    """

    def __init__(self, settings: Settings) -> None:
        models_dir = Path(settings.paths.models_dir)
        threads = settings.asr.threads
        self._language = settings.device.language
        self._recogniser = open_engine(models_dir, settings.asr, settings.device.language)
        self._embedder = SpeakerEmbedder(models_dir, settings.speaker.model, threads=threads)
        self._wake = Waking(settings.wake, wake_check(self._recogniser, settings.wake.phrase))
        self._drafts = Drafts(self._recogniser)
        self._listener = Listener(settings.endpoint, self._wake, VoiceActivity())
        self.grammar_id = ""
        """By which it hears, '' before there is one."""
        self._barge_in: BargeIn | None = None
        self._rest_after_frames = settings.asr.rest_after_seconds * 1_000 // FRAME_MS
        self._idle_frames = 0
        self.embeds = False
        """Whether utterances carry a speaker embedding."""
        self.embeds_in_noise = False
        """Whether they also carry one of the same speech in noise."""
        self._utterances = self._went_on = 0
        self._reply_silence_ms = settings.endpoint.reply_silence_ms

    @property
    def speaker_model(self) -> str:
        """The full name of what makes the embeddings."""
        return self._embedder.model

    @property
    def between_utterances(self) -> bool:
        """Whether nobody is being heard, nor was a moment ago: it has waited for the wake word for a second
        of sound. Without a grammar nobody is."""
        return not self._ready or (self._listener.idle and self._idle_frames >= _PAUSE_FRAMES)

    def use_grammar(self, graph: SentenceGraph, grammar_id: str) -> None:
        """Recognises sentences of `graph` from now on, and says so by `grammar_id`. Raises
        AudioError('grammar_invalid'); then nothing has changed."""
        if graph.language != self._language:
            detail = f"the grammar is in {graph.language!r}, the device hears {self._language!r}"
            raise AudioError("grammar_invalid", detail)
        self._recogniser.use(graph)
        self._drafts.begin()
        self.grammar_id, self._idle_frames = grammar_id, 0

    def forget(self) -> None:
        """Drops grammar, policy and whatever was being heard: the till is another one now."""
        self.grammar_id = ""
        self.embeds = self.embeds_in_noise = False
        self.wait_for_wake()

    @property
    def _ready(self) -> bool:
        return bool(self.grammar_id)

    def wait_for_wake(self) -> None:
        """Drops whatever was being heard."""
        self._listener.wait_for_wake()

    def is_void(self, number: int) -> bool:
        """Whether that utterance was of an order that has gone on."""
        return 0 < number <= self._went_on

    @property
    def may_go_on_ms(self) -> int | None:
        """For how much more silence an order may go on before it is answered; None where none may."""
        ago_ms = self._listener.ended_ago_ms
        return None if ago_ms is None else max(0, self._reply_silence_ms - ago_ms)

    def interruptions(self) -> BargeIn | None:
        """For one playback; None where nothing can be said meanwhile. Has to be asked for anew for each, as
        `listen` may bring phrases of its own."""
        phrases = PHRASES.get(self._language)
        recogniser = self._recogniser
        if not self._ready or phrases is None or not isinstance(recogniser, Recogniser):
            return None
        recogniser.use_phrases(_INTERRUPTION, phrases)
        if self._barge_in is None:
            self._barge_in = BargeIn(lambda left: recogniser.spot(left, _INTERRUPTION), phrases)
        self._barge_in.begin()
        return self._barge_in

    def listen(self, listen_id: int, entry: str, window_ms: int, phrases: tuple[str, ...] = ()) -> None:
        """Listens without a wake word, once. `phrases`: what may be said, instead of what the grammar has.

        Raises AudioError('grammar_no_entry').
        """
        if self._ready and phrases:
            self._recogniser.use_phrases(entry, phrases)
        if listen_id == WAKE_LISTEN_ID or not self._ready or entry not in self._recogniser.entries:
            raise AudioError("grammar_no_entry", f"cannot listen for {entry!r} under the grammar in use")
        self._drafts.begin()
        self._recogniser.expect(entry)
        self._listener.listen(listen_id, entry, window_ms)

    def push(self, frame: Int16, now_ns: int) -> Woken | Silence | Utterance | WentOn | None:
        """One frame that arrived at `now_ns`; before there is a grammar nothing is heard.

        Raises AudioError('grammar_no_entry') where the grammar has no orders.
        """
        if not self._ready:
            return None
        event = self._listener.push(frame, now_ns)
        self._count_idle()
        match event:
            case WakeHeard(score):
                self._drafts.begin()
                self._recogniser.expect(ORDER_ENTRY)
                return Woken(score)
            case NearMiss(decision):
                self._near_miss(decision)
            case NothingHeard(listen_id):
                return Silence(listen_id)
            case Paused(so_far):
                self._listener.look(self._drafts.look(so_far))
            case Resumed(listen_id):
                self._went_on = self._utterances
                return WentOn(listen_id)
            case Capture() as capture:
                return self._utterance(capture)
        return None

    def _near_miss(self, decision: WakeDecision) -> None:
        count = self._wake.near_misses
        if audit.is_news(count):
            detail = f"wake model {decision.score:.2f}, phrase {decision.phrase_nats:.1f} nats"
            audit.log("wake_near_miss", detail=detail, count=count)

    def _count_idle(self) -> None:
        self._idle_frames = self._idle_frames + 1 if self._listener.idle else 0
        if self._idle_frames == self._rest_after_frames:
            self._recogniser.rest()

    def _utterance(self, capture: Capture) -> Utterance:
        heard = self._drafts.recognition(capture)
        if heard.ending is Ending.COMPLETE:
            self._listener.settle()
        embedding = in_noise = None
        if self.embeds and capture.speech_ms >= _SHORTEST_EMBEDDED_MS:
            embedding = _plain(self._embedder.embed(capture.samples, capture.speech))
            if self.embeds_in_noise:
                in_noise = _plain(self._embedder.embed_in_noise(capture.samples, capture.speech))
        self._utterances += 1
        return Utterance(
            number=self._utterances,
            listen_id=capture.listen_id,
            words=heard.words,
            open_words=heard.open_words,
            gap_per_token=heard.gap_per_token,
            embedding=embedding,
            speech_ms=capture.speech_ms,
            snr_db=capture.snr_db,
            speech_ended_ns=capture.speech_ended_ns,
            grammar_id=self.grammar_id,
            embedding_in_noise=in_noise,
            runners_up=tuple(RunnerUp(*near) for near in heard.alternatives[:MOST_RUNNERS_UP]),
        )


def _plain(vector: Float32 | None) -> tuple[float, ...] | None:
    return None if vector is None else tuple(vector.tolist())
