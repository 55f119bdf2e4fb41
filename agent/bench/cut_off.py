"""Who is cut off in a pause inside an order: taken to have ended, and answered before they went on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from agent.bench.made_people import MadePerson
from agent.bench.made_room import sounding
from agent.bench.order_set import LabelledOrder, OrderSet
from agent.bench.pauses import Paused, beside, said_apart, with_pause, with_pause_at
from agent.hearing.audio import FRAME_SAMPLES, SAMPLE_RATE, Float32, read_audio_file, to_int16
from agent.hearing.drafts import Drafts
from agent.hearing.listener import MARGIN_SAMPLES, ORDER_ENTRY, Capture, Listener
from agent.hearing.listener import Paused as ListenerPaused
from agent.hearing.recogniser import Recogniser
from agent.hearing.voice_activity import VoiceActivity
from agent.hearing.waking import Waking
from agent.plumbing.settings import Endpoint, Wake

PAUSES_MS = (500, 900, 1_200)
ANYWHERE_EVERY = 3  # a pause of each length in every third recording
JOINER, CORRECTION = "and", "no"
_ROOM_SECONDS = 3.0
_QUIET_DB = -75.0
_LISTEN_ID = 1

Sounds = dict[str, list[Callable[[int, np.random.Generator], Paused]]]
"""By place: for each order what makes it with a pause of so many milliseconds there."""


class Turn(NamedTuple):
    """Samples: where the speech ends that was first taken for the whole, and that before the answer."""

    first: int
    whole: int


class TurnEar:
    """Listener and recogniser as in the device, up to its answer; frames cost no time."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser, self._activity = recogniser, VoiceActivity()
        wake = Waking(Wake(), None)
        self._grammar = Listener(Endpoint(), wake, self._activity)
        self._fixed = Listener(Endpoint(pause_ms=60_000), wake, self._activity)

    def turn(self, samples: Float32) -> Turn:
        """Of float32 [n], with some seconds of room at the end. Raises ValueError where nobody speaks."""
        drafts, listener, ends = Drafts(self._recogniser), self._grammar, list[int]()
        for frame in _frames(listener, samples):
            event = listener.push(frame, 0)
            if isinstance(event, ListenerPaused):
                listener.look(drafts.look(event.so_far))
            if isinstance(event, Capture):
                ends.append(event.end - MARGIN_SAMPLES)
                drafts.recognition(event)
            ago_ms = listener.ended_ago_ms
            if ends and ago_ms is not None and ago_ms >= Endpoint().reply_silence_ms:
                break
        return Turn(ends[0], ends[-1])

    def fixed(self, samples: Float32) -> int:
        """The sample where the speech ends before the first silence of `endpoint.silence_ms`."""
        for frame in _frames(self._fixed, samples):
            event = self._fixed.push(frame, 0)
            if isinstance(event, Capture):
                return event.end - MARGIN_SAMPLES
        raise ValueError("nobody speaks")


def _frames(listener: Listener, samples: Float32) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    listener.listen(_LISTEN_ID, ORDER_ENTRY, int(1_000 * len(samples) / SAMPLE_RATE))
    return to_int16(np.pad(samples, (0, -len(samples) % FRAME_SAMPLES))).reshape(-1, FRAME_SAMPLES)


def recorded(orders: OrderSet, recogniser: Recogniser) -> Sounds:
    """In recordings: "anywhere" (where the voice is lowest in the middle half), and before and after an
    "and" where the open decode finds it."""
    sounds: Sounds = defaultdict(list)
    for number, order in enumerate(orders.orders):
        samples = read_audio_file(order.audio)
        if number % ANYWHERE_EVERY == 0:
            sounds["anywhere"].append(partial(with_pause, samples))
        if _has_joiner(order):
            for side, at in beside(JOINER, samples, recogniser.transcribe).items():
                place = f"{side} {JOINER}"
                sounds[place].append(partial(with_pause_at, samples, at))
    return sounds


def _has_joiner(order: LabelledOrder) -> bool:
    """Options after the product are joined."""
    return {"milkAmount", "sugarAmount"} <= order.slots.keys()


def made(orders: OrderSet, people: Sequence[MadePerson]) -> Sounds:
    """Corrected orders by synthetic voices, which say what stands before and after the pause apart: before
    and after a "no"."""
    sounds: Sounds = defaultdict(list)
    first, second = (product.words["en"].say for product in orders.catalogue().products[:2])
    begins, corrected = f"can I have a {first}", f"a {second}"
    for person in people:
        for place, parts in (
            (f"before {CORRECTION}", (f"{begins}.", f"{CORRECTION}, {corrected}.")),
            (f"after {CORRECTION}", (f"{begins}, {CORRECTION},", f"{corrected}.")),
        ):
            spoken = [sounding(person.says(part)) for part in parts]
            sounds[place].append(partial(said_apart, spoken))
    return sounds


def pauses(ear: TurnEar, sounds: Sounds) -> Iterator[dict[str, int | str]]:
    """One row for each place and length: {"place", "pause_ms", "utterances", "cut_off", "went_on",
    "cut_off_fixed"}."""
    for place, makers in sounds.items():
        for pause_ms in PAUSES_MS:
            rng = np.random.default_rng(pause_ms)
            orders = [_in_room(make(pause_ms, rng), rng) for make in makers]
            turns = [(ear.turn(order.samples), order.goes_on) for order in orders]
            yield {
                "place": place,
                "pause_ms": pause_ms,
                "utterances": len(orders),
                "cut_off": sum(turn.whole < goes_on for turn, goes_on in turns),
                "went_on": sum(turn.first < goes_on <= turn.whole for turn, goes_on in turns),
                "cut_off_fixed": sum(ear.fixed(order.samples) < order.goes_on for order in orders),
            }


def _in_room(order: Paused, rng: np.random.Generator) -> Paused:
    quiet = rng.normal(0, 10 ** (_QUIET_DB / 20), int(_ROOM_SECONDS * SAMPLE_RATE)).astype(np.float32)
    return Paused(np.concatenate([order.samples, quiet]), order.goes_on)
