"""PINs and badges: kept so that they cannot be read back, tried so that they cannot be guessed."""

from __future__ import annotations

import base64
import hashlib
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.committing.journal import Journal
from agent.deciding.lockout import CLEAR, FIRST_WAIT_S, FREE_FAILURES, LONGEST_WAIT_S, Lockout
from agent.plumbing.errors import TrustError
from agent.till import factors as kept
from agent.till.factors import COST, Factors

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


def test_a_number_is_slow_to_try(tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert COST == 2**14, "or nobody's PIN is known any more"
    monkeypatch.setattr(kept, "COST", COST)
    Factors(tmp_path / "factors.json", journal).set("p-anna", "pin", "4711")
    [secret] = msgspec.json.decode((tmp_path / "factors.json").read_bytes())
    salt, hashed = (base64.b64decode(secret[name]) for name in ("salt", "hash"))
    assert hashed == hashlib.scrypt(b"4711", salt=salt, n=2**14, r=8, p=1, dklen=32)


def test_a_pin_is_its_owners_alone(factors: Factors) -> None:
    assert factors.fits_pin("p-anna", "4711")
    assert not factors.fits_pin("p-anna", "4712")
    assert not factors.fits_pin("p-bert", "4711")


def test_a_badge_names_its_owner_and_has_only_one(factors: Factors) -> None:
    assert factors.badge_owner("0012345678") == "p-anna"
    assert factors.badge_owner("4711") is None
    with pytest.raises(TrustError, match="factor_taken"):
        factors.set("p-bert", "badge", "0012345678")


def test_a_new_pin_ends_the_old_one_and_forgetting_ends_all(
    factors: Factors, tmp_path: Path, journal: Journal
) -> None:
    factors.set("p-anna", "pin", "9999")
    again = Factors(tmp_path / "factors.json", journal)
    assert not again.fits_pin("p-anna", "4711")
    assert again.fits_pin("p-anna", "9999")
    again.forget("p-anna")
    assert not Factors(tmp_path / "factors.json", journal).has("p-anna")


def test_the_file_is_the_owners_and_holds_no_number(factors: Factors, tmp_path: Path) -> None:
    path = tmp_path / "factors.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"4711" not in path.read_bytes()
    path.write_bytes(b"[{]")
    with pytest.raises(TrustError, match="factors_damaged"):
        Factors(path, Journal(tmp_path / "other.db"))


class BootClock:
    """CLOCK_BOOTTIME as a test sets it."""

    def __init__(self) -> None:
        self.now_s = 5_000.0

    def __call__(self) -> float:
        return self.now_s


def _locked(tmp_path: Path, journal: Journal, boot: BootClock) -> Factors:
    factors = Factors(tmp_path / "factors.json", journal, boot)
    factors.set("p-anna", "pin", "4711")
    for _ in range(FREE_FAILURES):
        assert factors.tried(lambda: None, now_s=NOW_S) is None
    return Factors(tmp_path / "factors.json", journal, boot)  # as after a restart


def _is_locked(factors: Factors, now_s: int = NOW_S) -> bool:
    try:
        return not factors.tried(lambda: factors.fits_pin("p-anna", "4711"), now_s=now_s)
    except TrustError as error:
        return error.code == "factor_locked"


def test_five_failures_lock_and_the_lock_survives_a_restart(tmp_path: Path, journal: Journal) -> None:
    boot = BootClock()
    factors = _locked(tmp_path, journal, boot)
    boot.now_s += FIRST_WAIT_S - 1
    assert _is_locked(factors)
    boot.now_s += 1
    assert not _is_locked(factors)


def test_no_wall_clock_ends_a_lockout_or_keeps_it(tmp_path: Path, journal: Journal) -> None:
    """It may jump ahead while the time is not trusted, or be set a year back."""
    boot = BootClock()
    factors = _locked(tmp_path, journal, boot)
    year_s = 365 * 24 * 3600
    assert _is_locked(factors, NOW_S + year_s)
    boot.now_s += FIRST_WAIT_S
    assert not _is_locked(factors, NOW_S - year_s)


def test_whoever_restarts_the_machine_waits_from_the_start(tmp_path: Path, journal: Journal) -> None:
    boot = BootClock()
    factors = _locked(tmp_path, journal, boot)
    boot.now_s = FIRST_WAIT_S - 1.0
    assert _is_locked(factors, NOW_S + 3600)
    boot.now_s = FIRST_WAIT_S
    assert not _is_locked(factors)


def test_a_lockout_of_the_release_before_holds_and_it_reads_those_of_today(
    tmp_path: Path, journal: Journal
) -> None:
    boot = BootClock()
    factors = _locked(tmp_path, journal, boot)
    kept = msgspec.json.decode(journal.meta_get("factor_lockout") or "")
    assert kept["until_s"] == NOW_S + FIRST_WAIT_S, "what it looks for"
    until_s = NOW_S + FIRST_WAIT_S
    journal.meta_set("factor_lockout", f'{{"failures": {FREE_FAILURES}, "until_s": {until_s}}}')
    assert _is_locked(factors, until_s - 1)
    assert not _is_locked(factors, until_s)


def test_a_short_pin_is_refused(factors: Factors) -> None:
    with pytest.raises(TrustError, match="factor_too_short"):
        factors.set("p-bert", "pin", "123")


def test_each_further_failure_doubles_the_wait() -> None:
    lockout, waits = CLEAR, []
    for _ in range(FREE_FAILURES + 3):
        lockout = lockout.failed(NOW_S, 7.0)
        waits.append(lockout.locked_for_s(NOW_S, 7.0))
    assert waits == [0] * (FREE_FAILURES - 1) + [30, 60, 120, 240]


_TIMES = st.one_of(
    st.tuples(st.just("passes"), st.integers(0, 2 * LONGEST_WAIT_S)),
    st.tuples(st.just("passes"), st.integers(0, 90)),
    st.tuples(st.just("is off for"), st.integers(0, 90)),
    st.tuples(st.just("is set by"), st.integers(-(10**9), 10**9)),
)


@given(st.integers(FREE_FAILURES, 200), st.integers(0, 10**6), st.lists(_TIMES, max_size=8))
def test_a_try_is_allowed_once_the_wait_is_over_and_never_before(
    failures: int, boot_s: int, times: list[tuple[str, int]]
) -> None:
    wall_s, true_s, on_s, failed_s = NOW_S, 0, 0, boot_s
    lockout = Lockout(failures - 1).failed(wall_s, boot_s)
    wait_s = lockout.locked_for_s(wall_s, boot_s)
    assert FIRST_WAIT_S <= wait_s <= LONGEST_WAIT_S
    for what, seconds in times:
        if what == "is set by":
            wall_s += seconds
            continue
        true_s, wall_s = true_s + seconds, wall_s + seconds
        on_s, boot_s = (on_s + seconds, boot_s + seconds) if what == "passes" else (0, 0)
    left_s = lockout.locked_for_s(wall_s, boot_s)
    assert left_s or true_s >= wait_s, "ended early"
    # A clock that has run past the failure since a restart looks like one that never stood still.
    assert not left_s or on_s < wait_s + (failed_s if boot_s == on_s else 0), "it was on for long enough"
    assert left_s <= LONGEST_WAIT_S
