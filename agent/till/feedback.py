"""What is kept where somebody says that it went wrong: what the device understood and said, in a file of its
own that never leaves it. No sound, no words of anybody, no person."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import msgspec

from agent import __version__
from agent.deciding.conversation import Say, State
from agent.deciding.feedback_given import Feedback, Turn
from agent.deciding.spoken_basket import spoken_basket
from agent.plumbing import audit, durable
from agent.plumbing.errors import JournalError

FILE_NAME = "feedback.json"
MOST_KEPT = 100
"""The oldest makes room: whoever passes by must not fill the device."""

MOST_TURNS = 6
LATELY_S = 120
"""What was said longer ago belongs to another conversation, perhaps to somebody else's."""


class Trail:
    """The last turns of one conversation, in memory."""

    def __init__(self) -> None:
        self._turns: deque[tuple[int, Turn]] = deque(maxlen=MOST_TURNS)

    def said(self, state: State, say: Say, language: str, now_s: int) -> None:
        """`say` was said on the way to `state`."""
        about = say.title or (spoken_basket(say.basket, language) if say.basket else "")
        self._turns.append((now_s, Turn(type(state).__name__, say.key, about)))

    def taken(self, now_s: int) -> tuple[Turn, ...]:
        """Those of the last LATELY_S, once."""
        turns = tuple(turn for at_s, turn in self._turns if 0 <= now_s - at_s <= LATELY_S)
        self._turns.clear()
        return turns


class FeedbackKept:
    """At most MOST_KEPT, oldest first. `path`: None keeps them in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kept: list[Feedback] = []
        try:
            if path is not None and path.exists():
                self._kept = msgspec.json.decode(path.read_bytes(), type=list[Feedback])
        except (OSError, msgspec.MsgspecError) as error:  # it is worth no refusal to start
            audit.log("feedback_damaged", detail=f"{path}: {type(error).__name__}", next_step=f"rm {path}")

    def all(self) -> tuple[Feedback, ...]:
        """Oldest first."""
        return tuple(self._kept)

    def note(self, turns: tuple[Turn, ...], language: str, now_s: int) -> bool:
        """Whether it is on disk when this returns."""
        feedback = Feedback(now_s, language, __version__, turns)
        try:
            self._keep([*self._kept, feedback][-MOST_KEPT:])
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return False
        return True

    def clear(self) -> int:
        """Forgets all; how many there were. Raises JournalError feedback_unwritable."""
        count = len(self._kept)
        self._keep([])
        return count

    def _keep(self, kept: list[Feedback]) -> None:
        if self._path is not None:
            try:
                durable.write(self._path, msgspec.json.encode(kept), mode=0o600)
            except OSError as error:
                raise JournalError(
                    "feedback_unwritable", f"cannot write {self._path}: {error.strerror}", "earmark doctor"
                ) from error
        self._kept = kept
