"""What goes to `voice` and comes back, a sentence at a time: what is being said, and what is listened for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agent.deciding.signals import Signal
from agent.plumbing import messages
from agent.plumbing.settings import Endpoint

Send = Callable[[messages.Message], None]


class _Question(NamedTuple):
    """What the microphone is open for."""

    listen_id: int
    entry: str


class VoiceLine:
    """Numbers what is said and asked, so that an answer to something that is over is known as one."""

    def __init__(self, send: Send, windows: Endpoint) -> None:
        """`send` reaches `voice` (or is dropped where there is none)."""
        self.send = send
        self._windows = windows
        self._question: _Question | None = None
        self._last_id = 0
        self._saying: set[int] = set()
        self._woken = False  # somebody has called, and what follows was not heard yet

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return bool(self._saying)

    @property
    def unasked(self) -> bool:
        """Whether nothing is being said or asked."""
        return not (self._saying or self._question)

    @property
    def quiet(self) -> bool:
        """Whether nothing is being said or asked, and nobody has called."""
        return self.unasked and not self._woken

    def say(
        self,
        text: str,
        language: str,
        listen: str = "",
        phrases: tuple[str, ...] = (),
        signal: Signal | None = None,
    ) -> None:
        """Has `text` spoken, after the sound of `signal`, then listens for sentences of `listen`, if any;
        where `phrases` are given, for these only."""
        self._last_id += 1
        then = None
        if listen:
            self._question = _Question(self._last_id, listen)
            then = messages.Listen(self._last_id, listen, self._windows.answer_window_ms, phrases)
        self._saying.add(self._last_id)
        earcon = signal if signal in ("refused", "queued", "ordered") else ""
        self.send(messages.Say(self._last_id, text, language, then, earcon))

    def listen(self, entry: str) -> None:
        """Listens for an order without a wake word and without a word said."""
        self._last_id += 1
        self._question = _Question(self._last_id, entry)
        self.send(messages.Listen(self._last_id, entry, self._windows.order_window_ms))

    def spoken(self, say_id: int) -> None:
        """A sentence was played to its end."""
        self._saying.discard(say_id)

    def woken(self) -> None:
        """The wake word was heard."""
        self._woken = True

    def after_wake(self) -> None:
        """What followed the wake word has come."""
        self._woken = False

    def answered(self, listen_id: int) -> str | None:
        """Ends the question of that number: the grammar entry that it asked for, None where it is over."""
        if self._question is None or self._question.listen_id != listen_id:
            return None
        entry, self._question = self._question.entry, None
        return entry

    def drop_question(self) -> None:
        """Whatever is asked is over."""
        self._question = None

    def lost(self) -> None:
        """`voice` is gone, and with it what was said and asked."""
        self._saying.clear()
        self._woken, self._question = False, None
