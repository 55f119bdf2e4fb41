"""Two slots: what is installed is whole, and what runs is not touched until a release is confirmed."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import MANIFEST, build_archive
from firmware_update.environments import interpreter
from firmware_update.releases import Release
from firmware_update.slots import SWITCHED, Slots
from tests.firmware_update import kit
from tests.firmware_update.kit import LARGEST, digest, install, release, small_source

OLD, NEW = release("0.1.0"), release("0.2.0")


def refused(slots: Slots, archive: bytes, expected: Release = NEW) -> str:
    """The code; the device and its slot are as before, and nothing is left of the attempt."""
    before = digest(slots.path("a"))
    with pytest.raises(UpdateError) as caught:
        install(slots, archive, expected)
    assert digest(slots.path("a")) == before and slots.device() == slots.path("a")
    assert list(slots.state().slots) == ["a"] and not list(slots.folder.glob(".slot-*"))
    assert caught.value.detail and caught.value.next_step
    return caught.value.code


def test_the_running_slot_is_not_touched_by_an_install(slots: Slots, source: Path) -> None:
    before = digest(slots.path("a"))
    (source / "agent" / "more.py").write_text("more = 1\n")
    assert install(slots, build_archive(source, NEW), NEW) == "b"
    assert digest(slots.path("a")) == before
    assert (slots.path("b") / "agent" / "more.py").exists()
    assert slots.device() == slots.path("a")


def test_a_release_is_the_device_only_when_it_is_confirmed(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW), NEW)
    slots.switch("b", tries=2)
    assert (slots.folder / "current").resolve() == slots.path("a")
    assert slots.device() == slots.path("a") and slots.floor().version == "0.1.0"
    slots.confirm()
    assert (slots.folder / "current").resolve() == slots.path("b")
    assert slots.device() == slots.path("b") and slots.floor().version == "0.2.0"


def test_tries_are_counted_before_they_are_made(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW), NEW)
    slots.switch("b", tries=2)
    assert [slots.begin_try() for _ in range(3)] == [True, True, False]


def test_a_release_that_was_left_is_remembered(slots: Slots, source: Path) -> None:
    archive = build_archive(source, NEW)
    install(slots, archive, NEW)
    slots.switch("b", tries=1)
    assert slots.roll_back() == OLD
    assert slots.state().rejected == (hashlib.sha256(archive).hexdigest(),)
    assert slots.device() == slots.path("a")


def test_what_failed_its_trial_is_nothing_to_go_back_to(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW), NEW)
    slots.switch("b", tries=1)
    slots.roll_back()
    with pytest.raises(UpdateError, match="slot_empty"):
        slots.roll_back()
    assert slots.running().release == OLD


def test_a_person_may_go_back_and_forth(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW), NEW)
    slots.switch("b", tries=1)
    slots.confirm()
    assert [slots.roll_back() for _ in range(3)] == [OLD, NEW, OLD]


def test_whoever_waits_for_a_switch_is_told_of_each_one(slots: Slots, source: Path) -> None:
    told = slots.folder / SWITCHED
    assert told.read_text() == "a"
    install(slots, build_archive(source, NEW), NEW)
    slots.switch("b", tries=1)
    assert told.read_text() == "a"
    slots.confirm()
    assert told.read_text() == "b"


def test_without_another_slot_there_is_no_way_back(slots: Slots) -> None:
    with pytest.raises(UpdateError, match="slot_empty"):
        slots.roll_back()


def test_a_slot_without_an_interpreter_is_refused(slots: Slots, tmp_path: Path) -> None:
    source = small_source(tmp_path / "other", lock="another==1.0\n")
    archive = build_archive(source, NEW)
    assert refused(slots, archive) == "slot_without_interpreter"
    broken = tmp_path / "broken"
    (broken / "bin").mkdir(parents=True)
    slots.add_environment(source / "requirements.lock", broken)
    assert refused(slots, archive) == "slot_without_interpreter"
    (broken / "bin" / "python").write_text("#!/bin/sh\nexit 3\n")
    (broken / "bin" / "python").chmod(0o755)
    assert refused(slots, archive) == "slot_without_interpreter"
    slots.add_environment(source / "requirements.lock", kit.ENVIRONMENT)
    assert install(slots, archive, NEW) == "b"
    assert interpreter(slots.path("b")).exists()


def test_facts_other_than_the_signed_ones_are_refused(slots: Slots, source: Path) -> None:
    assert refused(slots, build_archive(source, release("0.3.0"))) == "update_damaged"


def changed(archive: bytes, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]) -> bytes:
    """The archive with other entries."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as old:
        entries = [(entry, old.extractfile(entry).read()) for entry in old]  # type: ignore[union-attr]
    change(entries)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as new:
        for entry, content in entries:
            new.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def named(name: str, kind: bytes = tarfile.REGTYPE, to: str = "", size: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, to, size
    return entry


def _without_manifest(entries: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    entries[:] = [entry for entry in entries if entry[0].name != MANIFEST]


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries.append((named("agent/more.py"), b"")),
        lambda entries: entries.pop(0),
        lambda entries: entries.__setitem__(0, (named(entries[0][0].name, size=3), b"bad")),
        lambda entries: entries.append((named("../outside"), b"")),
        lambda entries: entries.append((named("/tmp/outside"), b"")),
        lambda entries: entries.append((named("agent/link", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        lambda entries: entries.append((named("agent/link", tarfile.LNKTYPE, "LICENSE"), b"")),
        lambda entries: entries.append((named("agent/pipe", tarfile.FIFOTYPE), b"")),
        _without_manifest,
    ],
    ids=[
        *("a file more", "a file less", "another content", "a way out", "an absolute path"),
        *("a symbolic link", "a hard link", "a pipe", "no manifest"),
    ],
)
def test_a_damaged_archive_is_refused(
    slots: Slots, source: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]
) -> None:
    assert refused(slots, changed(build_archive(source, NEW), change)) == "update_damaged"
    assert not (slots.folder.parent / "outside").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no tar", mtime=0), gzip.compress(b"x" * 100_000, mtime=0)[:-20]],
    ids=["empty", "not compressed", "no tar", "cut short"],
)
def test_what_is_no_archive_is_refused(slots: Slots, content: bytes) -> None:
    assert refused(slots, content) == "update_damaged"


def test_an_archive_that_grows_without_end_is_refused(slots: Slots, source: Path) -> None:
    bomb = build_archive(source, NEW)
    entry = named("agent/zeros", size=LARGEST + 1)
    grown = changed(bomb, lambda entries: entries.append((entry, bytes(LARGEST + 1))))
    assert len(grown) < LARGEST / 100
    assert refused(slots, grown) == "update_damaged"


def test_a_device_made_in_one_root_runs_in_another(slots: Slots, tmp_path: Path) -> None:
    """Every link of it is relative."""
    links = [path for path in slots.folder.rglob("*") if path.is_symlink()]
    assert len(links) >= 4
    assert not [path for path in links if path.readlink().is_absolute()]


def test_a_state_that_a_newer_release_wrote_is_read(slots: Slots) -> None:
    path = slots.folder / "state.json"
    path.write_bytes(path.read_bytes().replace(b"{", b'{"of_a_later_release": [1], ', 1))
    assert slots.running().release == OLD


def test_a_damaged_state_is_said(slots: Slots) -> None:
    (slots.folder / "state.json").write_text("{")
    with pytest.raises(UpdateError, match="slots_damaged"):
        slots.device()
