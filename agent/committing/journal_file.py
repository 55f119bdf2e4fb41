"""The file that the order journal stands in: opened, checked, brought to today's schema, and written to.

WAL with synchronous=FULL, so a write that returned is on disk. One process writes; readers may look on.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from agent.committing.journal_faults import journal_error
from agent.committing.journal_reserve import Reserve
from agent.committing.journal_steps import SCHEMA_VERSION, take_steps
from agent.plumbing.errors import JournalError

T = TypeVar("T")


class JournalFile:
    """Owns one connection; used from one thread."""

    def __init__(self, path: Path) -> None:
        """Opens or creates the journal at `path`, owner-only.

        Raises JournalError: journal_unusable (no such folder, no permission), journal_corrupt, journal_newer,
        journal_full.
        """
        self._path = path
        self._reserve = Reserve(path)
        try:
            # Before SQLite has it open: to close a descriptor of it later would drop SQLite's own locks.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            head = os.pread(descriptor, 20, 0)
            os.close(descriptor)
        except OSError as error:
            raise JournalError(
                "journal_unusable", f"cannot open {path}: {error.strerror}", "earmark doctor"
            ) from error
        # The header's write version: with one that there is not, SQLite only reads.
        self._may_be_written = len(head) < 20 or head[18] in (1, 2)
        try:
            self._db = self._opened()
        except JournalError as error:
            if error.code != "journal_full" or not self._reserve.held:
                raise
            self._reserve.give_up()  # the write-ahead log needs room even to read
            self._db = self._opened()
        else:
            self._reserve.take()

    def close(self) -> None:
        """Folds the write-ahead log back into the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def meta_get(self, key: str) -> str | None:
        """A small value that outlives the process, or None."""
        with self._errors():
            return _meta(self._db, key)

    def meta_set(self, key: str, value: str) -> None:
        """Keeps `value` under `key`. Raises JournalError as `_write`."""

        def keep(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

        self._write(keep)

    def _write(self, work: Callable[[sqlite3.Connection], T], *, promised: bool = False) -> T:
        """`work` in one transaction, on disk when this returns.

        What is `promised` (an order that is queued already) may have the reserve where the disk is full;
        anything else only while the reserve is there. Raises JournalError: journal_full, journal_read_only,
        journal_duplicate, journal_corrupt, journal_unusable, and what `work` raises.
        """
        if not promised:
            if not self._reserve.take():
                raise JournalError("journal_full", f"{self._path}: no room is left", "make room on the disk")
            return self._transaction(work)
        try:
            done = self._transaction(work)
        except JournalError as error:
            if error.code != "journal_full" or not self._reserve.held:
                raise
            self._reserve.give_up()
            done = self._transaction(work)
        if not self._reserve.held:
            with contextlib.suppress(sqlite3.Error):  # or the log would eat what the reserve has left
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return done

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                done = work(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return done

    def _opened(self) -> sqlite3.Connection:
        with self._errors():
            db = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION and int(_meta(db, "oldest_reader") or version) > SCHEMA_VERSION:
            raise JournalError(
                "journal_newer",
                f"{self._path} has schema {version}, this release knows {SCHEMA_VERSION}",
                "update Earmark",
            )
        found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        if not self._may_be_written:
            raise sqlite3.DatabaseError("the header names a file format that is only read")
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "secure_delete = ON",  # who was forgotten must not be found in a free page
        ):
            db.execute(f"PRAGMA {pragma}")
        take_steps(db, version)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise journal_error(error, self._path) from error
        except UnicodeDecodeError as error:  # of a value, or of SQLite's own words about one
            raise journal_error(sqlite3.DatabaseError(str(error)), self._path) from error


def _meta(db: sqlite3.Connection, key: str) -> str | None:
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return found[0] if found else None
