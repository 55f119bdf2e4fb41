"""Wrong PINs and badges: five failures, then a wait that doubles with each further one. Survives as a
value."""

from __future__ import annotations

import math

import msgspec

FREE_FAILURES = 5
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 24 * 3600
FORGIVEN_AFTER_S = 600


class Lockout(msgspec.Struct, frozen=True):
    """`failures` in a row; `failed_boot_s` is CLOCK_BOOTTIME at the last of them, which nobody can set. Kept
    in the journal, where an earlier release looks for `until_s`, the Unix time of the end; None: it wrote
    this."""

    failures: int = 0
    until_s: int = 0
    failed_boot_s: float | None = None

    def locked_for_s(self, now_s: int, boot_s: float) -> int:
        """Seconds that are left to wait; 0 where a try is allowed. No clock that is set shortens it, and a
        restart of the machine only makes it longer: what was waited before that does not count."""
        if self.failures < FREE_FAILURES:
            return 0
        wait = self._wait_s()
        if self.failed_boot_s is None:
            return min(max(0, self.until_s - now_s), wait)
        return max(0, math.ceil(wait - _since(self.failed_boot_s, boot_s)))

    def failed(self, now_s: int, boot_s: float) -> Lockout:
        """After one more wrong try."""
        more = Lockout(self.failures + 1, failed_boot_s=boot_s)
        wait = more._wait_s() if more.failures >= FREE_FAILURES else 0
        return msgspec.structs.replace(more, until_s=now_s + wait)

    def forgiven(self, boot_s: float) -> Lockout:
        """After a right one, where a right one costs nothing: wrong ones count for `FORGIVEN_AFTER_S`. Else
        whoever has one could guess on without end, with a right one in between."""
        if self.failed_boot_s is None:
            return CLEAR
        return self if _since(self.failed_boot_s, boot_s) < FORGIVEN_AFTER_S else CLEAR

    def _wait_s(self) -> int:
        doublings = min(self.failures - FREE_FAILURES, 32)
        return min(FIRST_WAIT_S << max(0, doublings), LONGEST_WAIT_S)


CLEAR = Lockout()
"""No failures."""


def _since(failed_boot_s: float, boot_s: float) -> float:
    # A boot clock that stands lower than it did is that of another boot, and began at zero.
    return boot_s - failed_boot_s if boot_s >= failed_boot_s else boot_s
