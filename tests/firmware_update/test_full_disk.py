"""A disk that is full at some step of an update: said by its code, nothing left behind, and tried again."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import build_archive
from firmware_update.slots import Slots
from firmware_update.updater import Updater
from scripts.story.publisher import copied_checkout
from tests.firmware_update import kit
from tests.firmware_update.kit import (
    Client,
    Publisher,
    Quiet,
    device,
    digest,
    release,
    web_server,
)

DISK_MB = 24
OLD, NEW = release("0.1.0"), release("0.2.0")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of its own, for the slots."""
    folder = tmp_path / "device" / "var" / "slots"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(folder)]
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small filesystem to fill")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a filesystem of its own cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def settings(disk: Path, publisher: Publisher, tmp_path: Path, url: str) -> Path:
    """A device whose slots stand on that disk and which runs OLD."""
    (tmp_path / "device" / "var").chmod(0o755)
    state = tmp_path / "parts"
    made = device(state, publisher, url, health_seconds=60)
    for part in (state / "var").iterdir():
        part.rename(tmp_path / "device" / "var" / part.name)
    settings = made.rename(tmp_path / "device" / "earmark.toml")
    kit.found(Slots(disk, kit.MODELS), build_archive(kit.ROOT, OLD))
    return settings


def fill(disk: Path, leave_bytes: int) -> Path:
    """A file that leaves so much room on `disk`."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - leave_bytes)
    return filler


def large_source(folder: Path) -> Path:
    """This checkout and eight million zeros, which weigh nothing while they are packed."""
    source = copied_checkout(folder)
    (source / "agent" / "zeros.bin").write_bytes(bytes(8_000_000))
    return source


def without(disk: Path, filler: Path) -> dict[str, bytes | str]:
    """Everything on the disk but the filler, the updater's lock and what it knows of the repository."""
    own = ("metadata/", "incoming/", "floor.json", "lock", filler.name)
    return {path: content for path, content in digest(disk).items() if not path.startswith(own)}


def test_a_disk_that_is_full_while_unpacking_leaves_the_device_as_it_was(
    publisher: Publisher, settings: Path, disk: Path, tmp_path: Path
) -> None:
    publisher.offer(NEW, large_source(tmp_path / "large"))
    updater, filler = Updater(settings), fill(disk, 6_000_000)
    before = without(disk, filler)
    for _ in range(2):  # and it can be tried again while there is no room
        with pytest.raises(UpdateError) as caught:
            updater.check(now_s=kit.NOW_S)
        assert caught.value.code == "update_disk_full"
        assert caught.value.next_step
        now = without(disk, filler)
        assert now.keys() == before.keys()
        assert not list(disk.glob(".slot-*")) and not list(disk.glob(".*.part"))
        assert updater.slots.device() == updater.slots.path("a")
        assert updater.slots.running().release == OLD
        assert all(now[path] == content for path, content in before.items() if path.startswith("a/"))
    filler.unlink()
    assert updater.check(now_s=kit.NOW_S) == "updated"
    assert updater.slots.running().release == NEW


def test_a_disk_that_is_full_while_downloading_leaves_the_device_as_it_was(
    publisher: Publisher, disk: Path, tmp_path: Path
) -> None:
    slots, source = Slots(disk, kit.MODELS), publisher.folder / "source"
    kit.found(slots, build_archive(source, OLD))
    (source / "agent" / "noise.bin").write_bytes(os.urandom(2_000_000))
    publisher.offer(NEW)
    client = Client(disk / "incoming", publisher.root)
    client.folder.mkdir()

    class FillsTheDisk(Quiet):
        def do_GET(self) -> None:
            if self.path.startswith("/targets/"):
                with contextlib.suppress(OSError):
                    fill(disk, 500_000)
            super().do_GET()

    before = digest(slots.path("a"))
    with web_server(publisher.served, FillsTheDisk) as url:
        assert kit.refused(client, url) == "update_disk_full"
    assert digest(slots.path("a")) == before and slots.running().release == OLD
    (disk / "filler").unlink()
    with web_server(publisher.served) as url:
        fetched = client.fetch(url)
    slots.install(client.archive, fetched.sha256, fetched.release, largest_bytes=kit.LARGEST)
    assert slots.state().slots["b"].release == NEW
    assert digest(slots.path("a")) == before


@pytest.mark.parametrize("leave_bytes", [0, 4_096, 40_000, 1_000_000])
def test_wherever_unpacking_stops_nothing_of_it_is_left(
    disk: Path, tmp_path: Path, publisher: Publisher, leave_bytes: int
) -> None:
    source = publisher.folder / "source"
    slots = Slots(disk, kit.MODELS)
    kit.found(slots, build_archive(source, OLD))
    (source / "agent" / "zeros.bin").write_bytes(bytes(2_000_000))
    archive = tmp_path / "new.tar.gz"
    archive.write_bytes(build_archive(source, NEW))
    before, filler = digest(disk), fill(disk, leave_bytes)
    with pytest.raises(UpdateError) as caught:
        slots.install(archive, "0" * 64, NEW, largest_bytes=kit.LARGEST)
    assert caught.value.code == "update_disk_full"
    filler.unlink()
    assert digest(disk) == before
    assert slots.install(archive, "0" * 64, NEW, largest_bytes=kit.LARGEST) == "b"
