"""Whether a value has the shape of a type: every fault in it, where a decoder stops at the first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from agent.deciding.catalogue import Path
from agent.deciding.details import Date, Hazard, Sha256
from agent.deciding.money import Currency
from agent.deciding.products import Identifier, Language

_NAMES = {
    _pattern: said
    for kind, said in (
        (Identifier, "an identifier: lower case a-z, 0-9, _ and -, at most 64"),
        (Language, "a language of two letters, like en"),
        (Currency, "a currency of three capitals, like PLN"),
        (Hazard, "a GHS pictogram, GHS01 to GHS09"),
        (Date, "a day, like 2026-12-31"),
        (Sha256, "a SHA-256"),
    )
    for _pattern in (get_args(kind)[1].pattern,)
}
_AT = re.compile(r" - at `[^`]*`$")
_MATCHING = re.compile(r"Expected `str` matching regex '(.*)'")


class Misshapen(NamedTuple):
    """At `path` something is wrong."""

    path: Path
    text: str


def misshapen(value: object, kind: Any, path: Path = ()) -> Iterator[Misshapen]:
    """What keeps `value`, as JSON gives it, from being a `kind` (a type that msgspec knows). Keys that a
    Struct does not have are faults in any."""
    origin = get_origin(kind)
    if _is_struct(kind):
        if isinstance(value, dict):
            yield from _struct(value, kind, path)
            return
    elif origin is tuple and isinstance(value, list):
        for at, part in enumerate(value):
            yield from misshapen(part, get_args(kind)[0], (*path, at))
        return
    elif origin is dict and isinstance(value, dict):
        of_key, of_value = get_args(kind)
        for key, part in value.items():
            yield from misshapen(key, of_key, (*path, key))
            yield from misshapen(part, of_value, (*path, key))
        return
    elif len(inner := [one for one in get_args(kind) if _is_struct(one)]) == 1 and isinstance(value, dict):
        yield from misshapen(value, inner[0], path)
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        yield Misshapen(path, _said(str(error), value))


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _struct(value: Mapping[str, object], kind: type[msgspec.Struct], path: Path) -> Iterator[Misshapen]:
    hints = _hints(kind)
    for field in msgspec.structs.fields(kind):
        if field.encode_name in value:
            yield from misshapen(value[field.encode_name], hints[field.name], (*path, field.encode_name))
        elif field.required:
            yield Misshapen(path, f"{field.encode_name!r} is missing")
    for key in value.keys() - hints.keys():
        near = difflib.get_close_matches(key, hints, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        yield Misshapen((*path, key), f"there is no key {_short(key)}{meant}")


def _said(message: str, value: object) -> str:
    """msgspec's message without the path, which the line stands for, and with the value."""
    message = _AT.sub("", message)
    if matching := _MATCHING.fullmatch(message):
        message = f"Expected {_NAMES.get(matching[1], matching[1])}"
    text = message[0].lower() + message[1:]
    if isinstance(value, str | int | float):
        text += f", this is {_short(value)}"
    return text


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
