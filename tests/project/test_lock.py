"""Locks with hashes: nothing is unpinned, what pip is given adds up to all of it, and what only an export
needs is in a lock of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.locked import extra_requirements, source_only, split_lock

ROOT = Path(__file__).resolve().parents[2]
LOCK, EXPORT_LOCK, MUTATION_LOCK = (
    (ROOT / f"requirements{name}.lock").read_text(encoding="utf-8") for name in ("", "-export", "-mutation")
)
all_locks = pytest.mark.parametrize(
    "lock", [LOCK, EXPORT_LOCK, MUTATION_LOCK], ids=["device", "export", "mutation"]
)


def _entries(text: str) -> list[str]:
    return re.findall(r"^[A-Za-z0-9].*?(?=^[A-Za-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)


@all_locks
def test_every_entry_is_pinned_and_hashed(lock: str) -> None:
    assert len(_entries(lock)) > 20
    for entry in _entries(lock):
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@all_locks
def test_the_lock_names_no_place_to_download_from(lock: str) -> None:
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock


def test_what_the_export_needs_is_no_part_of_a_device_and_torch_is_in_neither_lock() -> None:
    assert [requirement.split("==")[0] for requirement in extra_requirements("export")] == ["speechbrain"]
    of_device, of_export = (
        {entry.split("==")[0] for entry in _entries(lock)} for lock in (LOCK, EXPORT_LOCK)
    )
    assert "speechbrain" in of_export - of_device
    assert not {"torch", "torchaudio"} & (of_device | of_export)


def test_both_parts_together_are_the_whole_lock() -> None:
    wheels, source = split_lock(LOCK, source_only())
    assert sorted(_entries(wheels) + _entries(source)) == sorted(_entries(LOCK))
    assert {entry.split("==")[0] for entry in _entries(source)} == source_only()


def test_setup_finds_its_build_tool_in_the_first_part() -> None:
    wheels, _ = split_lock(LOCK, source_only())
    assert re.search(r"^setuptools==", wheels, re.MULTILINE)
