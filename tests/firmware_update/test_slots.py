"""Two slots: what is installed is whole, and a kill -9 at any step leaves a device that starts."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import MANIFEST, build_archive
from firmware_update.environments import ENVIRONMENT, interpreter
from firmware_update.releases import Release
from firmware_update.slots import SWITCHED, Slots
from tests.firmware_update import kit
from tests.firmware_update.kit import LARGEST, ROOT, digest, release, small_source

OLD, NEW = release("0.1.0"), release("0.2.0")
DRIVER = Path(__file__).parent / "processes" / "dies_at_each_step.py"


def install(slots: Slots, archive: bytes, expected: Release = NEW) -> str:
    file = slots.folder.parent / "new.tar.gz"
    file.write_bytes(archive)
    return slots.install(file, hashlib.sha256(archive).hexdigest(), expected, largest_bytes=LARGEST)


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
    assert install(slots, build_archive(source, NEW)) == "b"
    assert digest(slots.path("a")) == before
    assert (slots.path("b") / "agent" / "more.py").exists()
    assert slots.device() == slots.path("a")


def test_a_release_is_the_device_only_when_it_is_confirmed(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW))
    slots.switch("b", tries=2)
    assert (slots.folder / "current").resolve() == slots.path("a")
    assert slots.device() == slots.path("a") and slots.floor().version == "0.1.0"
    slots.confirm()
    assert (slots.folder / "current").resolve() == slots.path("b")
    assert slots.device() == slots.path("b") and slots.floor().version == "0.2.0"


def test_tries_are_counted_before_they_are_made(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW))
    slots.switch("b", tries=2)
    assert [slots.begin_try() for _ in range(3)] == [True, True, False]


def test_a_release_that_was_left_is_remembered(slots: Slots, source: Path) -> None:
    archive = build_archive(source, NEW)
    install(slots, archive)
    slots.switch("b", tries=1)
    assert slots.roll_back() == OLD
    assert slots.state().rejected == (hashlib.sha256(archive).hexdigest(),)
    assert slots.device() == slots.path("a")


def test_what_failed_its_trial_is_nothing_to_go_back_to(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW))
    slots.switch("b", tries=1)
    slots.roll_back()
    with pytest.raises(UpdateError, match="slot_empty"):
        slots.roll_back()
    assert slots.running().release == OLD


def test_a_person_may_go_back_and_forth(slots: Slots, source: Path) -> None:
    install(slots, build_archive(source, NEW))
    slots.switch("b", tries=1)
    slots.confirm()
    assert [slots.roll_back() for _ in range(3)] == [OLD, NEW, OLD]


def test_whoever_waits_for_a_switch_is_told_of_each_one(slots: Slots, source: Path) -> None:
    told = slots.folder / SWITCHED
    assert told.read_text() == "a"
    install(slots, build_archive(source, NEW))
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
    assert install(slots, archive) == "b"
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


def killed_at_each_step(what: str, template: Path, folder: Path, archive: bytes) -> list[Slots]:
    """Copies of `template` on which the work was killed at its 1st, 2nd, ... step; in the last it ended."""
    copies = folder / "copy"
    (folder / "archive.tar.gz").write_bytes(archive)
    facts = msgspec.json.encode(NEW).decode()
    command = [sys.executable, str(DRIVER), what, str(template), str(copies), str(folder / "archive.tar.gz")]
    done = subprocess.run(
        [*command, facts, str(kit.ENVIRONMENT)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Slots(Path(f"{copies}-{step}"), kit.MODELS) for step in range(1, int(done.stdout) + 1)]


def whole(slots: Slots) -> str:
    """The version that the device would start as; every file of it is there."""
    device = slots.device()
    found = {
        path: hashlib.sha256(content).hexdigest()
        for path, content in digest(device).items()
        if isinstance(content, bytes) and path != MANIFEST
    }
    manifest = msgspec.json.decode((device / MANIFEST).read_bytes())
    assert found == manifest["files"]
    assert interpreter(device).exists() and (device / ENVIRONMENT).is_symlink()
    assert msgspec.to_builtins(slots.running().release) == manifest["release"]
    return str(manifest["release"]["version"])


def test_power_lost_at_any_step_of_an_update_leaves_a_device(
    slots: Slots, source: Path, tmp_path: Path
) -> None:
    archive = build_archive(source, NEW)
    copies = killed_at_each_step("update", slots.folder, tmp_path, archive)
    assert len(copies) > 30
    versions = [whole(copy) for copy in copies]
    assert versions[0] == "0.1.0" and versions[-1] == "0.2.0"
    assert versions == sorted(versions)  # one moment at which it changes, and no way back
    for copy in copies:
        state = copy.recover()
        assert (copy.folder / "current").resolve() == copy.device()
        assert not list(copy.folder.glob(".slot-*"))
        if not state.pending and copy.running().release == OLD:
            file = copy.folder / "again.tar.gz"
            file.write_bytes(archive)
            copy.switch(copy.install(file, "0" * 64, NEW, largest_bytes=LARGEST), tries=2)
        if copy.state().pending:
            copy.confirm()
        assert whole(copy) == "0.2.0" and copy.floor().version == "0.2.0"


def test_power_lost_at_any_step_of_going_back_leaves_a_device(
    slots: Slots, source: Path, tmp_path: Path
) -> None:
    install(slots, build_archive(source, NEW))
    slots.switch("b", tries=2)
    slots.confirm()
    copies = killed_at_each_step("back", slots.folder, tmp_path, b"")
    assert len(copies) > 4
    versions = [whole(copy) for copy in copies]
    assert versions[0] == "0.2.0" and versions[-1] == "0.1.0"
    assert versions == sorted(versions, reverse=True)
    for copy in copies:
        state = copy.recover()
        assert (copy.folder / "current").resolve() == copy.device()
        assert whole(copy) == ("0.1.0" if state.active == "a" else "0.2.0")


def test_power_lost_while_the_first_release_is_set_up_can_be_set_up_again(
    source: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    archive = build_archive(source, NEW)
    copies = killed_at_each_step("bring", empty, tmp_path, archive)
    assert len(copies) > 20
    for copy in copies:
        kit.found(copy, archive)
        assert whole(copy) == "0.2.0" and (copy.folder / "current").resolve() == copy.device()


def test_power_lost_while_a_release_of_ones_own_is_installed_leaves_a_device(
    slots: Slots, source: Path, tmp_path: Path
) -> None:
    archive = build_archive(source, NEW)
    copies = killed_at_each_step("bring", slots.folder, tmp_path, archive)
    assert len(copies) > 20
    versions = [whole(copy) for copy in copies]
    assert versions[0] == "0.1.0" and versions[-1] == "0.2.0" and versions == sorted(versions)
    for copy in copies:
        kit.found(copy, archive)
        assert whole(copy) == "0.2.0" and not list(copy.folder.glob(".slot-*"))
