"""The order journal's schema as steps from one version to the next, for a journal is older than any release.

A release that knows fewer steps must still work on the file, or no update could go back: a step adds tables
and columns with defaults, and no state that an older CHECK would refuse.
"""

from __future__ import annotations

import sqlite3

OLDEST_READER = 1
"""The oldest release (by the number of steps it knows) that can work on what this one writes; a rollback
depends on it."""

_ORDERS_EVENTS_DECISIONS = """
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    number         INTEGER PRIMARY KEY,
    intent_id      TEXT NOT NULL UNIQUE,
    conversation   TEXT NOT NULL,
    person         TEXT NOT NULL,
    basket_key     TEXT NOT NULL,
    title          TEXT NOT NULL,
    total_minor    INTEGER NOT NULL CHECK (total_minor > 0),
    currency       TEXT NOT NULL,
    topic          TEXT NOT NULL,
    payload        BLOB NOT NULL,
    sha256         TEXT NOT NULL,
    iat            INTEGER NOT NULL,
    exp            INTEGER NOT NULL,
    state          TEXT NOT NULL
                   CHECK (state IN ('queued', 'sent', 'ordered', 'refused', 'expired', 'unknown')),
    attempts       INTEGER NOT NULL DEFAULT 0,
    order_id       TEXT NOT NULL DEFAULT '',
    reason         TEXT NOT NULL DEFAULT '',
    delivery_date  TEXT NOT NULL DEFAULT '',
    queued_at_s    INTEGER NOT NULL,
    settled_at_s   INTEGER,
    seconds_to_journal REAL
) STRICT;
CREATE INDEX orders_open ON orders (state) WHERE state IN ('queued', 'sent', 'unknown');
CREATE INDEX orders_person ON orders (person, iat);

CREATE TABLE events (
    number       INTEGER PRIMARY KEY,
    intent_id    TEXT NOT NULL REFERENCES orders (intent_id),
    what         TEXT NOT NULL,
    at_s         INTEGER NOT NULL,
    monotonic_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX events_intent ON events (intent_id);

CREATE TABLE decisions (
    number       INTEGER PRIMARY KEY,
    at_s         INTEGER NOT NULL,
    conversation TEXT NOT NULL,
    code         TEXT NOT NULL,
    title        TEXT NOT NULL,
    person       TEXT NOT NULL
) STRICT;
"""

_RECEIPTS_AND_CHECKSUMS = """
ALTER TABLE orders ADD COLUMN receipt BLOB;
ALTER TABLE orders ADD COLUMN charged_minor INTEGER;
ALTER TABLE orders ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
"""

# What has ended before this column was there has been said, or is too old to be.
_WHAT_WAS_TOLD = """
ALTER TABLE orders ADD COLUMN told_at_s INTEGER;
UPDATE orders SET told_at_s = settled_at_s;
"""

_CANCELS = """
CREATE TABLE cancels (
    number      INTEGER PRIMARY KEY,
    intent_id   TEXT NOT NULL UNIQUE,
    payload     BLOB NOT NULL,
    sha256      TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    outcome     TEXT NOT NULL DEFAULT '',
    queued_at_s INTEGER NOT NULL
) STRICT;
"""
# No REFERENCES: a release that does not know the table deletes old orders all the same.

# What was answered before these columns were there, or by a release that does not know them, is not told.
_WHAT_WAS_TOLD_OF_CANCELS = """
ALTER TABLE cancels ADD COLUMN settled_at_s INTEGER;
ALTER TABLE cancels ADD COLUMN told_at_s INTEGER;
"""

# What an earlier release wrote, and writes after a rollback, counts as bought by voice alone.
_FACTORS = """
ALTER TABLE orders ADD COLUMN factors TEXT NOT NULL DEFAULT '';
CREATE INDEX orders_by_voice ON orders (iat) WHERE factors = '';
"""

_WHAT_WAS_RETURNED = """
ALTER TABLE orders ADD COLUMN returned_until_s INTEGER NOT NULL DEFAULT 0;
"""

# No CHECK of kinds or outcomes: a later release may know more of them.
_REQUESTS = """
CREATE TABLE requests (
    number       INTEGER PRIMARY KEY,
    ask_id       TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    title        TEXT NOT NULL,
    payload      BLOB NOT NULL,
    sha256       TEXT NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    outcome      TEXT NOT NULL DEFAULT '',
    answer       TEXT NOT NULL DEFAULT '',
    exp          INTEGER NOT NULL,
    queued_at_s  INTEGER NOT NULL,
    settled_at_s INTEGER
) STRICT;
"""

# A release that does not know these tables shows no list; it is there again after the next update.
_LISTS = """
CREATE TABLE list_entries (
    number      INTEGER PRIMARY KEY,
    person      TEXT NOT NULL,
    sku         TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    title       TEXT NOT NULL,
    after_order INTEGER NOT NULL,
    added_at_s  INTEGER NOT NULL
) STRICT;
CREATE TABLE list_reminders (
    number    INTEGER PRIMARY KEY,
    person    TEXT NOT NULL,
    due_at_s  INTEGER NOT NULL,
    said_at_s INTEGER
) STRICT;
"""

# What an earlier release writes after a rollback is among the decisions only, of which the newest stay.
_WHO_ELSE_AGREED = """
ALTER TABLE orders ADD COLUMN by_another INTEGER NOT NULL DEFAULT 0;
UPDATE orders SET by_another = 1 WHERE conversation IN (
    SELECT conversation FROM decisions WHERE code GLOB 'approved_by_*'
);
"""

# Somebody's row without a person is of somebody whom an earlier release has forgotten, which knows no lists.
_WHOSE_LIST = """
ALTER TABLE list_entries ADD COLUMN of_somebody INTEGER NOT NULL DEFAULT 0;
ALTER TABLE list_reminders ADD COLUMN of_somebody INTEGER NOT NULL DEFAULT 0;
UPDATE list_entries SET of_somebody = person != '';
UPDATE list_reminders SET of_somebody = person != '';
"""

STEPS = (
    _ORDERS_EVENTS_DECISIONS,
    _RECEIPTS_AND_CHECKSUMS,
    _WHAT_WAS_TOLD,
    _CANCELS,
    _WHAT_WAS_TOLD_OF_CANCELS,
    _FACTORS,
    _WHAT_WAS_RETURNED,
    _REQUESTS,
    _LISTS,
    _WHO_ELSE_AGREED + _WHOSE_LIST,
)

SCHEMA_VERSION = len(STEPS)


def take_steps(db: sqlite3.Connection, version: int) -> None:
    """Brings a journal of `version` steps (0: a new file) to SCHEMA_VERSION, each step whole or not at all.
    Raises sqlite3.Error."""
    for number, step in enumerate(STEPS[version:], version + 1):
        db.executescript(
            f"BEGIN; {step} INSERT INTO meta VALUES ('oldest_reader', '{OLDEST_READER}')"  # noqa: S608
            f" ON CONFLICT (key) DO UPDATE SET value = excluded.value;"
            f" PRAGMA user_version = {number}; COMMIT;"
        )
