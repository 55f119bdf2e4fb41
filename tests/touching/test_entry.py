"""Key presses, as a keypad's event device writes them, become a PIN or nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.touching.entry import LONGEST_NUMBER, NumberEntry
from agent.touching.input_events import (
    EVENT_BYTES,
    KEY_BACKSPACE,
    KEY_ENTER,
    KEY_ESC,
    KEY_KPENTER,
    EventStream,
    KeyPress,
    encode_key,
)

ROW = dict(zip("1234567890", range(2, 12), strict=True))
PAD = dict(zip("7894561230", (71, 72, 73, 75, 76, 77, 79, 80, 81, 82), strict=True))


def _entry() -> NumberEntry:
    return NumberEntry(pause_s=5.0, fewest=4)


def _numbers(codes: list[int], seconds_between: float = 0.2) -> list[str]:
    """What comes out when these keys are pressed one after another, through bytes."""
    recorded = b"".join(
        encode_key(code, 100 + seconds_between * place, value=value)
        for place, code in enumerate(codes)
        for value in (1, 0)
    )
    entry = _entry()
    return [number for press in EventStream().push(recorded) if (number := entry.push(press))]


def test_digits_of_both_key_blocks_ended_by_enter_are_a_number() -> None:
    assert _numbers([ROW["4"], ROW["0"], PAD["0"], PAD["7"], KEY_ENTER]) == ["4007"]
    assert _numbers([PAD[digit] for digit in "123456"] + [KEY_KPENTER]) == ["123456"]


def test_enter_alone_is_told_from_a_number_that_is_too_short() -> None:
    entry = _entry()
    assert entry.push(KeyPress(KEY_ENTER, 100.0)) == ""
    entry.push(KeyPress(ROW["1"], 101.0))
    assert entry.push(KeyPress(KEY_ENTER, 101.2)) is None


def test_corrections_clear_and_take_back() -> None:
    keys = [ROW["9"], KEY_BACKSPACE, *(ROW[digit] for digit in "1234"), KEY_ENTER]
    assert _numbers(keys) == ["1234"]
    keys = [ROW["9"], ROW["9"], KEY_ESC, *(ROW[digit] for digit in "1234"), KEY_ENTER]
    assert _numbers(keys) == ["1234"]


def test_a_number_left_half_typed_is_not_finished_by_the_next_person() -> None:
    entry = _entry()
    for place, digit in enumerate("12"):
        entry.push(KeyPress(ROW[digit], place * 0.2))
    for place, code in enumerate([ROW["3"], ROW["4"], KEY_ENTER]):
        assert entry.push(KeyPress(code, 60 + place * 0.2)) is None


def test_a_clock_that_goes_back_begins_anew() -> None:
    entry = _entry()
    entry.push(KeyPress(ROW["1"], 100.0))
    results = [entry.push(KeyPress(code, 10.0)) for code in (ROW["2"], ROW["3"], ROW["4"], KEY_ENTER)]
    assert results == [None] * 4


def test_too_few_and_too_many_digits_give_nothing() -> None:
    assert _numbers([ROW["1"], ROW["2"], ROW["3"], KEY_ENTER]) == []
    assert _numbers([ROW["1"]] * (LONGEST_NUMBER + 1) + [KEY_ENTER]) == []
    assert _numbers([ROW["1"]] * LONGEST_NUMBER + [KEY_ENTER]) == ["1" * LONGEST_NUMBER]


@given(st.lists(st.binary(max_size=3 * EVENT_BYTES), max_size=8))
def test_any_bytes_in_any_pieces_are_read_the_same(pieces: list[bytes]) -> None:
    stream = EventStream()
    in_pieces = [press for piece in pieces for press in stream.push(piece)]
    assert in_pieces == list(EventStream().push(b"".join(pieces)))
    entry = _entry()
    for press in in_pieces:
        number = entry.push(press)
        assert not number or (number.isdigit() and 4 <= len(number) <= LONGEST_NUMBER)
