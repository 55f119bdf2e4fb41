"""The schema's step that brought who has signed which certificate, which of them a device was heard with, and
which authorities it knows; for each database. `schema` takes it."""

from __future__ import annotations

AUTHORITIES = """
ALTER TABLE certificates ADD COLUMN authority TEXT NOT NULL DEFAULT '';

ALTER TABLE certificates ADD COLUMN until_s INTEGER NOT NULL DEFAULT 0;

ALTER TABLE certificates ADD COLUMN seen_s INTEGER NOT NULL DEFAULT 0;

ALTER TABLE devices ADD COLUMN authorities INTEGER NOT NULL DEFAULT 0;

ALTER TABLE claims ADD COLUMN old_key_stolen INTEGER NOT NULL DEFAULT 0;
"""

POSTGRESQL_AUTHORITIES = AUTHORITIES.replace(" INTEGER ", " BIGINT ")
