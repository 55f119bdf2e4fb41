"""From the bytes of a site's bus to typed readings: quantity, unit, time. What is no reading has a code."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Literal, NamedTuple, cast, get_args

import msgspec

from agent.plumbing.errors import EarmarkError
from agent.plumbing.setting_values import Unit
from agent.plumbing.settings import Sensor

LONGEST_PAYLOAD_BYTES = 4_096
"""A reading needs a hundred; whatever else a gateway adds fits."""

MOST_AHEAD_S = 120
"""A reading may come from a clock that is this far ahead of ours."""

Kind = Literal["level", "mass", "volume", "count"]

_UNITS: dict[Unit, tuple[Kind, float]] = {
    "percent": ("level", 0.01),
    "g": ("mass", 0.001),
    "kg": ("mass", 1.0),
    "ml": ("volume", 0.001),
    "l": ("volume", 1.0),
    "piece": ("count", 1.0),
}
"""Of each unit: what it measures, and how much of that quantity's first unit it is."""


class Reading(NamedTuple):
    """One value of one sensor. `amount` is in `unit`, the sensor's own; `at_s` is Unix seconds."""

    sensor: str
    kind: Kind
    amount: float
    unit: Unit
    at_s: float


class ReadingError(EarmarkError):
    """A message of the bus that is no reading of this sensor."""


class _Payload(msgspec.Struct, frozen=True):
    """Keys that are not listed are a gateway's own business."""

    value: float
    unit: str = ""
    time: datetime | float | None = None


_decoder = msgspec.json.Decoder(_Payload)


def parse_reading(
    payload: bytes, sensor: Sensor, *, now_s: float, oldest_s: float, retained: bool = False
) -> Reading:
    """The reading in JSON such as {"value": 0.9, "unit": "kg", "time": "2026-11-23T15:32:00Z"}.

    `unit` may be any of the sensor's kind of quantity; without it the value is in the sensor's own. `time`
    is RFC 3339 with a zone, or Unix seconds; without it the reading is of now, unless the broker `retained`
    it. Raises ReadingError: reading_too_long, reading_not_json, reading_wrong_shape, reading_not_a_number,
    reading_negative, reading_wrong_unit, reading_no_time, reading_old, reading_future.
    """
    if len(payload) > LONGEST_PAYLOAD_BYTES:
        raise ReadingError("reading_too_long", f"{len(payload)} bytes")
    try:
        found = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        code = "reading_wrong_shape" if isinstance(error, msgspec.ValidationError) else "reading_not_json"
        raise ReadingError(code, "no JSON object with a number as value") from error
    amount = found.value * _factor(found.unit or sensor.unit, sensor)
    if not math.isfinite(amount):
        raise ReadingError("reading_not_a_number", "the value is not finite")
    if amount < 0:
        raise ReadingError("reading_negative", "the value is below zero")
    at_s = _time(found.time, now_s, retained=retained)
    if at_s > now_s + MOST_AHEAD_S:
        raise ReadingError("reading_future", f"{at_s - now_s:.3g} s ahead of this device's clock")
    if at_s < now_s - oldest_s:
        raise ReadingError("reading_old", f"{now_s - at_s:.3g} s old")
    return Reading(sensor.id, _UNITS[sensor.unit][0], amount, sensor.unit, min(at_s, now_s))


def _factor(unit: str, sensor: Sensor) -> float:
    kind, size = _UNITS[sensor.unit]
    if unit not in get_args(Unit) or _UNITS[cast(Unit, unit)][0] != kind:
        raise ReadingError("reading_wrong_unit", f"not a unit of {kind}")
    return _UNITS[cast(Unit, unit)][1] / size


def _time(given: datetime | float | None, now_s: float, *, retained: bool) -> float:
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise ReadingError("reading_no_time", "the time names no zone")
        return given.timestamp()
    if given is None:
        if retained:
            raise ReadingError("reading_no_time", "kept by the broker for nobody knows how long")
        return now_s
    return given
