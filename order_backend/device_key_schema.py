"""The schema's step that brought replaced signing keys of devices, for each database; `schema` takes it."""

from __future__ import annotations

DEVICE_KEYS = """
CREATE TABLE device_keys (
    device_id  TEXT NOT NULL REFERENCES devices (device_id),
    kid        TEXT NOT NULL,
    jwk        TEXT NOT NULL,
    from_s     INTEGER NOT NULL,
    replaced_s INTEGER NOT NULL,
    until_s    INTEGER NOT NULL,
    PRIMARY KEY (device_id, kid)
) STRICT;
"""

POSTGRESQL_DEVICE_KEYS = """
CREATE TABLE device_keys (
    device_id  TEXT NOT NULL REFERENCES devices (device_id),
    kid        TEXT NOT NULL,
    jwk        TEXT NOT NULL,
    from_s     BIGINT NOT NULL,
    replaced_s BIGINT NOT NULL,
    until_s    BIGINT NOT NULL,
    PRIMARY KEY (device_id, kid)
);
"""
