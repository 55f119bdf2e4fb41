"""How well people are told apart by voice, clean and in noise: enrolment, embedding and score are the
device's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agent.bench.detection_error import Scored, error_rates, intervals
from agent.bench.mixing import mix, read_noise
from agent.bench.speaker_set import SpeakerSet, read_speaker_set
from agent.bench.spoken_windows import speech_windows
from agent.deciding.verification import UNCLEAR, Voice, Voiceprint, make_template, score, verify
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file
from agent.hearing.snr import estimate_snr_db
from agent.hearing.speaker import SpeakerEmbedder
from agent.hearing.voice_activity import CHUNK_MS, VoiceActivity
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Endpoint, Speaker
from agent.plumbing.speaker_models import GE2E, MEASURED, SpeakerModel

_NOISE_SEED = 3
_NO_EMBEDDING = -1.0  # where no speech was found in a trial: accepted at no threshold


class Window(NamedTuple):
    """One trial: float32 [n] at 16 kHz of `speaker`, out of the file `recording`."""

    speaker: str
    recording: str
    samples: Float32


class SpeakersBench:
    """The device's ear over a set of recorded speakers. Raises ModelError."""

    def __init__(self, models_dir: Path, model: SpeakerModel = GE2E, limits: Speaker | None = None) -> None:
        """`limits`: at which the device would decide; by default those that were measured for the model."""
        self._embedder = SpeakerEmbedder(models_dir, model)
        self._activity = VoiceActivity()
        self._endpoint = Endpoint()
        self.limits = Speaker(model=model) if limits is None and model in MEASURED else limits
        """None where nothing was measured for the model."""
        self.embedding_seconds: list[float] = []

    def run(
        self, speakers: SpeakerSet, noise: Float32 | None, snrs: list[float], seconds: float
    ) -> Iterator[dict[str, Any]]:
        """One row without noise and one for each of `snrs` (dB). Raises AudioError: bench_set_invalid,
        bench_noise, audio_…"""
        people = {name: self.enrol(files) for name, files in speakers.enrolment.items()}
        windows = [
            window
            for group in (speakers.trials, speakers.others)
            for name, files in group.items()
            for file in files
            for window in self.windows(name, file, seconds)
        ]
        if not {window.speaker for window in windows} & people.keys():
            raise AudioError("bench_set_invalid", f"no trial has {seconds:g} s of speech", "ask for less")
        for snr_db in (None, *snrs):
            rng = np.random.default_rng(_NOISE_SEED)
            heard = [self.hear(mixed(window, noise, snr_db, rng)) for window in windows]
            yield {"snr_db": snr_db, "seconds": seconds, **self._row(people, windows, heard)}

    def _row(
        self, people: dict[str, Voiceprint], windows: list[Window], heard: list[Voice]
    ) -> dict[str, Any]:
        trials = [
            Scored(name, window.speaker, window.recording, self._score(what, voiceprint))
            for window, what in zip(windows, heard, strict=True)
            for name, voiceprint in people.items()
        ]
        rates = error_rates(
            np.array([trial.score for trial in trials]), np.array([trial.genuine for trial in trials])
        )
        eer_interval, frr_interval = intervals(trials)
        return {
            "genuine": sum(trial.genuine for trial in trials),
            "impostor": sum(not trial.genuine for trial in trials),
            "eer": rates.eer,
            "eer_interval": eer_interval,
            "frr_at_far_0.001": rates.frr,
            "frr_at_far_0.001_interval": frr_interval,
            "threshold": rates.threshold,
            "threshold_at_far_0.01": rates.looser,
            "device": self.limits and _answered(people, windows, heard, self.limits),
        }

    def _score(self, heard: Voice, voiceprint: Voiceprint) -> float:
        return _NO_EMBEDDING if heard.embedding is None else score(heard.embedding, voiceprint)

    def enrol(self, files: list[Path]) -> Voiceprint:
        """What the device would keep of a person who said these. Raises AudioError bench_set_invalid."""
        clean, in_noise = [], []
        for file in files:
            samples = read_audio_file(file)[: self._endpoint.longest_utterance_ms * SAMPLE_RATE // 1_000]
            speech = self._activity.speech_mask(samples, self._endpoint.speech_threshold)
            clean.append(self._embedder.embed(samples, speech))
            in_noise.append(self._embedder.embed_in_noise(samples, speech))
        try:
            return Voiceprint(self._embedder.model, _template(clean), _template(in_noise))
        except ValueError as error:
            raise AudioError("bench_set_invalid", f"{files[0].parent}: {error}", "use other files") from error

    def windows(self, name: str, file: Path, seconds: float) -> list[Window]:
        """Every `seconds` of speech in the file. Raises AudioError as `read_audio_file` does."""
        samples = read_audio_file(file)
        speech = self._activity.speech_mask(samples, self._endpoint.speech_threshold)
        return [Window(name, file.stem, window) for window in speech_windows(samples, speech, seconds)]

    def hear(self, samples: Float32) -> Voice:
        """What the device's ear makes of float32 [n] at 16 kHz; the time of the embedding is noted."""
        speech = self._activity.speech_mask(samples, self._endpoint.speech_threshold)
        begun = time.perf_counter()
        vector = self._embedder.embed(samples, speech)
        self.embedding_seconds.append(time.perf_counter() - begun)
        return Voice(
            None if vector is None else tuple(vector.tolist()),
            int(speech.sum()) * CHUNK_MS,
            estimate_snr_db(samples, speech),
            self._embedder.model,
        )


def _answered(
    people: dict[str, Voiceprint], windows: list[Window], heard: list[Voice], limits: Speaker
) -> dict[str, int]:
    verdicts = [
        verify(
            voice,
            shortest_ms=limits.shortest_order_ms,
            people=people,
            accept_cosine=limits.thresholds.accept_cosine,
            limits=limits,
        )
        for voice in heard
    ]
    own = [window.speaker in people for window in windows]
    return {
        "enrolled_trials": sum(own),
        "recognised": sum(v.person == w.speaker for v, w in zip(verdicts, windows, strict=True)),
        "taken_for_another": sum(
            bool(v.person) and v.person != w.speaker
            for v, w, mine in zip(verdicts, windows, own, strict=True)
            if mine
        ),
        "stranger_trials": len(own) - sum(own),
        "strangers_accepted": sum(bool(v.person) for v, mine in zip(verdicts, own, strict=True) if not mine),
        "cannot_tell": sum(v.reason in UNCLEAR for v in verdicts),
    }


def run_speakers_bench(
    set_dir: Path,
    noise: Path | None,
    snrs: list[float],
    seconds: float,
    models_dir: Path,
    model: SpeakerModel = GE2E,
    limits: Speaker | None = None,
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB).

    {"model": name, "results": [{"snr_db": null or number, "seconds": s, "genuine": n, "impostor": n,
    "eer": x, "eer_interval": [x, x], "frr_at_far_0.001": x, "frr_at_far_0.001_interval": [x, x],
    "threshold": x, "threshold_at_far_0.01": x, "device": {…}}], "embedding_ms": x}

    Rates are fractions, intervals cover 95 % (`intervals`). Each person of `enrolled/` is enrolled on the
    first five files. A trial is a window of `seconds` of speech (`speech_windows`) of the rest of their files
    and of `others/`, mixed with a random piece of the noise; it is scored against every template, so the
    enrolled are impostors of each other too. `threshold`: the lowest score at which at most one impostor in
    1,000 is accepted. `device`: what the device answers to each trial at `limits`, for an open set of all
    templates, null where the model has no thresholds; `cannot_tell` counts trials outside the measured range
    of length and noise, which the rates include all the same. `embedding_ms`: median time of one embedding.
    Raises AudioError (bench_set_invalid, bench_noise, audio_…), ModelError."""
    speakers = read_speaker_set(set_dir)
    noise_samples = read_noise(noise, snrs)
    bench = SpeakersBench(models_dir, model, limits)
    results = list(bench.run(speakers, noise_samples, snrs, seconds))
    return {
        "model": model,
        "results": results,
        "embedding_ms": 1_000 * float(np.median(bench.embedding_seconds)),
    }


def _template(vectors: list[Float32 | None]) -> tuple[float, ...]:
    return make_template([vector.tolist() for vector in vectors if vector is not None])


def mixed(window: Window, noise: Float32 | None, snr_db: float | None, rng: np.random.Generator) -> Float32:
    """float32 [n] of a trial in a random piece of the noise. Raises AudioError bench_noise."""
    if snr_db is None or noise is None:
        return window.samples
    try:
        return mix(window.samples, noise, snr_db, rng)
    except ValueError as error:
        raise AudioError("bench_noise", f"{window.recording}: {error}", "use other recordings") from error
