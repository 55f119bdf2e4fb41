"""A phone approves exactly one basket: nothing else, nobody else's, not later and not twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.basket import Basket, Line
from agent.deciding.money import Money
from agent.deciding.ocra import ocra
from agent.deciding.phone import (
    EARLY_ALLOWED_S,
    LIFETIME_S,
    Approval,
    Asked,
    approval,
    approval_fault,
    asked,
    code,
    minute_of_code,
)

NOW_S = 1_795_000_020  # in the middle of a minute
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
TWENTY = b"12345678901234567890"
JTI = "7f3d0f4e-8a52-4a57-9f0e-0c4a9d6e1b11"


def _numeric(question: str) -> bytes:
    """QN: the number in hexadecimal, filled up on the right (RFC 6287, appendix A)."""
    digits = f"{int(question):x}"
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


# RFC 6287, appendix C.
ONE_WAY = ["237653", "243178", "653583", "740991", "608993", "388898", "816933", "224598", "750600", "294470"]
BY_MINUTE = ["95209754", "55907591", "22048402", "24218844", "36209546"]
SIGNATURES = ["53095496", "04110475", "31331128", "76028668", "46554205"]
SIGNATURES_BY_MINUTE = ["77537423", "31970405", "10235557", "95213541", "65360607"]


@pytest.mark.parametrize(
    ("suite", "key", "questions", "codes"),
    [
        ("OCRA-1:HOTP-SHA1-6:QN08", TWENTY, [_numeric(str(n) * 8) for n in range(10)], ONE_WAY),
        ("OCRA-1:HOTP-SHA512-8:QN08-T1M", TWENTY * 4, [_numeric(str(n) * 8) for n in range(5)], BY_MINUTE),
        ("OCRA-1:HOTP-SHA256-8:QA08", TWENTY * 2, [b"SIG1%d000" % n for n in range(5)], SIGNATURES),
        (
            "OCRA-1:HOTP-SHA512-8:QA10-T1M",
            TWENTY * 4,
            [b"SIG1%d00000" % n for n in range(5)],
            SIGNATURES_BY_MINUTE,
        ),
    ],
)
def test_codes_are_those_of_the_standard(
    suite: str, key: bytes, questions: list[bytes], codes: list[str]
) -> None:
    lengths = {"SHA1": 20, "SHA256": 32, "SHA512": 64}
    length = lengths[suite.split("-")[2]]
    assert [ocra(suite, key[:length], question, 0x132D0B6) for question in questions] == codes


@pytest.mark.parametrize(
    "suite", ["OCRA-1:HOTP-SHA256-8:C-QN08", "OCRA-1:HOTP-MD5-8:QN08", "OCRA-1:HOTP-SHA1-3:QN08"]
)
def test_a_suite_with_other_parts_is_no_suite(suite: str) -> None:
    with pytest.raises(ValueError, match="no such suite"):
        ocra(suite, KEY, b"")


def _basket(*lines: tuple[str, int, int], version: int = 1) -> Basket:
    return Basket(
        tuple(Line(sku, sku, (), sku, many, "box", Money(price, "PLN")) for sku, many, price in lines),
        version,
    )


OF = asked("device-1", "p-anna", _basket(("tea", 2, 500), ("coffee?roast=dark", 1, 1900)))
OTHERS = [
    asked("device-2", "p-anna", _basket(("tea", 2, 500), ("coffee?roast=dark", 1, 1900))),
    asked("device-1", "p-bert", _basket(("tea", 2, 500), ("coffee?roast=dark", 1, 1900))),
    asked("device-1", "p-anna", _basket(("tea", 1, 500), ("coffee?roast=dark", 1, 1900))),
    asked("device-1", "p-anna", _basket(("tea", 2, 501), ("coffee?roast=dark", 1, 1900))),
    asked("device-1", "p-anna", _basket(("tea", 2, 500), ("coffee?roast=light", 1, 1900))),
    asked("device-1", "p-anna", _basket(("tea", 1, 1000), ("coffee?roast=dark", 1, 1900))),
    asked("device-1", "p-anna", _basket(("tea", 2, 500), ("coffee?roast=dark", 1, 1900), version=2)),
    asked("device-1", "p-anna", _basket(("tea", 2, 500), ("coffee?roast=dark", 1, 1900)), "f" * 32),
]
"""One thing differs in each; the sixth has the same total, the last is the same basket, asked about again."""


def test_the_order_in_which_things_were_said_makes_no_other_basket() -> None:
    assert asked("device-1", "p-anna", _basket(("coffee?roast=dark", 1, 1900), ("tea", 2, 500))) == OF


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_given_for_one_basket_is_nothing_to_another(other: Asked) -> None:
    typed = code(KEY, OF, now_s=NOW_S)
    assert minute_of_code(typed, KEY, OF, now_s=NOW_S, last_minute=0) == NOW_S // 60
    assert minute_of_code(typed, KEY, other, now_s=NOW_S, last_minute=0) is None
    assert minute_of_code(typed, OTHER_KEY, OF, now_s=NOW_S, last_minute=0) is None
    signed = approval(OF, "approve", jti=JTI, now_s=NOW_S)
    assert approval_fault(signed, OF, now_s=NOW_S, taken=()) == ""
    assert approval_fault(signed, other, now_s=NOW_S, taken=()).startswith("approval_other_")


@given(st.integers(-300, 300))
def test_a_code_is_taken_in_its_minute_and_in_those_beside_it(later_s: int) -> None:
    typed = code(KEY, OF, now_s=NOW_S)
    minutes = abs((NOW_S + later_s) // 60 - NOW_S // 60)
    found = minute_of_code(typed, KEY, OF, now_s=NOW_S + later_s, last_minute=0)
    assert (found is not None) == (minutes <= 1)


def test_a_code_is_taken_once_and_none_after_a_later_one() -> None:
    before, typed = code(KEY, OF, now_s=NOW_S - 60), code(KEY, OF, now_s=NOW_S)
    minute = minute_of_code(typed, KEY, OF, now_s=NOW_S, last_minute=0)
    assert minute is not None
    assert minute_of_code(typed, KEY, OF, now_s=NOW_S, last_minute=minute) is None
    assert minute_of_code(before, KEY, OF, now_s=NOW_S, last_minute=minute) is None
    after = code(KEY, OF, now_s=NOW_S + 60)
    assert minute_of_code(after, KEY, OF, now_s=NOW_S, last_minute=minute) == minute + 1


@given(st.text(max_size=12))
def test_no_other_text_is_a_code(typed: str) -> None:
    codes = {code(KEY, OF, now_s=NOW_S + 60 * minute) for minute in (-1, 0, 1)}
    assert (minute_of_code(typed, KEY, OF, now_s=NOW_S, last_minute=0) is not None) == (typed in codes)


def test_an_approval_holds_for_some_minutes_and_once() -> None:
    signed = approval(OF, "approve", jti=JTI, now_s=NOW_S)
    for later_s, taken, fault in (
        (LIFETIME_S, (), ""),
        (LIFETIME_S + 1, (), "approval_over"),
        (-EARLY_ALLOWED_S, (), ""),
        (-EARLY_ALLOWED_S - 1, (), "approval_early"),
        (0, {JTI}, "approval_again"),
        (0, {"another"}, ""),
    ):
        assert approval_fault(signed, OF, now_s=NOW_S + later_s, taken=taken) == fault
    long = msgspec.structs.replace(signed, exp=NOW_S + 10**9)
    assert approval_fault(long, OF, now_s=NOW_S + LIFETIME_S + 1, taken=()) == "approval_over"
    short = msgspec.structs.replace(signed, exp=NOW_S + 10)
    assert approval_fault(short, OF, now_s=NOW_S + 11, taken=()) == "approval_over"


def test_the_total_that_was_shown_counts_beside_the_digest() -> None:
    signed = approval(OF, "approve", jti=JTI, now_s=NOW_S)
    for changed in ({"total_minor": 1}, {"currency": "EUR"}):
        other: Approval = msgspec.structs.replace(signed, **changed)  # type: ignore[arg-type]
        assert approval_fault(other, OF, now_s=NOW_S, taken=()) == "approval_other_basket"
