"""PINs and badges: kept so that they cannot be read back, tried so that they cannot be guessed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.committing.journal import Journal
from agent.deciding.lockout import CLEAR, FIRST_WAIT_S, FREE_FAILURES, LONGEST_WAIT_S, Lockout
from agent.plumbing.errors import TrustError
from agent.till.factors import Factors

NOW_S = 1_800_000_000


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.db")


@pytest.fixture
def factors(tmp_path: Path, journal: Journal) -> Factors:
    factors = Factors(tmp_path / "factors.json", journal)
    factors.set("p-anna", "pin", "4711")
    factors.set("p-anna", "badge", "0012345678")
    return factors


def test_a_pin_is_its_owners_alone(factors: Factors) -> None:
    assert factors.is_pin_of("p-anna", "4711", now_s=NOW_S)
    assert not factors.is_pin_of("p-anna", "4712", now_s=NOW_S)
    assert not factors.is_pin_of("p-bert", "4711", now_s=NOW_S)


def test_a_badge_names_its_owner_and_has_only_one(factors: Factors) -> None:
    assert factors.owner_of_badge("0012345678", now_s=NOW_S) == "p-anna"
    assert factors.owner_of_badge("4711", now_s=NOW_S) is None
    with pytest.raises(TrustError, match="factor_taken"):
        factors.set("p-bert", "badge", "0012345678")


def test_a_new_pin_ends_the_old_one_and_forgetting_ends_all(
    factors: Factors, tmp_path: Path, journal: Journal
) -> None:
    factors.set("p-anna", "pin", "9999")
    again = Factors(tmp_path / "factors.json", journal)
    assert not again.is_pin_of("p-anna", "4711", now_s=NOW_S)
    assert again.is_pin_of("p-anna", "9999", now_s=NOW_S)
    again.forget("p-anna")
    assert not Factors(tmp_path / "factors.json", journal).has("p-anna")


def test_the_file_is_the_owners_and_holds_no_number(factors: Factors, tmp_path: Path) -> None:
    path = tmp_path / "factors.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"4711" not in path.read_bytes()
    path.write_bytes(b"[{]")
    with pytest.raises(TrustError, match="factors_damaged"):
        Factors(path, Journal(tmp_path / "other.db"))


def test_five_failures_lock_and_the_lock_survives_a_restart(
    factors: Factors, tmp_path: Path, journal: Journal
) -> None:
    for _ in range(FREE_FAILURES):
        assert not factors.is_pin_of("p-anna", "0000", now_s=NOW_S)
    again = Factors(tmp_path / "factors.json", journal)
    with pytest.raises(TrustError, match="factor_locked"):
        again.is_pin_of("p-anna", "4711", now_s=NOW_S + FIRST_WAIT_S - 1)
    assert again.is_pin_of("p-anna", "4711", now_s=NOW_S + FIRST_WAIT_S)


def test_a_short_pin_is_refused(factors: Factors) -> None:
    with pytest.raises(TrustError, match="factor_too_short"):
        factors.set("p-bert", "pin", "123")


def test_each_further_failure_doubles_the_wait() -> None:
    lockout, waits = CLEAR, []
    for _ in range(FREE_FAILURES + 3):
        lockout = lockout.failed(NOW_S)
        waits.append(lockout.locked_for_s(NOW_S))
    assert waits == [0] * (FREE_FAILURES - 1) + [30, 60, 120, 240]


@given(st.integers(0, 200), st.integers(-(10**9), 10**9))
def test_no_wait_is_longer_than_a_day_whatever_the_clock_does(failures: int, moved_s: int) -> None:
    lockout = Lockout(failures).failed(NOW_S)
    assert 0 <= lockout.locked_for_s(NOW_S + moved_s) <= LONGEST_WAIT_S
