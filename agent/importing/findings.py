"""What is found in a shop's file, all of it, each with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from agent.deciding.catalogue import Path

Line = Callable[[Path], int]
"""On which line of the file a value stands; 0 where that cannot be said."""


def line_of(path: Path, lines: Mapping[Path, int]) -> int:
    """That of the nearest whole around `path` whose line is known, or 0."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


class Found(NamedTuple):
    """A fault, or, where it is none that keeps the catalogue from being sold from, a warning."""

    line: int
    text: str
    warning: bool = False

    def shown(self, name: str) -> str:
        """As compilers write it: "FILE:LINE: text"."""
        where = f"{name}:{self.line}" if self.line else name
        return f"{where}: {'warning: ' if self.warning else ''}{self.text}"


class Findings:
    """Collected while a file is read."""

    def __init__(self) -> None:
        self._all: dict[Found, None] = {}

    def fault(self, line: int, text: str) -> None:
        self._all[Found(line, text)] = None

    def warning(self, line: int, text: str) -> None:
        self._all[Found(line, text, True)] = None

    @property
    def faults(self) -> tuple[Found, ...]:
        """In the order of their lines."""
        return self._sorted(found for found in self._all if not found.warning)

    @property
    def warnings(self) -> tuple[Found, ...]:
        """In the order of their lines."""
        return self._sorted(found for found in self._all if found.warning)

    @staticmethod
    def _sorted(found: Iterable[Found]) -> tuple[Found, ...]:
        return tuple(sorted(found, key=lambda one: one.line))
