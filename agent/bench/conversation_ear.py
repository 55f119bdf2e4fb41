"""How what people say in a written conversation reaches the device: here as words, without a sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from agent.bench.conversation_file import Step
from agent.bench.conversation_room import Room
from agent.bench.conversation_voices import Voices
from agent.deciding.lexicon import LEXICONS
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages
from agent.plumbing.sentence_graph import normalise_text

GOES_ON = " ... "
"""Between what was taken for the whole and what its speaker said besides."""


class Ear(Protocol):
    """That of one conversation's device."""

    def learned(self, name: str, model: str) -> Voiceprint:
        """What the device has learned of that person's voice, as if by the speaker model `model`."""

    def hears(self, step: Step, room: Room) -> None:
        """Somebody speaks."""

    def hears_nothing(self, room: Room) -> None:
        """Nobody speaks while the device listens, until it waits no longer."""


Fault = Callable[[str], None]
OpenEar = Callable[[str, Fault], Ear]
"""One for a conversation in that language; what cannot be so is told to the second."""


class WordsEar:
    """An `Ear` that hears what the file says, where a recogniser could; voices are directions in space."""

    def __init__(self, language: str, fault: Fault) -> None:
        self._language, self._fault = language, fault
        self._voices = Voices()

    def learned(self, name: str, model: str) -> Voiceprint:
        return Voiceprint(model, self._voices.of(name))

    def hears(self, step: Step, room: Room) -> None:
        first, goes_on, rest = step.text.partition(GOES_ON)
        listen, wakes = room.listening, LEXICONS[self._language].wake_phrases
        forged = any(mark.what == "as_if_woken" for mark in step.marks)
        if listen is None or forged:  # while it listens for an answer, nothing else is listened for
            if not any(normalise_text(first).startswith(phrase) for phrase in wakes):
                return
            room.spoken.woken()
            listen = messages.Listen(0, "order", 0)
            if normalise_text(step.text) in wakes:
                room.listening = listen
                return
        if goes_on:
            room.utterance(self._utterance(step, room, listen, first))
            room.spoken.went_on(listen.listen_id)
            room.speak(aloud=False)
            step = step._replace(nearly=())  # the whole is told apart
        room.listening = None
        whole = f"{first} {rest}"
        room.utterance(
            self._utterance(step, room, listen, whole, heard=step.heard, open_heard=step.open_heard)
        )

    def hears_nothing(self, room: Room) -> None:
        if room.listening is None:
            self._fault("nobody listens, and silence is nothing that it could notice")
            return
        listening, room.listening = room.listening, None
        room.spoken.silent(listening.listen_id)

    def _utterance(
        self,
        step: Step,
        room: Room,
        listen: messages.Listen,
        said: str,
        *,
        heard: str | None = None,
        open_heard: str | None = None,
    ) -> messages.Utterance:
        marks = {mark.what: mark.words for mark in step.marks}
        words = self._words(room, listen, normalise_text(said), heard)
        voice = self._voices.of(step.actor)
        if like := marks.get("like"):
            voice = self._voices.like(step.actor, like["other"], float(like["cosine"]))
        short = "short" in marks or not room.embeds
        return messages.Utterance(
            listen.listen_id,
            words,
            normalise_text(said if open_heard is None else open_heard),
            gap_per_token=-3.0 if "unsure" in marks or not words else -0.1,
            embedding=None if short else voice,
            speech_ms=400 if "short" in marks else 13_000 if "much_talk" in marks else 2_500,
            snr_db=2.0 if "noisy" in marks else 30.0,
            speech_ended_ns=1,
            grammar_id=room.desk.edition.grammar_id,
            embedding_in_noise=voice if room.embeds_in_noise and not short else None,
            runners_up=tuple(
                messages.RunnerUp(self._words(room, listen, "", near), nats) for near, nats in step.nearly
            ),
        )

    def _words(self, room: Room, listen: messages.Listen, said: str, heard: str | None) -> str:
        """What a recogniser can hear of it: a sentence that may be said there, or none ('')."""
        words = said if heard is None else normalise_text(heard)
        if listen.phrases:
            possible = words in listen.phrases
        else:
            parser = room.desk.edition.parser(self._language)
            possible = bool(words) and parser.parse(listen.entry, words) is not None
        if heard and not possible:
            self._fault(f"{words!r} is no sentence of {listen.entry!r}, and cannot be heard there")
        return words if possible else ""
