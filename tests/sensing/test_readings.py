"""Whatever bytes come, they are a reading that means something, or an error with a code."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.settings import Sensor
from agent.sensing.readings import LONGEST_PAYLOAD_BYTES, MOST_AHEAD_S, Reading, ReadingError, parse_reading

NOW_S = 1_795_000_000.0
HOUR_S = 3_600
BEANS = Sensor("beans", "the coffee machine", "kitchen/beans", "kg", 3.0, 0.6, 2.0, "coffee", 1.0)


def parse(payload: bytes, *, retained: bool = False) -> Reading:
    return parse_reading(payload, BEANS, now_s=NOW_S, oldest_s=HOUR_S, retained=retained)


@pytest.mark.parametrize(
    ("payload", "amount"),
    [
        (b'{"value": 0.9, "unit": "kg", "time": 1795000000}', 0.9),
        (b'{"value": 900, "unit": "g", "time": "2026-11-18T12:06:40+01:00"}', 0.9),
        (b'{"value": 1, "battery": 83, "linkquality": [1, 2]}', 1.0),
        (b'{"value": 0}', 0.0),
    ],
)
def test_a_reading_has_its_amount_in_the_sensors_unit(payload: bytes, amount: float) -> None:
    reading = parse(payload)
    assert (reading.sensor, reading.kind, reading.unit) == ("beans", "mass", "kg")
    assert reading.amount == pytest.approx(amount)
    assert NOW_S - HOUR_S <= reading.at_s <= NOW_S


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "reading_not_json"),
        (b"21.5 kg", "reading_wrong_shape"),
        (b"\xff\xfe", "reading_not_json"),
        (b'{"value": NaN}', "reading_not_json"),
        (b'{"value": Infinity}', "reading_not_json"),
        (b"[" * 4_000, "reading_wrong_shape"),
        (b"[]", "reading_wrong_shape"),
        (b"{}", "reading_wrong_shape"),
        (b'{"value": "12"}', "reading_wrong_shape"),
        (b'{"value": true}', "reading_wrong_shape"),
        (b'{"value": null}', "reading_wrong_shape"),
        (b'{"value": 1e400}', "reading_wrong_shape"),
        (b'{"value": 1, "time": "yesterday"}', "reading_wrong_shape"),
        (b'{"value": -0.1}', "reading_negative"),
        (b'{"value": 1, "unit": "l"}', "reading_wrong_unit"),
        (b'{"value": 1, "unit": "stone"}', "reading_wrong_unit"),
        (b'{"value": 1, "time": "2026-11-18T12:06:40"}', "reading_no_time"),
        (b'{"value": 1, "time": 0}', "reading_old"),
        (b'{"value": 1, "time": "1970-01-01T00:00:00Z"}', "reading_old"),
        (b'{"value": 1, "time": "0001-01-01T00:00:00+23:59"}', "reading_old"),
        (b'{"value": 1, "time": -1e308}', "reading_old"),
        (b'{"value": 1, "time": "9999-12-31T23:59:59-23:59"}', "reading_future"),
        (b'{"value": 1, "pad": "' + b"x" * 1_000_000 + b'"}', "reading_too_long"),
    ],
)
def test_what_is_no_reading_has_a_code(payload: bytes, code: str) -> None:
    with pytest.raises(ReadingError) as caught:
        parse(payload)
    assert caught.value.code == code


def test_what_the_broker_kept_needs_its_own_time() -> None:
    assert parse(b'{"value": 1}').at_s == NOW_S
    with pytest.raises(ReadingError) as caught:
        parse(b'{"value": 1}', retained=True)
    assert caught.value.code == "reading_no_time"
    assert parse(b'{"value": 1, "time": 1794999000}', retained=True).at_s == 1_794_999_000


def test_a_clock_that_is_a_little_ahead_is_taken_for_now() -> None:
    payload = json.dumps({"value": 1, "time": NOW_S + MOST_AHEAD_S}).encode()
    assert parse(payload).at_s == NOW_S
    with pytest.raises(ReadingError):
        parse(json.dumps({"value": 1, "time": NOW_S + MOST_AHEAD_S + 1}).encode())


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["value", "unit", "time", "x"]), inner),
)


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_finite_reading_of_now_or_an_error(payload: bytes) -> None:
    try:
        reading = parse(payload)
    except ReadingError as error:
        assert error.code.startswith("reading_")
    else:
        assert len(payload) <= LONGEST_PAYLOAD_BYTES
        assert math.isfinite(reading.amount) and reading.amount >= 0
        assert NOW_S - HOUR_S <= reading.at_s <= NOW_S
