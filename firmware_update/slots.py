"""Two slots, a and b, and which of them is the device. Every change is one rename: nothing is ever half done.

    slots_dir/a/, b/           a release each; `environment` in it leads to the packages that it runs on
    slots_dir/current -> a     where the device is started from
    slots_dir/state.json       the truth; `current` is made to follow it, once a release is confirmed
    slots_dir/floor.json       what never goes back
    slots_dir/environments/    virtual environments, named by the SHA-256 of the lock that they fulfil

A release that was not confirmed is health-checked, but never started as the device.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from agent.plumbing.errors import UpdateError
from firmware_update import durable
from firmware_update.archive import LOCK, read_manifest, unpack
from firmware_update.releases import Floor, Release

Slot = Literal["a", "b"]

ENVIRONMENT = "environment"
MODELS = Path("models/files")
_INTERPRETER_SECONDS = 30.0
_OTHER: dict[Slot, Slot] = {"a": "b", "b": "a"}


class Installed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole release in a slot; `sha256` is its archive's."""

    release: Release
    sha256: str


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pending`: `active` was switched to and is not confirmed; the other slot is what ran before.

    `tries_left`: health checks that may still be begun. `rejected`: archives that are not taken again.
    """

    active: Slot
    pending: bool
    tries_left: int
    slots: dict[Slot, Installed]
    rejected: tuple[str, ...] = ()


class Slots:
    """The slots below `folder`, for one process at a time; their models stand in `models_dir`, for both."""

    def __init__(self, folder: Path, models_dir: Path) -> None:
        self.folder = folder
        self._models_dir = models_dir.resolve()  # through the link of the slot that runs

    def state(self) -> State:
        """Raises UpdateError: slots_missing (nothing was installed yet), slots_damaged."""
        path = self.folder / "state.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=State)
        except FileNotFoundError as error:
            step = "earmark-update found --help"
            raise UpdateError(
                "slots_missing", f"no release is installed below {self.folder}", step
            ) from error
        except (OSError, msgspec.DecodeError) as error:
            raise UpdateError("slots_damaged", f"{path}: {error}", "earmark-update found --help") from error

    def floor(self) -> Floor:
        """Raises UpdateError slots_damaged."""
        path = self.folder / "floor.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Floor)
        except FileNotFoundError:
            return Floor()
        except (OSError, msgspec.DecodeError) as error:
            raise UpdateError("slots_damaged", f"{path}: {error}", "restore floor.json") from error

    def keep_floor(self, floor: Floor) -> None:
        """On disk when this returns."""
        if floor != self.floor():
            durable.write(self.folder / "floor.json", msgspec.json.encode(floor))

    def device(self) -> Path:
        """The slot that the device is started from: the confirmed one."""
        state = self.state()
        return self.folder / (_OTHER[state.active] if state.pending else state.active)

    def running(self) -> Installed:
        """What `device` holds."""
        return self.state().slots[self._slot_of(self.device())]

    def path(self, slot: Slot) -> Path:
        """The slot's folder."""
        return self.folder / slot

    def found(self, archive: Path, environment: Path, *, largest_bytes: int) -> None:
        """The first release of a device, brought by whoever sets it up, with its virtual environment.

        Raises UpdateError slots_exist, and as `install` does.
        """
        if (self.folder / "state.json").exists():
            raise UpdateError("slots_exist", f"{self.folder} holds releases already", "earmark-update status")
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        with self._fresh("a") as fresh:
            release = unpack(archive, fresh, largest_bytes=largest_bytes).release
            self.add_environment(fresh / LOCK, environment)
            self._put("a", fresh)
        self._save(State("a", False, 0, {"a": Installed(release, sha256)}))
        self._follow()

    def add_environment(self, lock: Path, environment: Path) -> None:
        """From now on, releases with that lock run on the packages of that virtual environment."""
        folder = self.folder / "environments"
        folder.mkdir(mode=0o755, exist_ok=True)
        durable.point(folder / hashlib.sha256(lock.read_bytes()).hexdigest(), str(environment.resolve()))

    def install(self, archive: Path, sha256: str, expected: Release, *, largest_bytes: int) -> Slot:
        """Puts a verified release into the idle slot; the running one is not touched.

        Raises UpdateError: update_damaged, update_disk_full, slot_without_interpreter (no environment here
        fulfils its lock, or its Python does not start).
        """
        state = self.state()
        idle = _OTHER[state.active]
        kept = {slot: installed for slot, installed in state.slots.items() if slot != idle}
        self._save(msgspec.structs.replace(state, slots=kept))
        with self._fresh(idle) as fresh:
            if unpack(archive, fresh, largest_bytes=largest_bytes).release != expected:
                detail = "the archive says other facts than its signature"
                raise UpdateError("update_damaged", detail, "earmark-release sign --help")
            self._put(idle, fresh)
        kept[idle] = Installed(expected, sha256)
        self._save(msgspec.structs.replace(state, slots=kept))
        return idle

    def switch(self, slot: Slot, *, tries: int) -> None:
        """Makes `slot` the active one, on trial: the device is still started from the other."""
        self._save(msgspec.structs.replace(self.state(), active=slot, pending=True, tries_left=tries))

    def begin_try(self) -> bool:
        """Counts one health check before it begins, so that a crash counts; False when none is left."""
        state = self.state()
        if state.tries_left < 1:
            return False
        self._save(msgspec.structs.replace(state, tries_left=state.tries_left - 1))
        return True

    def confirm(self) -> None:
        """The active slot is the device from now on, and nothing older is taken any more."""
        self._save(msgspec.structs.replace(self.state(), pending=False))
        self._follow()

    def roll_back(self) -> Release:
        """Back to the other slot; the release that is left is not taken again. Gives the one that now runs.

        Raises UpdateError slot_empty where there is no other.
        """
        state = self.state()
        other = _OTHER[state.active]
        if other not in state.slots:
            raise UpdateError(
                "slot_empty", f"slot {other} holds no release to go back to", "earmark-update status"
            )
        rejected = (*state.rejected, state.slots[state.active].sha256)
        self._save(
            msgspec.structs.replace(state, active=other, pending=False, tries_left=0, rejected=rejected)
        )
        self._follow()
        return state.slots[other].release

    def recover(self) -> State:
        """After a start: finishes what a power cut left open, and sweeps up. A pending slot stays pending."""
        state = self.state()
        self._follow()
        for leftover in self.folder.glob(".slot-*"):
            shutil.rmtree(leftover)
        return state

    def _follow(self) -> None:
        """`current` and the floor after the state."""
        state, link, device = self.state(), self.folder / "current", self.device().name
        if not link.is_symlink() or str(link.readlink()) != device:
            durable.point(link, device)
        if not state.pending:
            self.keep_floor(self.floor().raised_to(state.slots[state.active].release))

    @contextmanager
    def _fresh(self, slot: Slot) -> Iterator[Path]:
        """Where a release is made ready beside its slot; nothing is left of one that is refused."""
        fresh = self.folder / f".slot-{slot}-new"
        if fresh.exists():
            shutil.rmtree(fresh)
        try:
            with _disk_explained():
                yield fresh
        except UpdateError:
            shutil.rmtree(fresh, ignore_errors=True)
            raise

    def _put(self, slot: Slot, fresh: Path) -> None:
        """Gives the slot what is at `fresh`, once it has a Python that starts."""
        (fresh / ENVIRONMENT).symlink_to(Path("..") / "environments" / read_manifest(fresh).lock_sha256)
        (fresh / MODELS).symlink_to(self._models_dir)
        durable.flush(fresh / MODELS.parent)
        durable.flush(fresh)
        _refuse_without_interpreter(fresh)
        place, old = self.path(slot), self.folder / f".slot-{slot}-old"
        if old.exists():
            shutil.rmtree(old)
        if place.exists():
            durable.move(place, old)
        durable.move(fresh, place)
        shutil.rmtree(old, ignore_errors=True)

    def _save(self, state: State) -> None:
        with _disk_explained():
            durable.write(self.folder / "state.json", msgspec.json.encode(state))

    def _slot_of(self, path: Path) -> Slot:
        return "a" if path.name == "a" else "b"


def interpreter(slot: Path) -> Path:
    """The Python of a slot, in its virtual environment."""
    return slot / ENVIRONMENT / "bin" / "python"


def _refuse_without_interpreter(slot: Path) -> None:
    step = "set up an environment for its requirements.lock: earmark-update environment --help"
    if not interpreter(slot).exists():
        detail = (
            f"no environment on this device fulfils its lock ({(slot / ENVIRONMENT).readlink().name[:12]})"
        )
        raise UpdateError("slot_without_interpreter", detail, step)
    try:
        subprocess.run(
            [interpreter(slot), "-I", "-c", ""],
            check=True,
            capture_output=True,
            timeout=_INTERPRETER_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UpdateError("slot_without_interpreter", f"its Python does not start: {error}", step) from error


@contextmanager
def _disk_explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            detail, step = f"unpacking: {error}", "make room; the update is tried again"
            raise UpdateError("update_disk_full", detail, step) from error
        raise UpdateError(
            "update_folder_unusable", str(error), "ls -l the folder of paths.slots_dir"
        ) from error
