"""How long after the end of speech an order is recognised, against an open decode of the same sound; how much
silence is waited for; and who is cut off in a pause."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agent.bench.cut_off import TurnEar, made, pauses, recorded
from agent.bench.library_decode import library_decoder
from agent.bench.made_people import people
from agent.bench.mixing import mixed, read_noise
from agent.bench.order_set import OrderSet
from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Float32, read_audio_file, to_int16
from agent.hearing.drafts import Drafts
from agent.hearing.listener import MARGIN_SAMPLES, ORDER_ENTRY, Capture, Listener, Paused
from agent.hearing.recogniser import Recogniser
from agent.hearing.voice_activity import VoiceActivity
from agent.hearing.waking import Waking
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Asr, Endpoint, Wake

_ROOM_SECONDS = 3.0
_NOISE_SEED = 3
_LISTEN_ID = 1
_QUIET_DB = -75.0


class _Heard(NamedTuple):
    """One recording as the device hears it in real time. Milliseconds."""

    wait: float  # from the end of speech to the frame with which it is taken for over
    after: float  # from there to the recognised order
    recognition: float  # the recogniser's time for what was kept
    wasted: float  # and for what was thrown away, because the speech went on
    sentence: Float32


class _Ear:
    """Listener and recogniser with the settings of the device, and a clock that runs with the frames: what
    takes longer than a frame makes the next ones wait."""

    def __init__(self, models_dir: Path, orders: OrderSet) -> None:
        self.recogniser = Recogniser.from_settings(models_dir, Asr())
        self.recogniser.use(orders.graph)
        self._listener = Listener(Endpoint(), Waking(Wake(), None), VoiceActivity())

    def hear(self, samples: Float32) -> _Heard:
        """From the beginning of `samples` to the first end of speech."""
        listener, drafts = self._listener, Drafts(self.recogniser)
        listener.listen(_LISTEN_ID, ORDER_ENTRY, int(1_000 * len(samples) / SAMPLE_RATE))
        free_at = last = wasted = 0.0
        whole = to_int16(np.pad(samples, (0, -len(samples) % FRAME_SAMPLES)))
        for number, frame in enumerate(whole.reshape(-1, FRAME_SAMPLES), 1):
            arrived = float(number * FRAME_MS)
            begun = time.perf_counter()
            event = listener.push(frame, 0)
            spent = 0.0
            if isinstance(event, Paused):
                looked = time.perf_counter()
                ending = drafts.look(event.so_far)
                spent = 1_000 * (time.perf_counter() - looked)
                listener.look(ending)
                wasted, last = wasted + last, spent
            if isinstance(event, Capture):
                taken = time.perf_counter()
                drafts.recognition(event)
                spent = 1_000 * (time.perf_counter() - taken)
                done = max(free_at, arrived) + 1_000 * (time.perf_counter() - begun)
                wait = arrived - 1_000 * (event.end - MARGIN_SAMPLES) / SAMPLE_RATE
                return _Heard(wait, done - arrived, last + spent, wasted, event.sentence)
            free_at = max(free_at, arrived) + 1_000 * (time.perf_counter() - begun)
        raise AudioError("bench_set_invalid", "a recording without speech", "use other recordings")


def run_latency_bench(
    set_dir: Path, noise: Path | None, snrs: Sequence[float], models_dir: Path
) -> dict[str, Any]:
    """One row clean and one for each of `snrs` (dB): {"snr_db", "utterances", "wait_ms", "after_ms",
    "recognition_ms", "reference_ms", "ratio", "recognition_ratio" (each {"p50", "p95"}), "wasted_share"}; and
    {"reference": what made the open decode, "pauses": [{"place", "pause_ms", "utterances", "cut_off",
    "went_on", "cut_off_fixed"}]}.

    wait_ms: silence after the speech until it counts as over. after_ms: from then to the recognised order,
    with frames arriving in real time; most of the work is done in the silence. recognition_ms: the
    recogniser's time as if nothing had been done before. ratio, recognition_ratio: the two by reference_ms,
    the time of an open decode of the same sound. wasted_share: of the recogniser's time, for speech that went
    on. pauses: inside recordings anywhere and beside an "and", and in made orders beside a "no". cut_off: how
    many were answered in the pause; went_on: how many had been taken to have ended and were heard on, before
    anything was answered; cut_off_fixed: how many a silence of `endpoint.silence_ms` alone would have cut
    off. Raises AudioError (bench_set_invalid, bench_noise, bench_no_voices, audio_…), ModelError.
    """
    orders = OrderSet(set_dir)
    ear = _Ear(models_dir, orders)
    reference, decode = library_decoder(models_dir, ear.recogniser)
    room = read_noise(noise, snrs)
    recordings = [read_audio_file(order.audio) for order in orders.orders]
    rows = []
    for snr_db in (None, *snrs):
        rng = np.random.default_rng(_NOISE_SEED)
        sounds = (_in_room(samples, room, snr_db, rng) for samples in recordings)
        rows.append({"snr_db": snr_db, **_row([_measured(ear, sound, decode) for sound in sounds])})
    paused = recorded(orders, ear.recogniser) | made(orders, people())
    return {
        "reference": reference,
        "results": rows,
        "pauses": list(pauses(TurnEar(ear.recogniser), paused)),
    }


def _measured(ear: _Ear, sound: Float32, decode: Callable[[Float32], object]) -> tuple[_Heard, float]:
    heard = ear.hear(sound)
    begun = time.perf_counter()
    decode(heard.sentence)
    return heard, 1_000 * (time.perf_counter() - begun)


def _row(measured: list[tuple[_Heard, float]]) -> dict[str, Any]:
    heard, reference = [one for one, _ in measured], [ms for _, ms in measured]
    work = sum(one.recognition + one.wasted for one in heard)
    return {
        "utterances": len(heard),
        "wait_ms": _middle([one.wait for one in heard]),
        "after_ms": _middle([one.after for one in heard]),
        "recognition_ms": _middle([one.recognition for one in heard]),
        "reference_ms": _middle(reference),
        "ratio": _middle([one.after / ms for one, ms in measured]),
        "recognition_ratio": _middle([one.recognition / ms for one, ms in measured]),
        "wasted_share": round(sum(one.wasted for one in heard) / work, 3),
    }


def _in_room(
    samples: Float32, noise: Float32 | None, snr_db: float | None, rng: np.random.Generator
) -> Float32:
    """With some seconds of the room after it."""
    quiet = rng.normal(0, 10 ** (_QUIET_DB / 20), int(_ROOM_SECONDS * SAMPLE_RATE)).astype(np.float32)
    sound = np.concatenate([samples, quiet])
    return mixed(sound, noise, snr_db, rng)


def _middle(values: list[float]) -> dict[str, float]:
    return {f"p{share}": round(float(np.percentile(values, share)), 2) for share in (50, 95)}
