"""How many spoken orders are understood with every slot right, clean and in noise, and what else is taken for
one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.columns import measured_before, write_columns
from agent.bench.mixing import mix, read_noise
from agent.bench.noise_kinds import NoiseKind, noise_kind
from agent.bench.order_ear import OrderEar
from agent.bench.order_set import LabelledOrder, OrderSet
from agent.bench.outcomes import Heard, counted
from agent.bench.recordings import recordings
from agent.bench.trade import write_curve
from agent.deciding.runner_up import runner_up
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file
from agent.hearing.recognition import Recognition
from agent.plumbing.errors import AudioError

_NOISE_SEED = 3


class OrdersBench:
    """The recogniser at the default settings on the set in `set_dir`.

    Raises AudioError bench_set_invalid; ModelError.
    """

    def __init__(
        self,
        set_dir: Path,
        noise: Float32 | None,
        models_dir: Path,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        """`noise` is float32 [n]. `heard` is called after each recording."""
        self._orders = OrderSet(set_dir)
        self._noise = NoiseKind("file", noise) if noise is not None else None
        self._ear = OrderEar(self._orders.graph, models_dir)
        self.settings = self._ear.settings
        self._spent_s = self._heard_s = 0.0
        self._done = heard

    @property
    def real_time_factor(self) -> float:
        """Time of recognition by length of audio, over all that was heard so far."""
        return self._spent_s / self._heard_s if self._heard_s else 0.0

    def orders(self, snr_db: float | None, kind: NoiseKind | None = None) -> list[Heard]:
        """Every order of the set, clean (None) or mixed with the noise: `kind`, or that of the file."""
        rng = np.random.default_rng(_NOISE_SEED)
        noise = kind or self._noise
        return [self._order(self._mixed(order, noise, snr_db, rng), order) for order in self._orders.orders]

    def rejects(self, folder: Path) -> list[Heard]:
        """Every recording below `folder`; none holds an order, so that each one taken for an order is wrong.

        Raises AudioError('bench_set_invalid') where there is none.
        """
        return [self._no_order(read_audio_file(path)) for path in recordings(folder)]

    def _no_order(self, samples: Float32) -> Heard:
        """A "no" or a "help" is no order either."""
        recognition = self._recognise(samples)
        taken_for_one = self._orders.slots(recognition.words) is not None
        return Heard(recognition.gap_per_token, "wrong" if taken_for_one else "rejected")

    def _order(self, samples: Float32, order: LabelledOrder) -> Heard:
        recognition = self._recognise(samples)
        best = self._orders.slots(recognition.words)
        others = ((self._orders.slots(words), behind) for words, behind in recognition.alternatives)
        other = None if best is None else runner_up(best, others, self.settings.ask_within_nats)
        right = order.slots in (best, other)
        if other is not None:
            return Heard(recognition.gap_per_token, "asked" if right else "rejected")
        return Heard(recognition.gap_per_token, "accepted" if right else "wrong")

    def _recognise(self, samples: Float32) -> Recognition:
        begun = time.perf_counter()
        recognition = self._ear.hear(samples)
        self._spent_s += time.perf_counter() - begun
        self._heard_s += len(samples) / SAMPLE_RATE
        self._done()
        return recognition

    def _mixed(
        self, order: LabelledOrder, kind: NoiseKind | None, snr_db: float | None, rng: np.random.Generator
    ) -> Float32:
        samples = read_audio_file(order.audio)
        if snr_db is None or kind is None:
            return samples if kind is None else kind.microphone(samples)
        try:
            return mix(kind.microphone(samples), kind.noise, snr_db, rng)
        except ValueError as error:
            raise AudioError("bench_noise", f"{order.audio.name}: {error}", "use other recordings") from error


def run_orders_bench(
    set_dir: Path,
    noise: Path | None,
    snrs: list[float],
    models_dir: Path,
    *,
    rejects: Path | None = None,
    curve: Path | None = None,
    noise_kinds: Sequence[str] = (),
    talkers: Path | None = None,
    columns: Path | None = None,
) -> dict[str, Any]:
    """One row without noise and one for each of `snrs` (dB), at the default settings of `asr`.

    {"results": [{"snr_db": null or number, "utterances": n, "accepted": n, "wrong": n, "asked": n,
    "rejected": n}], "real_time_factor": x} and, with `rejects`, "rejects": {"utterances": n, "accepted": n};
    with `noise_kinds` (of `agent.bench.noise_kinds.KINDS`), "noise_kinds": {kind: [row, ...]} for the same
    `snrs`, and without noise where the kind has a microphone of its own. `talkers`: recordings for the talker
    and for the headset's room. `columns` is written as `agent.bench.columns` says, after each kind.

    accepted: every slot equals its label and no other is filled; wrong: passed the gate otherwise; asked:
    answered by a question between the two likeliest orders, one of which is right; rejected: the rest.
    real_time_factor: time of recognition by length of audio. `curve` is written as `agent.bench.trade` says.
    Raises AudioError (bench_set_invalid, bench_noise, bench_columns, audio_…), ModelError.
    """
    recorded = read_noise(noise, () if noise_kinds else snrs)
    if columns is not None:
        measured_before(columns)  # a file that cannot be added to is told before the work, not after it
    bench = OrdersBench(set_dir, recorded, models_dir)
    gate = bench.settings.reject_gap_per_token
    heard = {snr_db: bench.orders(snr_db) for snr_db in (None, *(() if noise_kinds and not noise else snrs))}
    result: dict[str, Any] = {"results": _rows(heard, gate)}
    if noise_kinds:
        result["noise_kinds"] = {}
        for name in noise_kinds:
            kind = noise_kind(name, _NOISE_SEED, talkers)
            of_kind = {snr_db: bench.orders(snr_db, kind) for snr_db in _levels(kind, snrs)}
            result["noise_kinds"][name] = _rows(of_kind, gate)
            if columns is not None:
                write_columns(columns, result)
    if rejects is not None:
        others = bench.rejects(rejects)
        result["rejects"] = {"utterances": len(others), "accepted": counted(others, gate)["wrong"]}
        if curve is not None:
            write_curve(curve, heard, others, gate)
    return result | {"real_time_factor": bench.real_time_factor}


def _levels(kind: NoiseKind, snrs: Sequence[float]) -> list[float | None]:
    """A microphone with a band of its own is heard without noise as well."""
    return [*snrs] if kind.band is None else [None, *snrs]


def _rows(heard: dict[float | None, list[Heard]], gate: float) -> list[dict[str, Any]]:
    return [
        {"snr_db": snr_db, "utterances": len(orders), **counted(orders, gate)}
        for snr_db, orders in heard.items()
    ]
