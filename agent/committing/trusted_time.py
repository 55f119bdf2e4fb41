"""The time that mandates are signed with. The wall clock alone is not believed.

Time is trusted after the shop signed one, or once the kernel says that its clock is synchronised (NTP);
from there CLOCK_BOOTTIME carries it on, through suspend and through a restart of the process within the
same boot. It never goes below the last time that the shop signed.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol

import msgspec

from agent.committing import jws
from agent.committing.envelope import TIME, SignedData, claims_of, decode_data, decode_event
from agent.committing.live_trust import LiveTrust
from agent.committing.mandates import UnixSeconds
from agent.committing.trust import Trust
from agent.plumbing.errors import JournalError, TrustError

TYP = "earmark-time+jwt"
BEHIND_ALLOWED_S = 120
"""A source this far below the last time seen is taken (two clocks never agree exactly); below that it is a
replay."""
KERNEL_AHEAD_ALLOWED_S = 24 * 3600
"""A kernel clock further ahead of the shop's signed time than this was set wrong. (Less may be an old
message.)"""
SHOP_AHEAD_ALLOWED_S = 24 * 3600
"""A signed time further ahead of a clock that a time server keeps was signed by a shop whose own clock is
wrong."""
MOST_LOST = 4
"""Times that a shop says it has lost: the last ones."""
_FLOOR_EVERY_S = 60
_FLOOR, _ANCHOR = "time_floor", "time_anchor"


class ClockReading(msgspec.Struct, frozen=True):
    """One look at the machine's clocks, in seconds; `boot_id` tells boots apart ('' where it cannot be
    read)."""

    boot_s: float
    wall_s: float
    kernel_synchronised: bool
    boot_id: str


class Lost(msgspec.Struct, frozen=True):
    """A time of which a restored shop may have forgotten what it answered."""

    from_s: UnixSeconds
    until_s: UnixSeconds


class TimeClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the shop signs with its time key; `lost` where it came back from a copy."""

    iss: str
    env: str
    iat: UnixSeconds
    lost: Annotated[tuple[Lost, ...], msgspec.Meta(max_length=MOST_LOST)] = ()


class _Anchor(msgspec.Struct, frozen=True):
    """`unix_s` was the time when CLOCK_BOOTTIME stood at `boot_s`; `signed`: the shop said so, not the
    kernel."""

    boot_id: str
    boot_s: float
    unix_s: float
    signed: bool = True


class Memory(Protocol):
    """Where the floor and the anchor survive: the journal's meta table."""

    def meta_get(self, key: str) -> str | None: ...

    def meta_set(self, key: str, value: str) -> None: ...


class TrustedTime:
    """Keeps one anchor. Not thread-safe: it belongs to the process that signs."""

    def __init__(self, trust: Trust, memory: Memory, read: Callable[[], ClockReading] | None = None) -> None:
        self._trust = trust
        self._memory = memory
        self.lost: tuple[Lost, ...] = ()
        """What the shop has said last that it may have forgotten."""
        self._read = read if read is not None else read_clocks
        stored = memory.meta_get(_FLOOR) or ""
        self._floor = int(stored) if stored.isascii() and stored.isdigit() else 0
        if isinstance(trust, LiveTrust):
            trust.clock = self._now_if_known
        self._anchor = _anchor_of_this_boot(memory.meta_get(_ANCHOR), self._read())

    @property
    def trusted(self) -> bool:
        """Whether `now` would answer."""
        return self._carried(self._read()) is not None

    def _now_if_known(self) -> int | None:
        return self.now() if self.trusted else None

    def now(self) -> int:
        """Unix seconds. Raises TrustError clock_untrusted where the time was never set since boot."""
        now = self._carried(self._read())
        if now is None:
            raise TrustError(
                "clock_untrusted",
                "the time is not known: neither the shop nor a time server gave it since the device started",
                "connect the device to its broker, or set up time synchronisation; then: earmark doctor",
            )
        now = max(now, self._floor)
        if now - self._floor >= _FLOOR_EVERY_S and self._anchor is not None and self._anchor.signed:
            self._remember(now)
        return now

    def accept_event(self, payload: bytes) -> bool:
        """Takes a `dn/time` message; True where it set or advanced the time.

        Raises TrustError: envelope_malformed, time_malformed, time_other_shop, time_environment,
        time_replayed, and what `jws.verify` raises.
        """
        signed = decode_data(decode_event(payload, TIME), SignedData).signed
        claims = claims_of(jws.verify(signed, self._trust.keys.time, typ=TYP), TimeClaims, "time_malformed")
        if claims.iss != self._trust.shop_id:
            raise TrustError("time_other_shop", f"signed by {claims.iss!r}")
        if claims.env != self._trust.environment:
            raise TrustError(
                "time_environment", f"signed for {claims.env!r}, not {self._trust.environment!r}"
            )
        taken = self.accept(claims.iat)
        self.lost = claims.lost
        return taken

    def accept(self, unix_s: int) -> bool:
        """Takes a time that a verified signature of the shop carries. Raises TrustError: time_replayed,
        time_far_ahead (of a clock that the kernel has synchronised: the floor would never come back from
        there)."""
        if unix_s < self._floor - BEHIND_ALLOWED_S:
            raise TrustError("time_replayed", f"{self._floor - unix_s} s before the last time seen")
        reading = self._read()
        carried = self._carried(reading)
        kept = self._kept_by_a_time_server(reading, carried)
        if kept is not None and unix_s - kept > SHOP_AHEAD_ALLOWED_S:
            raise TrustError(
                "time_far_ahead",
                f"the shop signed a time {int(unix_s - kept)} s ahead of this device's synchronised clock",
                "compare the clocks of shop and device with a third",
            )
        misled = self._anchor is not None and not self._anchor.signed
        misled = misled and carried is not None and carried - unix_s > KERNEL_AHEAD_ALLOWED_S
        if carried is not None and unix_s <= carried and not misled:
            if unix_s - self._floor >= _FLOOR_EVERY_S:
                self._remember(unix_s)
            return False
        self._set(max(unix_s, self._floor), reading, signed=True)
        return True

    def _kept_by_a_time_server(self, reading: ClockReading, carried: int | None) -> float | None:
        """What the kernel says now, where it is synchronised; else what it said when it was, carried on."""
        if reading.kernel_synchronised and reading.wall_s >= self._floor - BEHIND_ALLOWED_S:
            return reading.wall_s
        return carried if self._anchor is not None and not self._anchor.signed else None

    def _carried(self, reading: ClockReading) -> int | None:
        if self._anchor is None:
            believable = reading.kernel_synchronised and reading.wall_s >= self._floor - BEHIND_ALLOWED_S
            if not believable:
                return None
            self._set(reading.wall_s, reading, signed=False)
        assert self._anchor is not None  # noqa: S101
        return int(self._anchor.unix_s + reading.boot_s - self._anchor.boot_s)

    def _set(self, unix_s: float, reading: ClockReading, *, signed: bool) -> None:
        self._anchor = _Anchor(reading.boot_id, reading.boot_s, unix_s, signed)
        with contextlib.suppress(JournalError):  # a full disk must not stop the clock; queueing will say so
            self._memory.meta_set(_ANCHOR, msgspec.json.encode(self._anchor).decode())
        if signed:  # a time server that once was wrong must not lock the shop's own time out for good
            self._remember(int(unix_s))

    def _remember(self, unix_s: int) -> None:
        self._floor = max(self._floor, unix_s)
        with contextlib.suppress(JournalError):
            self._memory.meta_set(_FLOOR, str(self._floor))


def _anchor_of_this_boot(stored: str | None, reading: ClockReading) -> _Anchor | None:
    if not stored or not reading.boot_id:
        return None
    try:
        anchor = msgspec.json.decode(stored, type=_Anchor)
    except msgspec.DecodeError:
        return None
    same_boot = anchor.boot_id == reading.boot_id and anchor.boot_s <= reading.boot_s
    return anchor if same_boot else None


def read_clocks() -> ClockReading:
    """The machine's clocks now."""
    return ClockReading(
        boot_s=time.clock_gettime(time.CLOCK_BOOTTIME),
        wall_s=time.time(),
        kernel_synchronised=kernel_synchronised(),
        boot_id=_boot_id(),
    )


@functools.cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # under systemd it is not to be seen; the unit tells it
        return os.environ.get("EARMARK_BOOT_ID", "")


def kernel_synchronised() -> bool:
    """Whether a time server disciplines the kernel's clock (adjtimex(2) without STA_UNSYNC).

    False where the system call is not allowed.
    """
    timex = ctypes.create_string_buffer(512)  # larger than struct timex anywhere; modes = 0 only reads
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    except (OSError, AttributeError):
        return False
    word = ctypes.sizeof(ctypes.c_long)
    status_at = 5 * word  # modes (padded), offset, freq, maxerror, esterror, status
    status = int.from_bytes(timex.raw[status_at : status_at + 4], "little", signed=True)
    return state not in (-1, _TIME_ERROR) and not status & _STA_UNSYNC


_TIME_ERROR = 5
_STA_UNSYNC = 0x40
