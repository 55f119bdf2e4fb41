"""One connection to the shop's database, SQLite or PostgreSQL: the same statements and the same transactions.

On both, what is committed is on disk, and each statement outside `transaction` is a transaction of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    CursorResult,
    Engine,
    Executable,
    MetaData,
    NullPool,
    bindparam,
    create_engine,
    func,
    insert,
    literal_column,
    make_url,
    select,
)
from sqlalchemy import event as events
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.schema import Table

from agent.plumbing.terminal import plain

DatabaseError = SQLAlchemyError
"""Whatever goes wrong with the database."""
RowRefused = (IntegrityError, DataError)
"""What was to be written is at fault, not the database: it would fail each time."""
Rows = CursorResult[*tuple[Any, ...]]
Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
BUSY_TIMEOUT_S = 10
ROWS_AT_A_TIME = 500

_SQLITE = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # an owner's address, once removed, is gone
)
_POSTGRESQL = (
    # Whatever the server's own settings say; 'local' and up are on disk at commit already.
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'",
    f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'",
    "SET idle_in_transaction_session_timeout = '60s'",
)
_ALONE = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))


class Database:
    """`where` is SQLite's file, or the URL of a PostgreSQL database. Connects when it is first used, and anew
    after the connection was lost. For one thread; several processes may each have their own."""

    def __init__(self, where: Path | str) -> None:
        """Raises ValueError where the URL is none of PostgreSQL."""
        self._engine = _engine(where)
        self._connection: Connection | None = None
        self.in_transaction = False
        """Whether what is written now is one of several that are written together."""
        self.dialect = self._engine.dialect.name
        """'sqlite' or 'postgresql'."""

    def execute(self, statement: Executable, values: Values | None = None) -> Rows:
        """`values` are those of its bind parameters, or several such, for each of which it is executed. One
        that is made once and executed often saves its making, which costs as much as its execution.

        Raises DatabaseError.
        """
        return self._connected().execute(statement, values)

    def run(self, sql: str) -> Rows:
        """One statement in the database's own words. Raises DatabaseError."""
        return self._connected().exec_driver_sql(sql)

    @contextmanager
    def transaction(self, *alone_with: str) -> Iterator[None]:
        """What is written inside is written together, or not at all.

        On SQLite other writers wait; on PostgreSQL others that named the same `alone_with`. It is the first
        lock that a transaction takes, so that two never wait for each other.
        """
        with self.transaction_of([alone_with] if alone_with else []):
            yield

    @contextmanager
    def transaction_of(self, several: Iterable[tuple[str, ...]]) -> Iterator[None]:
        """As `transaction`, alone with each of several, which everybody locks in one order."""
        names = sorted({"/".join(alone_with) for alone_with in several})
        self.run("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
        self.in_transaction = True
        try:
            if names and self.dialect == "postgresql":
                self.execute(_ALONE, [{"name": name} for name in names])
            yield
            self.run("COMMIT")
        except BaseException:
            with suppress(DatabaseError):  # ended by itself: a full disk, a connection that is gone
                self.run("ROLLBACK")
            raise
        finally:
            self.in_transaction = False

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, and nobody who writes waits for it."""
        begin = "BEGIN" if self.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self.run(begin)
        try:
            yield
        finally:
            with suppress(DatabaseError):
                self.run("COMMIT")

    def tables(self) -> list[Table]:
        """All that there are, each after those that it refers to."""
        found = MetaData()
        found.reflect(self._connected())
        return found.sorted_tables

    def rows(self, table: Table) -> Iterator[list[dict[str, Any]]]:
        """All rows of a table, some at a time; inside `snapshot`."""
        result = self._connected().execute(select(table), execution_options={"yield_per": ROWS_AT_A_TIME})
        for part in result.mappings().partitions():
            yield [dict(row) for row in part]

    def add_rows(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """As they are."""
        self._connected().execute(insert(table), rows)

    def count_on(self, table: Table) -> None:
        """After `add_rows`: numbers that the database gives go on after the highest that there is."""
        if self.dialect == "postgresql":
            for column in table.columns:
                if _is_counted(column):
                    name = f"'{table.name}', '{column.name}'"
                    self.run(
                        f"SELECT setval(pg_get_serial_sequence({name}), max({column.name}))"  # noqa: S608
                        f" FROM {table.name} HAVING max({column.name}) IS NOT NULL"
                    )

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that may have an ON CONFLICT."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def now(self) -> ColumnElement[Any]:
        """Unix seconds by the database's clock, with fractions."""
        if self.dialect == "sqlite":
            return literal_column("(julianday('now') - 2440587.5) * 86400.0")
        return func.extract("epoch", func.clock_timestamp())

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DatabaseError):
                connection.close()

    def _connected(self) -> Connection:
        if self._connection is not None and self._connection.invalidated:
            self.close()
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection


def _is_counted(column: Column[Any]) -> bool:
    """Whether PostgreSQL gives it its number."""
    return column.identity is not None or "nextval(" in str(getattr(column.server_default, "arg", ""))


def reason(error: Exception) -> str:
    """One line for an operator: what the database said, without what was to be written."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return plain((str(said).strip().splitlines() or [type(said).__name__])[0])


def _engine(where: Path | str) -> Engine:
    if isinstance(where, Path):
        url = URL.create("sqlite", database=str(where))
        arguments: dict[str, Any] = {"timeout": BUSY_TIMEOUT_S}
        first: tuple[str, ...] = _SQLITE
    else:
        if not where.startswith("postgresql://"):
            raise ValueError("the URL is none of PostgreSQL")
        url = make_url(where).set(drivername="postgresql+psycopg")
        # A server that is gone without a word is noticed, too.
        arguments = {"connect_timeout": 10, "tcp_user_timeout": 20_000, "application_name": "earmark"}
        first = _POSTGRESQL
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=arguments,
        execution_options={"preserve_rowcount": True},
    )

    @events.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        if not isinstance(where, Path):
            connection.autocommit = True
        cursor = connection.cursor()
        for statement in first:
            cursor.execute(statement)
        cursor.close()

    return engine


def make_file(path: Path) -> None:
    """For its owner only, if it is not there yet. Raises OSError."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
