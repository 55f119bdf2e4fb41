"""The schema's step that brought limits of devices, for each database; `schema` takes it."""

from __future__ import annotations

POLICIES = """
CREATE TABLE policies (
    device_id TEXT PRIMARY KEY REFERENCES devices (device_id),
    version   INTEGER NOT NULL,
    limits    TEXT NOT NULL,
    event     BLOB NOT NULL
) STRICT;
"""

POSTGRESQL_POLICIES = """
CREATE TABLE policies (
    device_id TEXT PRIMARY KEY REFERENCES devices (device_id),
    version   BIGINT NOT NULL,
    limits    TEXT NOT NULL,
    event     BYTEA NOT NULL
);
"""
