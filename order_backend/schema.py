"""The tables of the shop's database, and how a database of an earlier release gets to them.

Only ever added to: what a release once wrote stands here as it was, and each later version is a step of its
own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from order_backend.transactions import transaction

_ORDERS = """
CREATE TABLE devices (
    device_id   TEXT PRIMARY KEY,
    signing_jwk TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
    admitted_at INTEGER NOT NULL
) STRICT;

CREATE TABLE certificates (
    serial    TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    revoked   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE answers (
    device_id TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    receipt   BLOB NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (device_id, intent_id)
) STRICT;

CREATE TABLE orders (
    number          INTEGER PRIMARY KEY,
    order_id        TEXT NOT NULL UNIQUE,
    device_id       TEXT NOT NULL,
    intent_id       TEXT NOT NULL,
    person          TEXT NOT NULL,
    lines           TEXT NOT NULL,
    total_minor     INTEGER NOT NULL,
    currency        TEXT NOT NULL,
    delivery_date   TEXT NOT NULL,
    placed_at       INTEGER NOT NULL,
    open_checkout   TEXT NOT NULL,
    open_payment    TEXT NOT NULL,
    closed_checkout TEXT NOT NULL,
    closed_payment  TEXT NOT NULL,
    FOREIGN KEY (device_id, intent_id) REFERENCES answers (device_id, intent_id),
    UNIQUE (device_id, intent_id)
) STRICT;
"""

_NOTICES = """
CREATE TABLE owners (
    device_id TEXT PRIMARY KEY REFERENCES devices (device_id),
    email     TEXT NOT NULL,
    language  TEXT NOT NULL CHECK (language IN ('en', 'pl'))
) STRICT;

CREATE TABLE notices (
    number    INTEGER PRIMARY KEY,
    order_id  TEXT NOT NULL UNIQUE REFERENCES orders (order_id),
    device_id TEXT NOT NULL,
    amr       TEXT NOT NULL,
    state     TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sent', 'failed', 'dropped')),
    attempts  INTEGER NOT NULL DEFAULT 0,
    due_at    INTEGER NOT NULL,
    reason    TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX notices_due ON notices (due_at) WHERE state = 'due';
"""

_CLOCK = """
CREATE TABLE clock (
    only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
    floor_s        INTEGER NOT NULL,
    teller         TEXT NOT NULL,
    teller_until_s INTEGER NOT NULL
) STRICT;

INSERT INTO clock VALUES (1, 0, '', 0);
"""

_STEPS = (_ORDERS, _NOTICES, _CLOCK)
SCHEMA_VERSION = len(_STEPS)


def bring_up_to_date(database: sqlite3.Connection) -> int:
    """Makes the tables that are missing, all or none; the schema version that the database has then.

    One of a later release is left as it is. `database` is in autocommit mode. Raises sqlite3.Error.
    """
    if _version(database) >= SCHEMA_VERSION:
        return _version(database)
    with transaction(database):
        # Asked again: another process may have been quicker, and this one has waited for it.
        for statement in _missing(_version(database)):
            database.execute(statement)
    return _version(database)


def _missing(version: int) -> Iterator[str]:
    for number, step in enumerate(_STEPS[version:], start=version + 1):
        # One by one: executescript would commit before it begins.
        yield from (statement for statement in step.split(";") if statement.strip())
        yield f"PRAGMA user_version = {number}"


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version
