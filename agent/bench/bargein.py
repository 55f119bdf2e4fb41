"""How often "stop" and "cancel" are heard while the device speaks, and what its own voice does to it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from agent.bench.made_people import people
from agent.bench.made_room import MadeRoom, active_rms, sounding
from agent.bench.recordings import recordings
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, understand
from agent.hearing.audio import SAMPLE_RATE, Float32, Int16, read_audio_file
from agent.hearing.barge_in import Interruption
from agent.hearing.ears import Ears
from agent.hearing.playback import Playback
from agent.hearing.speech import Speech
from agent.plumbing.errors import AudioError
from agent.plumbing.messages import Utterance, Woken
from agent.plumbing.sentence_graph import graph_id
from agent.plumbing.settings import Settings

SENTENCES = (
    "Two bags of dark roast coffee, thirty-eight zloty in total. Say: yes, place my order. Or say: cancel.",
    "Say: okay nabu, order two bags of coffee. I read it back, and you say: yes, place my order. "
    "No stops everything.",
    "It is too noisy for me to know your voice, so I ordered nothing. Try again when it is quieter.",
    "Sorry, was that a yes? Say: yes, place my order. Or say: cancel.",
    "I could not write the order down, so nothing is ordered. Please tell whoever looks after me: earmark "
    "doctor.",
    "One carton of milk, four zloty in total. Type your PIN and press Enter, or hold up your badge. "
    "Or say: cancel.",
    "Queued: three packs of paper towels. I tell you as soon as the shop has answered.",
    "Ordered: two bags of dark roast coffee. It comes on Tuesday.",
)
"""As the device says them; some have the very words in them that are listened for."""

WORDS = ("stop", "cancel")
_PERSON_RMS = 10 ** (-30 / 20)
_LISTEN_MS = 2_000
_SEED = 11


class _Trial(NamedTuple):
    word: str
    sound: Float32


class BargeInBench:
    """The device's own ears and playback in a made room. Raises AudioError, ModelError, CatalogueError."""

    def __init__(self, models_dir: Path, catalogue: Path, step: Callable[[], None] = lambda: None) -> None:
        """`step` is called after each playback."""
        settings = Settings()
        paths = msgspec.structs.replace(settings.paths, models_dir=str(models_dir))
        self._ears = Ears(msgspec.structs.replace(settings, paths=paths))
        self._catalogue = parse_catalogue(catalogue.read_bytes())
        graph = compile_sentences(self._catalogue, "en")
        self._ears.use_grammar(graph, graph_id(graph.to_bytes()))
        self._parser = SentenceParser(graph)
        self._limit = settings.asr.reject_gap_per_token
        self._speech = Speech()
        self._step = step

    def level(self, echo_db: float, trials: Sequence[_Trial], talk: Sequence[Float32]) -> dict[str, Any]:
        """One row: the echo is `echo_db` louder than the person, both where they sound."""
        room = MadeRoom(_SEED, delay_ms=120, reverberation_s=0.3)
        random = np.random.default_rng(_SEED)
        own = self._own_voice(room, echo_db)
        heard, reactions = dict.fromkeys(WORDS, 0), []
        for number, trial in enumerate(trials):
            said, ended = self._play(room, echo_db, number, trial.sound, random)
            if said is not None and said.word == trial.word and ended is not None:
                heard[trial.word] += 1
                reactions.append(ended)
        others = [self._play(room, echo_db, at, sound, random)[0] for at, sound in enumerate(talk)]
        return {
            "echo_db": echo_db,
            **{f"{word}_heard": heard[word] for word in WORDS},
            **{f"{word}_said": sum(trial.word == word for trial in trials) for word in WORDS},
            "reaction_ms": round(statistics.median(reactions)) if reactions else None,
            **own,
            "talk_playbacks": len(others),
            "talk_stops": sum(each is not None for each in others),
        }

    def _own_voice(self, room: MadeRoom, echo_db: float) -> dict[str, Any]:
        """Every sentence twice: before a question, and before nothing. Only its own voice is in the room."""
        stops = wakes = consents = 0
        seconds = 0.0
        for asks in (True, False):
            for number in range(len(SENTENCES)):
                samples = self._begin(room, echo_db, number)
                seconds += len(samples) / SAMPLE_RATE
                stops += self._playback(room).play([samples], self._ears.interruptions()) is not None
                self._ears.wait_for_wake()
                if asks:
                    self._ears.listen(1, "consent", _LISTEN_MS)
                for _ in range(40):
                    frame = room.read(1.0)
                    told = None if frame is None else self._ears.push(frame, 0)
                    wakes += isinstance(told, Woken)
                    consents += isinstance(told, Utterance) and self._consents(told)
                self._step()
        return {
            "own_seconds": round(seconds, 1),
            "own_false_stops": stops,
            "own_false_stops_per_minute": round(60 * stops / seconds, 2),
            "own_wakes": wakes,
            "own_consents": consents,
        }

    def _consents(self, heard: Utterance) -> bool:
        words = heard.words if heard.gap_per_token >= self._limit else ""
        meaning = understand(self._parser, self._catalogue, "consent", words, heard.open_words)
        return isinstance(meaning, Answer) and meaning.kind in ("consent", "bare")

    def _play(
        self, room: MadeRoom, echo_db: float, number: int, sound: Float32, random: np.random.Generator
    ) -> tuple[Interruption | None, float | None]:
        """Somebody speaks into the sentence; what was heard, and how long after the end of it, in ms."""
        samples = self._begin(room, echo_db, number)
        last = max(1, int(0.8 * len(samples)) - len(sound))
        at = int(random.uniform(0.1, 1.0) * last)
        room.speaks(sound * np.float32(_PERSON_RMS / active_rms(sound)), at)
        said = self._playback(room).play([samples], self._ears.interruptions())
        self._step()
        ended = at + len(sound)
        late = (room.now_samples - ended) * 1_000 / SAMPLE_RATE
        return said, (late if said is not None and room.now_samples >= at else None)

    def _begin(self, room: MadeRoom, echo_db: float, number: int) -> Int16:
        samples = self._speech.speak(SENTENCES[number % len(SENTENCES)], "en")
        room.begin(10 ** (echo_db / 20) * _PERSON_RMS / active_rms(room.echo(samples)))
        return samples

    def _playback(self, room: MadeRoom) -> Playback:
        return Playback(room, room, lambda: False, lambda: None)


def run_bargein_bench(
    models_dir: Path,
    catalogue: Path,
    echo_db: Sequence[float],
    set_dir: Path | None = None,
    negatives: Path | None = None,
    step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """`{"voices", "results": [{"echo_db", "stop_heard", "stop_said", ...}]}`.

    `set_dir`: recordings whose names begin with stop or cancel, in place of synthetic voices; `negatives`:
    other speech, said into a sentence each. Raises AudioError bench_set_invalid, bench_no_voices.
    """
    bench = BargeInBench(models_dir, catalogue, step)
    trials = _recorded(set_dir) if set_dir else _made()
    talk = [read_audio_file(path)[: 4 * SAMPLE_RATE] for path in recordings(negatives)] if negatives else []
    rows = [bench.level(level, trials, talk) for level in echo_db]
    return {"voices": "recorded" if set_dir else "synthetic", "results": rows}


def _made() -> list[_Trial]:
    return [_Trial(word, sounding(person.says(f"{word}."))) for person in people() for word in WORDS]


def _recorded(folder: Path) -> list[_Trial]:
    found = [
        _Trial(word, sounding(read_audio_file(path)))
        for path in recordings(folder)
        for word in WORDS
        if path.name.lower().startswith(word)
    ]
    if not found:
        raise AudioError(
            "bench_set_invalid", f"{folder} has no recordings named stop... or cancel...", "name them so"
        )
    return found
