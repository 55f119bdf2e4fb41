"""What people say in a written conversation as sound: synthetic voices in a quiet room, and the device's own
ears, by its own models. Voices that it knows were learned by its own conversation of enrolment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agent.bench.conversation_ear import Fault
from agent.bench.conversation_file import Step
from agent.bench.conversation_room import Room
from agent.bench.journey import CUSTOMERS, STRANGERS
from agent.bench.journey_device import JourneyDevice
from agent.bench.made_people import MadePerson, people
from agent.bench.made_room import in_quiet_room
from agent.deciding.verification import Voiceprint
from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, Float32, Int16, to_int16
from agent.plumbing import messages
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import SentenceGraph

_NOBODY_SPEAKS = np.zeros(0, np.float32)
_WAITS_SECONDS = 15.0
"""Longer than the device waits for an answer."""


class Known(NamedTuple):
    """Somebody whose voice a device has learned, and what it has learned."""

    person: MadePerson
    voiceprint: Voiceprint


class Hearing:
    """Ears for many conversations, one after another, all in English. Raises AudioError bench_no_voices,
    bench_enrolment; ModelError."""

    def __init__(self, folder: Path, models_dir: Path, catalogue: Path) -> None:
        """`folder` is for the device that learns the voices."""
        found = {person.voice: person for person in people()}
        device = JourneyDevice(folder, models_dir, catalogue)
        self.ears = device.ears
        self.known: list[Known] = []
        try:
            for voice in CUSTOMERS:
                if voice in found:
                    device.enrol(voice, found[voice])
                    if voiceprint := device.voiceprint(voice):
                        self.known.append(Known(found[voice], voiceprint))
        finally:
            device.close()
        if not self.known:
            raise AudioError("bench_enrolment", "no voice was learned", "apt-get install flite")
        self.strangers = [found[voice] for voice in STRANGERS if voice in found]

    def open(self, _: str, fault: Fault) -> SoundEar:
        """The ear of the next conversation."""
        return SoundEar(self, fault)


class SoundEar:
    """An `Ear` by the real ones. What the file says was heard, or how it sounded, counts for nothing here."""

    def __init__(self, hearing: Hearing, fault: Fault) -> None:
        self._ears, self._fault = hearing.ears, fault
        self._known, self._strangers = iter(hearing.known), iter(hearing.strangers)
        self._people: dict[str, MadePerson] = {}
        self._frames = 0

    def learned(self, name: str, model: str) -> Voiceprint:
        known = next(self._known)
        self._people[name] = known.person
        return replace(known.voiceprint, model=model)

    def hears(self, step: Step, room: Room) -> None:
        if step.actor not in self._people:
            self._people[step.actor] = next(self._strangers)
        self._hear(self._people[step.actor].says(step.text), room)

    def hears_nothing(self, room: Room) -> None:
        self._hear(_NOBODY_SPEAKS, room)

    def _hear(self, speech: Float32, room: Room) -> None:
        """Frame by frame until it is answered, or nobody waits any more. What is answered to an order that
        goes on is not said."""
        self._attend(room)
        answered = False
        for frame in _frames(in_quiet_room(speech, after_s=_WAITS_SECONDS)):
            self._frames += 1
            match self._ears.push(frame, self._frames * FRAME_MS * 1_000_000):
                case messages.Woken():
                    room.spoken.woken()
                case messages.Silence(listen_id=listen_id):
                    room.listening = None
                    room.spoken.silent(listen_id)
                    return
                case messages.WentOn(listen_id=listen_id):
                    answered = False
                    room.spoken.went_on(listen_id)
                    room.speak(aloud=False)
                case messages.Utterance() as said:
                    answered, room.listening = True, None
                    room.utterance(said)
            if answered and not self._ears.may_go_on_ms:
                return

    def _attend(self, room: Room) -> None:
        """By the grammar in use, for the wake word or the answer that is awaited."""
        edition = room.desk.edition
        if self._ears.grammar_id != edition.grammar_id:
            self._ears.use_grammar(SentenceGraph.from_bytes(edition.grammar), edition.grammar_id)
        self._ears.embeds, self._ears.embeds_in_noise = room.embeds, room.embeds_in_noise
        self._ears.wait_for_wake()
        if then := room.listening:
            self._ears.listen(then.listen_id, then.entry, then.window_ms, then.phrases)


def _frames(sound: Float32) -> Iterator[Int16]:
    whole = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]
    return iter(to_int16(whole).reshape(-1, FRAME_SAMPLES))
