"""How many spoken orders are understood with every slot right, clean and in noise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.mixing import mix
from agent.bench.order_set import LabelledOrder, OrderSet
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Asr

_NOISE_SEED = 3


def run_orders_bench(
    set_dir: Path, noise: Path | None, snrs: list[float], models_dir: Path
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB), at the default settings of `asr`.

    {"results": [{"snr_db": null or number, "utterances": n, "accepted": n, "wrong": n, "asked": n,
    "rejected": n}], "real_time_factor": x}

    accepted: every slot equals its label and no other is filled; wrong: passed the gate otherwise; asked:
    answered by a question between runners-up (none yet); rejected: the rest. real_time_factor: time of
    recognition by length of audio. Raises AudioError (bench_set_invalid, bench_noise, audio_…), ModelError.
    """
    settings = Asr()
    orders = OrderSet(set_dir)
    recogniser = Recogniser(Moonshine(models_dir, threads=settings.threads), beams=settings.beams)
    recogniser.use(orders.graph)
    noise_samples = read_audio_file(noise) if noise is not None else None
    if snrs and noise_samples is None:
        raise AudioError("bench_noise", "a signal-to-noise ratio without noise", "give --noise FILE as well")
    if noise_samples is not None and not noise_samples.any():
        raise AudioError("bench_noise", f"{noise} is silent", "give a recording of noise")
    spent = heard = 0.0
    results = []
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        counts = {"accepted": 0, "wrong": 0, "asked": 0, "rejected": 0}
        for order in orders.orders:
            samples = _samples(order, noise_samples, snr_db, rng)
            begun = time.perf_counter()
            recognition = recogniser.recognise(samples, "order")
            spent += time.perf_counter() - begun
            heard += len(samples) / SAMPLE_RATE
            passed = bool(recognition.words) and recognition.gap_per_token >= settings.reject_gap_per_token
            right = passed and orders.slots(recognition.words) == order.slots
            counts["accepted" if right else "wrong" if passed else "rejected"] += 1
        results.append({"snr_db": snr_db, "utterances": len(orders.orders), **counts})
    return {"results": results, "real_time_factor": spent / heard}


def _samples(
    order: LabelledOrder, noise: Float32 | None, snr_db: float | None, rng: np.random.Generator
) -> Float32:
    samples = read_audio_file(order.audio)
    if snr_db is None or noise is None:
        return samples
    try:
        return mix(samples, noise, snr_db, rng)
    except ValueError as error:
        raise AudioError("bench_noise", f"{order.audio.name}: {error}", "use other recordings") from error
