"""On which line of a JSON text each value stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.deciding.catalogue import Path

_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|\n|[^\s"{}\[\]:,]+', re.DOTALL)


class Key(NamedTuple):
    """A value found: the path to it, its line, and whether that path had one before."""

    path: Path
    line: int
    again: bool


def places(text: str) -> Iterator[Key]:
    """Every value in `text`, which is valid JSON, in the order in which they begin. Depth costs no stack."""
    line, stack, seen = 1, list[_Open](), list[set[str]]()
    for found in _SIGN.finditer(text):
        sign = found[0]
        if sign == "\n":
            line += 1
        elif sign == ",":
            stack[-1].next()
        elif sign == ":":
            stack[-1].named = True
        elif sign in "}]":
            stack.pop()
            if sign == "}":
                seen.pop()
        elif stack and stack[-1].is_object and not stack[-1].named:
            stack[-1].key = str(json.loads(sign))
        else:
            path = tuple(one.key for one in stack)
            again = False
            if stack and stack[-1].is_object:
                key = str(stack[-1].key)
                again = key in seen[-1]
                seen[-1].add(key)
            yield Key(path, line, again)
            if sign in "{[":
                stack.append(_Open(sign == "{"))
                if sign == "{":
                    seen.append(set())


class _Open:
    """An object or array that has begun, and where in it we are."""

    def __init__(self, is_object: bool) -> None:
        self.is_object, self.named = is_object, False
        self.key: str | int = "" if is_object else 0

    def next(self) -> None:
        self.named = False
        if isinstance(self.key, int):
            self.key += 1
