"""The schema's steps that brought answers of phones, what devices ask phones, and what they take back of it;
for each database, `schema` takes them."""

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

APPROVAL_REQUESTS = """
CREATE TABLE approval_requests (
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    ask_id    TEXT NOT NULL,
    person    TEXT NOT NULL,
    asked     TEXT NOT NULL,
    at_s      INTEGER NOT NULL,
    until_s   INTEGER NOT NULL,
    PRIMARY KEY (device_id, ask_id)
) STRICT;
"""

POSTGRESQL_APPROVAL_REQUESTS = APPROVAL_REQUESTS.replace(" STRICT;", ";").replace("INTEGER", "BIGINT")

WITHDRAWN = """
ALTER TABLE approval_requests ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
"""
"""The same for each database."""
