"""The step of `schema` that brought versions of the catalogue; as it was written, for good."""

CATALOGUES = """
CREATE TABLE catalogues (
    version       INTEGER PRIMARY KEY,
    sha256        TEXT NOT NULL,
    source        BLOB NOT NULL,
    manifest      BLOB NOT NULL,
    published_at  INTEGER NOT NULL,
    superseded_at INTEGER,
    withdrawn     INTEGER NOT NULL
) STRICT;

CREATE TABLE catalogue_parts (
    sha256     TEXT PRIMARY KEY,
    payload    BLOB NOT NULL,
    dropped_at INTEGER
) STRICT;
"""

POSTGRESQL_CATALOGUES = """
CREATE TABLE catalogues (
    version       BIGINT PRIMARY KEY,
    sha256        TEXT NOT NULL,
    source        BYTEA NOT NULL,
    manifest      BYTEA NOT NULL,
    published_at  BIGINT NOT NULL,
    superseded_at BIGINT,
    withdrawn     INTEGER NOT NULL
);

CREATE TABLE catalogue_parts (
    sha256     TEXT PRIMARY KEY,
    payload    BYTEA NOT NULL,
    dropped_at BIGINT
);
"""
