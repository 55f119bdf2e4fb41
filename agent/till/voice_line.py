"""What goes to `voice` and comes back, a sentence at a time: what is being said, and what is listened for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from agent.deciding.signals import Signal
from agent.deciding.too_long import shortened
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
        self._said: messages.Say | None = None
        self._said_once = False  # whether that was for one person, and is not said again
        self._answering = 0
        self._present = False
        self.rate_percent = 100
        """Of the usual speed, at which everything is said from now on."""

    @property
    def present(self) -> bool:
        """Whether there is a `voice` to say something."""
        return self._present

    @property
    def last_id(self) -> int:
        """Of what was said or asked last."""
        return self._last_id

    @property
    def answers(self) -> int:
        """The number of the utterance that what is said now answers, 0 where none."""
        return self._answering

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

    @property
    def called(self) -> bool:
        """Whether somebody has called and is speaking."""
        return self._woken

    def say(
        self,
        text: str,
        language: str,
        listen: str = "",
        phrases: tuple[str, ...] = (),
        signal: Signal | None = None,
        *,
        window_ms: int = 0,
        aside: bool = False,
    ) -> None:
        """Has `text` spoken, after the sound of `signal`, then listens for sentences of `listen`, if any;
        where `phrases` are given, for these only; for `window_ms` of audio, where that is given. An `aside`
        is not what is said again. What asks nothing is cut where it is too long; a question never is."""
        text = text if listen else shortened(text, language)
        window_ms = window_ms or self._windows.answer_window_ms
        then = messages.Listen(0, listen, window_ms, phrases) if listen else None
        sounded = "refused" if signal == "disputed" else signal  # in either case: not as you wished
        earcon = sounded if sounded in ("refused", "queued", "ordered") else ""
        say = messages.Say(0, text, language, then, earcon)
        if not aside:
            self._said, self._said_once = say, False
        self._send(say)

    @property
    def said_once(self) -> bool:
        """Whether what was said last was for one person only."""
        return self._said_once

    def keep_to_once(self) -> None:
        """What was said last is for whoever it answers; nobody else is to hear it on asking."""
        self._said_once = True

    def say_again(self, *, asking: bool = True) -> None:
        """Once more what was said last, with its question where it is still `asking`."""
        if self._said is not None:
            self._send(self._said if asking else msgspec.structs.replace(self._said, then=None, earcon=""))

    def _send(self, say: messages.Say) -> None:
        self._last_id += 1
        then = say.then
        if then is not None:
            self._question = _Question(self._last_id, then.entry)
            then = msgspec.structs.replace(then, listen_id=self._last_id)
        if self._present:
            self._saying.add(self._last_id)
        numbers = {"say_id": self._last_id, "answers": self._answering}
        self.send(msgspec.structs.replace(say, then=then, rate_percent=self.rate_percent, **numbers))

    @contextmanager
    def answering(self, number: int) -> Iterator[None]:
        """What is said meanwhile answers the utterance of that number."""
        before, self._answering = self._answering, number
        try:
            yield
        finally:
            self._answering = before

    def listen(self, entry: str) -> None:
        """Listens for an order without a wake word and without a word said."""
        self._last_id += 1
        self._question = _Question(self._last_id, entry)
        self.send(messages.Listen(self._last_id, entry, self._windows.order_window_ms))

    def asks_by(self, say_id: int) -> bool:
        """Whether the microphone is to be open for what that sentence asks."""
        return self._question is not None and self._question.listen_id == say_id

    def spoken(self, say_id: int) -> None:
        """A sentence was played to its end."""
        self._saying.discard(say_id)

    def woken(self) -> None:
        """The wake word was heard."""
        self._woken = True

    def went_on(self, listen_id: int) -> None:
        """Whoever gave the order of that number speaks on; more of it comes under the same number."""
        self._woken = True
        self._question = _Question(listen_id, "order") if listen_id else None

    def after_wake(self) -> None:
        """What followed the wake word has come."""
        self._woken = False

    def answered(self, listen_id: int) -> str | None:
        """Ends the question of that number: the grammar entry that it asked for, None where it is over."""
        self._woken = False
        if self._question is None or self._question.listen_id != listen_id:
            return None
        entry, self._question = self._question.entry, None
        return entry

    def drop_question(self) -> None:
        """Whatever is asked is over."""
        self._question = None

    def came(self) -> None:
        """A `voice` is there from now on."""
        self._present = True

    def lost(self) -> None:
        """`voice` is gone, and with it what was said and asked."""
        self._present = False
        self._saying.clear()
        self._woken, self._question = False, None
