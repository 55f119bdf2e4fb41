"""The schema's step that brought answers of phones, for each database; `schema` takes it."""

from __future__ import annotations

APPROVALS = """
CREATE TABLE approvals (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    event     BLOB NOT NULL,
    at_s      INTEGER NOT NULL
) STRICT;
"""

POSTGRESQL_APPROVALS = """
CREATE TABLE approvals (
    number    BIGSERIAL PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    event     BYTEA NOT NULL,
    at_s      BIGINT NOT NULL
);
"""
