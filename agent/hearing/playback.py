"""One sentence on its way to the loudspeaker, and the microphone meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, AudioSink, AudioSource, Int16
from agent.hearing.barge_in import BargeIn, Interruption

_ECHO_FRAMES = 3  # 240 ms: how long a room goes on carrying what the loudspeaker said
_MOST_OVERHEARD = 25  # 2 s: a feeder that never pauses must not hold a playback up


class Playback:
    """Plays into `sink` while `source` goes on."""

    def __init__(
        self,
        source: AudioSource,
        sink: AudioSink,
        broken_off: Callable[[], bool],
        frame_done: Callable[[], None],
    ) -> None:
        """`broken_off`: whether it is to end at once. `frame_done`: as `heard` of `Voice`."""
        self._source, self._sink = source, sink
        self._broken_off, self._frame_done = broken_off, frame_done

    def play(self, sentences: Iterable[Int16], barge_in: BargeIn | None) -> Interruption | None:
        """Plays int16 [n] at 16 kHz, one after another, to their end, or until somebody says "stop" or
        "cancel" (which is given back). Nothing else is heard: its own voice neither wakes the device nor
        consents.

        Raises AudioError as source and sink do.
        """
        said = None
        if self._source.live:
            self._source.drop_pending()  # what is heard and what is played begin together
        for piece in _frames(sentences):
            if said or self._broken_off():
                break
            self._sink.write(piece)
            if barge_in:
                barge_in.played(piece)
            said = self._overhear(barge_in)
            if not self._source.live:
                self._frame_done()
        self._sink.finish()
        said = said or self._overhear(barge_in)
        for _ in range(_ECHO_FRAMES if self._source.live else 0):
            said = said or self._overhear(barge_in, wait_s=FRAME_MS / 1_000, most=1)
        self._source.drop_pending()
        return said

    def _overhear(
        self, barge_in: BargeIn | None, *, wait_s: float = 0.0, most: int = _MOST_OVERHEARD
    ) -> Interruption | None:
        for _ in range(most):
            frame = self._source.read(wait_s)
            if frame is None:
                break
            if self._source.live:
                self._frame_done()
            if barge_in and (said := barge_in.push(frame)):
                return said
        return None


def _frames(sentences: Iterable[Int16]) -> Iterator[Int16]:
    for samples in sentences:
        for start in range(0, len(samples), FRAME_SAMPLES):
            yield samples[start : start + FRAME_SAMPLES]
