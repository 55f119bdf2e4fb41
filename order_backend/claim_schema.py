"""The schema's step that brought claims, for each database; `schema` takes it."""

from __future__ import annotations

CLAIMS = """
CREATE TABLE claims (
    name          TEXT PRIMARY KEY,
    device_id     TEXT NOT NULL UNIQUE,
    anchor        TEXT NOT NULL,
    mac           TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    expires_s     INTEGER NOT NULL,
    failures      INTEGER NOT NULL,
    used_by       TEXT NOT NULL
) STRICT;
"""

POSTGRESQL_CLAIMS = """
CREATE TABLE claims (
    name          TEXT PRIMARY KEY,
    device_id     TEXT NOT NULL UNIQUE,
    anchor        TEXT NOT NULL,
    mac           TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    expires_s     BIGINT NOT NULL,
    failures      BIGINT NOT NULL,
    used_by       TEXT NOT NULL
);
"""
