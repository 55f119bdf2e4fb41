"""The schema's step by which receipts that are still kept are found by their age; `schema` takes it."""

from __future__ import annotations

RETENTION = """
CREATE INDEX answers_kept ON answers (at) WHERE receipt <> x'';
"""

POSTGRESQL_RETENTION = """
CREATE INDEX answers_kept ON answers (at) WHERE receipt <> ''::bytea;
"""
