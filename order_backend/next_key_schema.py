"""The schema's step that brought the signing keys that devices are going to use, for each database; `schema`
takes it."""

from __future__ import annotations

NEXT_KEYS = """
CREATE TABLE next_keys (
    device_id TEXT PRIMARY KEY REFERENCES devices (device_id),
    jwk       TEXT NOT NULL,
    from_s    INTEGER NOT NULL
) STRICT;
"""

POSTGRESQL_NEXT_KEYS = """
CREATE TABLE next_keys (
    device_id TEXT PRIMARY KEY REFERENCES devices (device_id),
    jwk       TEXT NOT NULL,
    from_s    BIGINT NOT NULL
);
"""
