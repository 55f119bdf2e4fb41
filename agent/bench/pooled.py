"""Order and consent together: is the pair one voice, and what is gained by verifying both as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agent.bench.detection_error import error_rates
from agent.bench.mixing import read_noise
from agent.bench.speaker_set import read_speaker_set
from agent.bench.speakers import SpeakersBench, Window, mixed
from agent.deciding.verification import (
    Embedding,
    Verdict,
    Voice,
    Voiceprint,
    consenter,
    cosine,
    pooled,
    same_speaker,
    score,
    verify,
)
from agent.hearing.audio import Float32
from agent.plumbing.settings import Speaker
from agent.plumbing.speaker_models import GE2E, SpeakerModel

CONSENT_SECONDS = 1.0
_MOST_CONSENTS = 4  # windows of one recording
_NOISE_SEED = 5


class _Voice(NamedTuple):
    """One window, of the speaker and the recording that it was cut out of."""

    speaker: str
    recording: str
    embedding: Embedding
    heard: Voice


class _Pair(NamedTuple):
    """An order and a consent."""

    order: _Voice
    consent: _Voice

    @property
    def same(self) -> bool:
        return self.order.speaker == self.consent.speaker


def run_pooled_bench(
    set_dir: Path,
    noise: Path | None,
    snrs: Sequence[float],
    seconds: float,
    models_dir: Path,
    model: SpeakerModel = GE2E,
    limits: Speaker | None = None,
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB).

    {"model": name, "results": [{"snr_db", "order_seconds", "consent_seconds", "same", "different", "change":
    {"eer", "eer_threshold", "frr_at_far_0.001", "missed", "false_alarms", "cosine_same": [p5, p50, p95],
    "cosine_different": [...]}, "order_alone": {"eer", "frr_at_far_0.001"}, "pooled": {the same},
    "consent_alone": {"false_rejects", "false_accepts"}, "consent_pooled": {the same}}]}

    A pair is an order (a window of `seconds` of speech) of an enrolled person and a consent
    (CONSENT_SECONDS) out of another recording: of the same person, or of anybody else. change: whether the
    two are one voice, by the cosine between them; missed and false_alarms at `same_speaker_cosine`. What
    the device decides (missed, false_alarms, consent_…) is left out where the model has no thresholds.
    order_alone and pooled: scores of one speaker's order, and of it with a consent, against all templates.
    consent_…: the device's answer to pairs whose order it verified: `false_accepts` are consents of somebody
    else that would place the order. Rates are fractions; cannot tell counts as rejected. Raises AudioError
    (bench_set_invalid, bench_noise, audio_…), ModelError.
    """
    bench, speakers = SpeakersBench(models_dir, model, limits), read_speaker_set(set_dir)
    room = read_noise(noise, snrs)
    people = {name: bench.enrol(files) for name, files in speakers.enrolment.items()}
    groups = [*speakers.trials.items(), *speakers.others.items()]
    orders = [w for name, files in groups for file in files for w in bench.windows(name, file, seconds)]
    consents = [
        window
        for name, files in groups
        for file in files
        for window in bench.windows(name, file, CONSENT_SECONDS)[:_MOST_CONSENTS]
    ]
    rows = []
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        said = list(_voices(bench, orders, room, snr_db, rng))
        answered = list(_voices(bench, consents, room, snr_db, rng))
        rows.append(
            {"snr_db": snr_db, "order_seconds": seconds, **_row(said, answered, people, bench.limits)}
        )
    return {"model": model, "results": rows}


def _voices(
    bench: SpeakersBench,
    windows: Sequence[Window],
    room: Float32 | None,
    snr_db: float | None,
    rng: np.random.Generator,
) -> Iterator[_Voice]:
    for window in windows:
        heard = bench.hear(mixed(window, room, snr_db, rng))
        if heard.embedding is not None:
            yield _Voice(window.speaker, window.recording, heard.embedding, heard)


def _row(
    orders: Sequence[_Voice],
    consents: Sequence[_Voice],
    people: dict[str, Voiceprint],
    limits: Speaker | None,
) -> dict[str, Any]:
    pairs = [
        _Pair(order, consent)
        for order in orders
        if order.speaker in people
        for consent in consents
        if order.recording != consent.recording
    ]
    same = np.array([pair.same for pair in pairs])
    near = np.array([cosine(pair.order.embedding, pair.consent.embedding) for pair in pairs])
    change = error_rates(near, same)
    decided: dict[str, float] = {}
    answers: dict[str, Any] = {}
    if limits is not None:
        one_voice = near >= limits.thresholds.same_speaker_cosine
        decided["missed"] = float(one_voice[~same].mean())
        decided["false_alarms"] = float((~one_voice[same]).mean())
        answers["consent_alone"] = _answers(pairs, people, limits, alone=True)
        answers["consent_pooled"] = _answers(pairs, people, limits, alone=False)
    return {
        "consent_seconds": CONSENT_SECONDS,
        "same": int(same.sum()),
        "different": int((~same).sum()),
        "change": {
            "eer": change.eer,
            "eer_threshold": change.equal,
            "frr_at_far_0.001": change.frr,
            **decided,
            "cosine_same": _spread(near[same]),
            "cosine_different": _spread(near[~same]),
        },
        **_verification(orders, consents, people),
        **answers,
    }


def _verification(
    orders: Sequence[_Voice], consents: Sequence[_Voice], people: dict[str, Voiceprint]
) -> dict[str, Any]:
    """Each order with the first consent of the same speaker out of another recording, or of the same where
    there is one recording only."""
    alone, both, genuine = [], [], []
    for order in orders:
        own = [consent for consent in consents if consent.speaker == order.speaker]
        other = [consent for consent in own if consent.recording != order.recording] or own
        if not other:
            continue
        together = pooled(order.heard, other[0].heard)
        for name, voiceprint in people.items():
            alone.append(score(order.embedding, voiceprint))
            both.append(-1.0 if together is None else score(together, voiceprint))
            genuine.append(name == order.speaker)
    kinds = np.array(genuine)
    return {
        name: {"eer": rates.eer, "frr_at_far_0.001": rates.frr}
        for name, scores in (("order_alone", alone), ("pooled", both))
        for rates in (error_rates(np.array(scores), kinds),)
    }


def _answers(
    pairs: Sequence[_Pair], people: dict[str, Voiceprint], limits: Speaker, *, alone: bool
) -> dict[str, float]:
    taken: dict[bool, list[bool]] = {True: [], False: []}
    at = limits.thresholds
    for pair in pairs:
        order, consent = pair.order.heard, pair.consent.heard
        ordered = _verdict(order, people, limits.shortest_order_ms, at.accept_cosine, limits)
        if ordered.person != pair.order.speaker:
            continue
        if alone:
            said = _verdict(consent, people, limits.shortest_consent_ms, at.accept_consent_cosine, limits)
        else:
            said = consenter(order, consent, people, limits)
        taken[pair.same].append(same_speaker(order, consent, limits) and said == ordered)
    return {
        "false_rejects": 1.0 - float(np.mean(taken[True])) if taken[True] else float("nan"),
        "false_accepts": float(np.mean(taken[False])) if taken[False] else float("nan"),
    }


def _verdict(
    voice: Voice, people: dict[str, Voiceprint], shortest_ms: int, accept_cosine: float, limits: Speaker
) -> Verdict:
    return verify(voice, shortest_ms=shortest_ms, people=people, accept_cosine=accept_cosine, limits=limits)


def _spread(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    return [round(float(value), 3) for value in np.percentile(values, (5, 50, 95))]
