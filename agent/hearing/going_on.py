"""Before an order is answered: whether whoever gave it goes on (docs/adr/0033)."""

from __future__ import annotations

from collections.abc import Callable

from agent.hearing.audio import FRAME_MS, AudioSource, Int16
from agent.hearing.ears import Ears

_MOST_FRAMES = 25  # 2 s: a room full of clicks must not hold an answer up


def goes_on(
    answered: int,
    ears: Ears,
    source: AudioSource,
    hear: Callable[[Int16], None],
    broken_off: Callable[[], bool],
) -> bool:
    """Whether the utterance `answered` has gone on, so that what was to be said is not said.

    Where an order has just ended, its room is heard (`hear` takes each frame) for as long as it may go on,
    and what waits to be heard; anything else is answered at once. Raises AudioError as `source` does.
    """
    for _ in range(_MOST_FRAMES):
        left_ms = ears.may_go_on_ms
        if left_ms is None or broken_off():
            break
        frame = source.read(FRAME_MS / 1_000 if left_ms else 0.0)
        if frame is not None:
            hear(frame)
        elif not left_ms or not source.live:
            break
    return ears.is_void(answered)
