"""Written conversations, held by the real dialogue in words: which of them come as they are written."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import NamedTuple

import order_backend
from agent.bench.conversation_ear import OpenEar, WordsEar
from agent.bench.conversation_file import Conversation
from agent.bench.conversation_play import Played, play
from agent.bench.played_shop import Founded
from agent.plumbing.errors import ConfigurationError

_ROOT = Path(order_backend.__file__).parents[1]
FOLDER = _ROOT / "docs" / "conversations"
CATALOGUE = _ROOT / "order_backend" / "catalogues" / "corner_shop.json"

_MEMORY = "/dev/shm"  # noqa: S108  (a few thousand commits, which no disk has to keep)


class Held(NamedTuple):
    """A conversation and what came of it."""

    conversation: Conversation
    played: Played


def conversation_files(folder: Path) -> list[Path]:
    """Those in `folder`. Raises ConfigurationError conversations_missing."""
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise ConfigurationError(
            "conversations_missing", f"no *.txt in {folder}", "name their folder: --folder DIR"
        )
    return files


def hold(conversations: Sequence[Conversation]) -> list[Held]:
    """All of them, one after another, each with a device and a shop of its own."""
    with holder() as hold_one:
        return [hold_one(conversation) for conversation in conversations]


@contextmanager
def holder(open_ear: OpenEar = WordsEar) -> Iterator[Callable[[Conversation], Held]]:
    """What holds one conversation after another. All begin with a copy of the same shop."""
    in_memory = _MEMORY if Path(_MEMORY).is_dir() else None
    with tempfile.TemporaryDirectory(dir=in_memory) as folder:
        founded = Founded(Path(folder) / "founded", CATALOGUE)
        numbers = itertools.count()

        def hold_one(conversation: Conversation) -> Held:
            here = Path(folder) / str(next(numbers))
            with _in_utc(), _without_log():
                played = play(conversation, founded, here, open_ear)
            shutil.rmtree(here)
            return Held(conversation, played)

        yield hold_one


@contextmanager
def _in_utc() -> Iterator[None]:
    """Weekdays and hours are the same wherever they are run."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@contextmanager
def _without_log() -> Iterator[None]:
    """What the till logs for its operator is no part of a conversation."""
    with Path(os.devnull).open("w") as nothing, redirect_stderr(nothing):
        yield


def counts(held: Sequence[Held]) -> dict[str, int]:
    """{"en": n, "pl": n, "adversarial": n, "failed": n}: how many are in each language, how many of all are
    adversarial, and how many did not come as they are written."""
    languages = [each.conversation.language for each in held]
    return {
        "en": languages.count("en"),
        "pl": languages.count("pl"),
        "adversarial": sum(each.conversation.adversarial for each in held),
        "failed": sum(bool(each.played.faults) for each in held),
    }


def transcript(held: Held) -> str:
    """As it came, for people to read."""
    conversation, played = held
    lines = [conversation.name, ""]
    for step, came in zip(conversation.steps, played.steps, strict=False):
        said = f"{step.actor}: {step.text}".removesuffix(": ")
        lines.append(said if step.heard is None else f"{said}   [heard: {step.heard or 'no sentence'}]")
        lines += [f"    {answer}" for answer in came.answers] or ["    (nothing is said)"]
    return "\n".join([*lines, "", *(f"then: {text}" for text in played.then)])


def rewritten(held: Sequence[Held]) -> dict[Path, str]:
    """The text of each file with what came in place of what was to come; a conversation that ended with an
    error is left as it is. Whoever keeps it reads the difference first."""
    texts: dict[Path, list[str]] = {}
    for conversation, played in reversed(held):  # from the end, so that line numbers stay true
        if not played.then:
            continue  # it ended with an error
        lines = texts.setdefault(
            conversation.file, conversation.file.read_text(encoding="utf-8").splitlines()
        )
        then = [f"then: {text}" for text in played.then]
        lines[conversation.then_from - 1 : conversation.then_until - 1] = then
        for step, came in reversed(list(zip(conversation.steps, played.steps, strict=False))):
            lines[step.expected_from - 1 : step.expected_until - 1] = [
                f"    state: {came.state}",
                *(f"    {answer}" for answer in came.answers),
            ]
    return {path: "\n".join(lines) + "\n" for path, lines in texts.items()}
