"""Which error of SQLite means what to the order journal."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from agent.plumbing.errors import JournalError

_CORRUPT = ("journal_corrupt", "start the till: it mends its journal")
_CODES = {
    sqlite3.SQLITE_FULL: ("journal_full", "make room on the disk, then try again"),
    sqlite3.SQLITE_READONLY: ("journal_read_only", "mount the state folder writable"),
    sqlite3.SQLITE_CONSTRAINT: ("journal_duplicate", ""),
    # Every statement of ours is right, so what else SQLite has against one lies in the file.
    **dict.fromkeys(
        (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_TOOBIG,
            sqlite3.SQLITE_FORMAT,
            sqlite3.SQLITE_MISMATCH,
            sqlite3.SQLITE_SCHEMA,
        ),
        _CORRUPT,
    ),
}


_LEAST_ROOM_BYTES = 64 << 10
"""The shared memory beside a journal grows by half of this."""


def journal_error(error: sqlite3.Error, path: Path) -> JournalError:
    """`error` as journal_full, journal_read_only, journal_corrupt, journal_duplicate or journal_unusable."""
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if primary == sqlite3.SQLITE_IOERR and _no_room(path):
        primary = sqlite3.SQLITE_FULL
    code, next_step = _CODES.get(primary, ("journal_unusable", "earmark doctor"))
    return JournalError(code, f"{path}: {error}", next_step)


def _no_room(path: Path) -> bool:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LEAST_ROOM_BYTES
