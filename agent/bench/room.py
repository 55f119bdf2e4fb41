"""Recorded orders in a room in which the noise goes on before, under and after them: what the device makes of
them, and what it says where it understands nothing."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from agent.bench.journey_device import JourneyDevice
from agent.bench.mixing import mix, read_noise
from agent.bench.noise_kinds import NoiseKind, noise_kind
from agent.bench.order_set import LabelledOrder, OrderSet
from agent.deciding.replies import fixed_replies
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file

_NOISE_SEED = 3
_QUIET = 3e-4  # of full scale: where there is no noise, a room of about -70 dBFS
_BEFORE_SECONDS, _AFTER_SECONDS = 1, 18
_UNDERSTOOD = "refused_nobody_enrolled"  # nobody is, so that every order that is understood ends here
_OTHER = "other"  # a reply with names or numbers in it
_LATE_SECONDS = 3.0


class _Outcome(NamedTuple):
    """`kind`: "right", "wrong", "nothing_heard", or the reply to what was not understood. `late_seconds`:
    from the end of the recording to the end of listening."""

    kind: str
    late_seconds: float


def run_room_bench(
    set_dir: Path,
    noise: Path | None,
    snrs: Sequence[float],
    models_dir: Path,
    *,
    noise_kinds: Sequence[str] = (),
    talkers: Path | None = None,
    every: int = 1,
) -> dict[str, list[dict[str, Any]]]:
    """Every `every`th order of the set is said, without a wake word, to a device that listens: its ears, its
    endpointing, the till's conversation, at the default settings.

    {kind: [{"snr_db": null or number, "utterances": n, "right": n, "wrong": n, "nothing_heard": n, "said":
    {reply: n}, "late": n}]}: of "quiet", of the recording `noise` ("file") and of each of `noise_kinds`.
    right: understood with every slot as in its label; said: what it answered where it understood no order, by
    the keys of `agent.deciding.reply_words.REPLIES`; late: how often it went on listening for more than three
    seconds after the order. Raises AudioError (bench_set_invalid, bench_noise, bench_no_voices, audio_…),
    ModelError.
    """
    orders = OrderSet(set_dir)
    recorded = read_noise(noise)
    kinds = [NoiseKind("file", recorded)] if recorded is not None else []
    kinds += [noise_kind(name, _NOISE_SEED, talkers) for name in noise_kinds]
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Path(folder) / "catalogue.json"
        catalogue.write_bytes(msgspec.json.encode(orders.catalogue()))
        device = JourneyDevice(Path(folder), models_dir, catalogue, orders.openings)
        try:
            room = _Room(device, orders, every)
            result = {"quiet": [room.row(None, None)]}
            return result | {kind.name: [room.row(kind, snr_db) for snr_db in snrs] for kind in kinds}
        finally:
            device.close()


class _Room:
    def __init__(self, device: JourneyDevice, orders: OrderSet, every: int) -> None:
        self._device, self._set, self._orders = device, orders, orders.orders[::every]
        keys = {reply: key for key, reply in reversed(fixed_replies(device.hears).items())}
        self._keys = dict(sorted(keys.items(), key=lambda one: len(one[0]), reverse=True))

    def row(self, kind: NoiseKind | None, snr_db: float | None) -> dict[str, Any]:
        """What `run_room_bench` gives for one ratio."""
        rng = np.random.default_rng(_NOISE_SEED)
        outcomes = [self._say(order, kind, snr_db, rng) for order in self._orders]
        kinds = Counter(outcome.kind for outcome in outcomes)
        counted = {name: kinds.pop(name, 0) for name in ("right", "wrong", "nothing_heard")}
        return {
            "snr_db": snr_db,
            "utterances": len(outcomes),
            **counted,
            "said": dict(sorted(kinds.items())),
            "late": sum(outcome.late_seconds > _LATE_SECONDS for outcome in outcomes),
        }

    def _say(
        self, order: LabelledOrder, kind: NoiseKind | None, snr_db: float | None, rng: np.random.Generator
    ) -> _Outcome:
        speech = read_audio_file(order.audio)
        sound = _in_room(speech, kind, snr_db, rng)
        self._device.push_to_talk()
        heard = self._device.hear(sound)
        late = heard.audio_seconds - _BEFORE_SECONDS - len(speech) / SAMPLE_RATE
        self._device.speak()
        if heard.utterance is None:
            return _Outcome("nothing_heard", late)
        reply = self._key_of(self._device.said)
        if reply != _UNDERSTOOD:
            return _Outcome(reply, late)
        right = self._set.slots(heard.utterance.words) == order.slots
        return _Outcome("right" if right else "wrong", late)

    def _key_of(self, said: str) -> str:
        """Whoever has failed twice hears of another way as well, after the reply."""
        return next((key for reply, key in self._keys.items() if said.startswith(reply)), _OTHER)


def _in_room(
    speech: Float32, kind: NoiseKind | None, snr_db: float | None, rng: np.random.Generator
) -> Float32:
    around = (_BEFORE_SECONDS * SAMPLE_RATE, _AFTER_SECONDS * SAMPLE_RATE)
    if kind is None or snr_db is None:
        sound = np.pad(speech, around)
        return (sound + rng.normal(0, _QUIET, len(sound))).astype(np.float32)
    return mix(np.pad(kind.microphone(speech), around), kind.noise, snr_db, rng)
