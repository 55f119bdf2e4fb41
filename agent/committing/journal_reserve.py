"""Room on the disk that is kept for what is queued already: its attempts, its receipts, its end.

A full disk may refuse a new order, which is said aloud. It must not keep those that were promised from
leaving, for they would expire.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

SIZE_BYTES = 2 << 20
"""Some hundred attempts and receipts; the write-ahead log is folded back after each meanwhile."""


class Reserve:
    """A file beside the journal. It outlives the process, so that a device that starts on a full disk has
    it."""

    def __init__(self, journal: Path) -> None:
        self._file = journal.with_name(f"{journal.name}-reserve")

    @property
    def held(self) -> bool:
        """Whether it can be given up."""
        try:
            return self._file.stat().st_size >= SIZE_BYTES
        except OSError:
            return False

    def take(self) -> bool:
        """Takes it (back); False where there is no room for it. What else may be wrong with the folder is for
        SQLite to say."""
        if self.held:
            return True
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, SIZE_BYTES)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.give_up()  # half of it would be held from those who need it
            return error.errno not in (errno.ENOSPC, errno.EDQUOT)
        return True

    def give_up(self) -> None:
        """Its room is free for others from now on."""
        with contextlib.suppress(OSError):
            self._file.unlink()
