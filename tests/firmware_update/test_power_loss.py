"""A kill -9 at any step of an installation leaves a device that starts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from firmware_update.archive import MANIFEST, build_archive
from firmware_update.environments import ENVIRONMENT, interpreter
from firmware_update.slots import Slots
from tests.firmware_update import kit
from tests.firmware_update.kit import LARGEST, ROOT, digest, install, release

OLD, NEW = release("0.1.0"), release("0.2.0")
DRIVER = Path(__file__).parent / "processes" / "dies_at_each_step.py"


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
    install(slots, build_archive(source, NEW), NEW)
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
