"""The operator's log: one logfmt line per event on stderr, from a closed list of fields.

    2026-11-23T14:13:02.123Z voice ipc_frame_invalid peer=till dropped=3

A field that is not on the list is left out, and the list has none for what was said or who somebody is. A
value cannot start a line of its own, because it is escaped.
"""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections import Counter

    from typing_extensions import Unpack

    from agent.plumbing.errors import EarmarkError

LONGEST_VALUE = 400  # characters; a longer value is cut, so a hostile peer cannot fill the disk with one line


def is_news(count: int, *, first: int = 1) -> bool:
    """Whether what has happened `count` times, from 1 on, is worth a line: the `first` times, then at
    powers of two. A flood must not fill the log."""
    return count <= first or count & (count - 1) == 0


class Fields(TypedDict, total=False):
    """Every field that may be logged. Add one only if its values hold nothing that a person said or is."""

    attempt: int
    backoff_seconds: float
    bytes: int
    catalogue_version: int
    count: int
    detail: str  # `EarmarkError.detail` and the like, written by us
    dropped: int
    exit_code: int
    gap_per_token: float
    grammar_id: str
    host: str
    intent_id: str
    landlock_abi: int
    latency_ms: float
    next_step: str
    peer: str
    pid: int
    port: int
    profile: str
    reason: str  # an error code
    seconds: float
    sensor: str  # its id in the settings
    signal: int
    snr_db: float | None
    speech_ms: int
    state: str
    topic: str
    uid: int
    version: str
    wake_score: float


_ALLOWED = frozenset(Fields.__annotations__)
_process = "earmark"


def set_process(name: str) -> None:
    """Names this process ('voice', 'till', ...) in every line that follows."""
    global _process
    _process = name


def log(code: str, /, **fields: Unpack[Fields]) -> None:
    """Writes one line. `code` is stable and machine-readable, as in `agent.plumbing.errors`.

    Never raises: a full disk or a closed stderr must not stop an order.
    """
    line = format_line(datetime.now(UTC), _process, code, dict(fields)) + "\n"
    with contextlib.suppress(OSError, ValueError):
        # one write per line, so that lines of several processes on one pipe do not mix
        os.write(sys.stderr.fileno() if sys.stderr is not None else 2, line.encode("utf-8", "replace"))


def refused(counts: Counter[str], error: EarmarkError) -> None:
    """Counts what was not taken, by its code; the first of each are logged, and then fewer and fewer."""
    counts[error.code] += 1
    if is_news(counts[error.code], first=8):
        log(error.code, detail=error.detail, count=counts[error.code])


def format_line(now: datetime, process: str, code: str, fields: dict[str, object]) -> str:
    """The line that `log` writes, without its newline; of a field off the list only the name is given."""
    stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    words = [stamp, _escape(process), _escape(code)]
    words += [f"{name}={_escape(value)}" for name, value in fields.items() if name in _ALLOWED]
    if refused := [name for name in fields if name not in _ALLOWED]:
        words.append(f"refused_fields={_escape(','.join(refused))}")
    return " ".join(words)


def _escape(value: object) -> str:
    """`value` as one printable word: quoted where it holds a space, quote, '=' or anything unprintable."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    if len(text) > LONGEST_VALUE:
        text = text[: LONGEST_VALUE - 1] + "…"
    if text and text.isprintable() and not set(text) & set(' "=\\'):
        return text
    return '"' + "".join(_escape_character(c) for c in text) + '"'


def _escape_character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}"
