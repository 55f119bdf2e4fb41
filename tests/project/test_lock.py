"""One lock with hashes: nothing is unpinned, and what pip is given adds up to all of it."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.locked import source_only, split_lock

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def _entries(text: str) -> list[str]:
    return re.findall(r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)


def test_every_entry_is_pinned_and_hashed() -> None:
    assert len(_entries(LOCK)) > 30
    for entry in _entries(LOCK):
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_names_no_place_to_download_from() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK


def test_both_parts_together_are_the_whole_lock() -> None:
    wheels, source = split_lock(LOCK, source_only())
    assert sorted(_entries(wheels) + _entries(source)) == sorted(_entries(LOCK))
    assert {entry.split("==")[0] for entry in _entries(source)} == source_only()


def test_setup_finds_its_build_tool_in_the_first_part() -> None:
    wheels, _ = split_lock(LOCK, source_only())
    assert re.search(r"^setuptools==", wheels, re.MULTILINE)
