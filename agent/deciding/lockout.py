"""Wrong PINs and badges: five failures, then a wait that doubles with each further one. Survives as a
value."""

from __future__ import annotations

import msgspec

FREE_FAILURES = 5
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 24 * 3600


class Lockout(msgspec.Struct, frozen=True):
    """`failures` in a row, and the Unix time until which nothing is tried any more. Kept in the journal."""

    failures: int = 0
    until_s: int = 0

    def locked_for_s(self, now_s: int) -> int:
        """Seconds that are left to wait; 0 where a try is allowed. A clock that went back does not shorten
        it."""
        left = max(0, self.until_s - now_s)
        return min(left, self._wait_s()) if self.failures >= FREE_FAILURES else 0

    def failed(self, now_s: int) -> Lockout:
        """After one more wrong try at `now_s`."""
        more = Lockout(self.failures + 1)
        wait = more._wait_s() if more.failures >= FREE_FAILURES else 0
        return msgspec.structs.replace(more, until_s=now_s + wait)

    def _wait_s(self) -> int:
        doublings = min(self.failures - FREE_FAILURES, 32)
        return min(FIRST_WAIT_S << max(0, doublings), LONGEST_WAIT_S)


CLEAR = Lockout()
"""After a right one."""
