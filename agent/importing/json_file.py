"""A catalogue that a shop wrote as JSON."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from agent.deciding.catalogue import Path
from agent.importing.findings import Findings, line_of
from agent.importing.places import places


class _Lines:
    """Looked up only when something was found: it takes longer than reading the file."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _at(self) -> dict[Path, int]:
        return {key.path: key.line for key in places(self._text)}

    def __call__(self, path: Path) -> int:
        return line_of(path, self._at)


def read_json(text: str, findings: Findings) -> tuple[dict[str, Any], _Lines]:
    """The object in `text`, and on which lines its values stand. Where it is none there is a fault, and the
    object is empty."""
    repeated: list[str] = []
    lines = _Lines(text)

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            repeated.append("")
        return made

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        findings.fault(error.lineno, f"this is no JSON: {error.msg.lower()} (column {error.colno})")
        return {}, lines
    except RecursionError:
        findings.fault(0, "this is no catalogue: it is nested too deep to be read")
        return {}, lines
    except ValueError as error:  # a number of thousands of digits
        findings.fault(0, f"this is no JSON: {error}")
        return {}, lines
    if repeated:
        for key in places(text):
            if key.again:
                findings.fault(key.line, f"the key {key.path[-1]!r} is there twice")
    if not isinstance(value, dict):
        findings.fault(1, "the file holds no object: it has to begin with {")
        return {}, lines
    return value, lines
