"""A model that is seldom asked and takes much memory: dropped when nobody has spoken for long, and loaded
again while the next sentence is still being said."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from agent.hearing.moonshine import Decoding, Float32, Moonshine

_AHEAD = 2  # a sentence, and the same with the wake phrase


class RestingModel:
    """As `Moonshine`, but for the vocabulary. Loads once when it is made, so that what is missing is told at
    the start; raises what `load` raises. To be used from one thread."""

    def __init__(self, load: Callable[[], Moonshine]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._model: Future[Moonshine] | None = None
        self._ahead: deque[tuple[Float32, Future[Float32]]] = deque(maxlen=_AHEAD)
        self._awake()

    def expect(self) -> None:
        """It may be asked soon: loads in a thread of its own, if it has to."""
        self._loading()

    def rest(self) -> None:
        """It will not be asked for a while: drops the model, unless it is just being loaded."""
        if self._model is not None and self._model.done():
            self._model = None
            self._ahead.clear()

    def encode_ahead(self, samples: Float32) -> None:
        """`encode` may be asked for these samples: begins it in the thread."""
        loading = self._loading()
        self._ahead.append((samples, self._thread.submit(lambda: loading.result().encode(samples))))

    def encode(self, samples: Float32) -> Float32:
        """As `Moonshine.encode`; waits until the model is loaded. Raises what `load` raises."""
        for known, encoding in self._ahead:
            if known is samples:
                return encoding.result()
        return self._awake().encode(samples)

    def begin(self, encoded: Float32) -> Decoding:
        """As `Moonshine.begin`."""
        return self._awake().begin(encoded)

    def _awake(self) -> Moonshine:
        return self._loading().result()

    def _loading(self) -> Future[Moonshine]:
        if self._model is None:
            self._model = self._thread.submit(self._load)
        return self._model
