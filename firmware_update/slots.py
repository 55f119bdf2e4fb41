"""Two slots, a and b, and which of them is the device. Every change is one rename: nothing is ever half done.

    slots_dir/a/, b/           a release each; `environment` in it leads to the packages that it runs on
    slots_dir/current -> a     where the device is started from
    slots_dir/state.json       the truth; `current` is made to follow it, once a release is confirmed
    slots_dir/switched         written when `current` was turned; systemd.path(5) cannot watch a link
    slots_dir/floor.json       what never goes back
    slots_dir/environments/    virtual environments, named by the SHA-256 of the lock that they fulfil

A release that was not confirmed is health-checked, but never started as the device. Links are relative, so
that a device can be made in one root and run in another; files may hold keys that a newer release wrote.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from agent.plumbing import durable
from agent.plumbing.errors import UpdateError
from agent.plumbing.settings import Settings
from firmware_update import environments
from firmware_update.archive import LOCK, is_whole, read_manifest, unpack
from firmware_update.releases import Floor, Release
from firmware_update.slot_state import Installed, Slot, State

MODELS = Path("models/files")
SWITCHED = "switched"
_OTHER: dict[Slot, Slot] = {"a": "b", "b": "a"}


class Slots:
    """The slots below `folder`, for one process at a time; their models stand in `models_dir`, for both."""

    def __init__(self, folder: Path, models_dir: Path) -> None:
        self.folder = folder
        self._models_dir = models_dir.resolve()  # through the link of the slot that runs

    @property
    def scratch(self) -> Path:
        """Where a health check may write."""
        return self.folder / "scratch"

    def state(self) -> State:
        """Raises UpdateError: slots_missing (nothing was installed yet), slots_damaged."""
        path = self.folder / "state.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=State)
        except FileNotFoundError as error:
            step = "earmark-update install --help"
            raise UpdateError(
                "slots_missing", f"no release is installed below {self.folder}", step
            ) from error
        except (OSError, msgspec.DecodeError) as error:
            raise UpdateError("slots_damaged", f"{path}: {error}", "earmark-update install --help") from error

    def is_founded(self) -> bool:
        """Whether there is a state, and it can be read."""
        return self._readable_state() is not None

    def _readable_state(self) -> State | None:
        try:
            return self.state()
        except UpdateError:
            return None

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

    def bring(
        self, archive: Path, environment: Path | None, *, largest_bytes: int, older: bool = False
    ) -> Release:
        """A release of whoever looks after the device, with the virtual environment for it: it is the
        device at once, without signature or trial. What ran before stays in the other slot.

        Of what runs already only the environment is taken, and its files where they are not as they were. A
        state that cannot be read is begun anew. Raises UpdateError release_older (than the device; not
        where `older`), and as `install` does.
        """
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        before = self._readable_state()
        device = self._slot_of(self.device()) if before else "b"
        running = before.slots[device] if before else None
        mending = running is not None and running.sha256 == sha256
        place = device if mending else _OTHER[device]
        with self._fresh(place) as fresh:
            release = unpack(archive, fresh, largest_bytes=largest_bytes).release
            if running and not older and release.rank < running.release.rank:
                detail = f"{release.name} is older than the device, {running.release.name}"
                raise UpdateError("release_older", detail, "earmark-update back; or install with --older")
            if environment is not None:
                self.add_environment(fresh / LOCK, environment)
            self._equip(fresh)
            if mending and is_whole(self.path(place)):
                shutil.rmtree(fresh)
                self._follow()
                return release
            if before and running and not mending:
                kept = msgspec.structs.replace(before, active=device, pending=False, slots={device: running})
                self._save(kept)
            self._put(place, fresh)
        if before is None or running is None:
            self._save(State(place, False, 0, {place: Installed(release, sha256)}))
        elif not mending:
            installed = {device: running, place: Installed(release, sha256)}
            rejected = tuple(other for other in before.rejected if other != sha256)
            self._save(State(place, False, 0, installed, rejected))
        self._follow()
        return release

    def add_environment(self, lock: Path, environment: Path) -> None:
        """From now on, releases with that lock run on the packages of that virtual environment."""
        environments.add(self.folder, lock, environment)

    def install(self, archive: Path, sha256: str, expected: Release, *, largest_bytes: int) -> Slot:
        """Puts a verified release into the idle slot; the running one is not touched.

        Raises UpdateError: update_damaged, update_disk_full, slot_without_interpreter (no environment here
        fulfils its lock, or its Python does not start).
        """
        state = self.state()
        idle = _OTHER[state.active]
        kept = {slot: installed for slot, installed in state.slots.items() if slot != idle}
        with self._fresh(idle) as fresh:
            if unpack(archive, fresh, largest_bytes=largest_bytes).release != expected:
                detail = "the archive says other facts than its signature"
                raise UpdateError("update_damaged", detail, "earmark-release sign --help")
            self._equip(fresh)
            self._save(msgspec.structs.replace(state, slots=kept))
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

    def unfit(self) -> Release:
        """As `roll_back`, of a confirmed release that does not start: it is nothing to go back to either."""
        state = self.state()
        self._save(msgspec.structs.replace(state, pending=True, tries_left=0))
        return self.roll_back()

    def take_back_try(self) -> None:
        """The check could not be begun, through no fault of the release."""
        state = self.state()
        self._save(msgspec.structs.replace(state, tries_left=state.tries_left + 1))

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
        rejected = tuple(dict.fromkeys((*state.rejected, state.slots[state.active].sha256)))
        # What failed its trial is nothing to go back to; what a person has left may be wanted again.
        kept = {other: state.slots[other]} if state.pending else state.slots
        after = State(other, False, 0, kept, rejected)
        self._save(after)
        self._follow()
        return after.slots[other].release

    def recover(self) -> State:
        """After a start: finishes what a power cut left open, and sweeps up. A pending slot stays pending."""
        state = self.state()
        self._follow()
        for leftover in (*self.folder.glob(".slot-*"), *self.scratch.glob("*")):
            shutil.rmtree(leftover)
        return state

    def _follow(self) -> None:
        """`current`, `switched` and the floor after the state. Raises UpdateError update_disk_full."""
        state, link, device = self.state(), self.folder / "current", self.device().name
        with _disk_explained():
            if not link.is_symlink() or str(link.readlink()) != device:
                durable.point(link, device)
            notice = self.folder / SWITCHED
            if not notice.exists() or notice.read_bytes() != device.encode():
                notice.write_bytes(device.encode())  # in place: what waits for it watches the file itself
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

    def _equip(self, fresh: Path) -> None:
        """Leads what is at `fresh` to its packages and models; it has a Python that starts then."""
        environments.lead_to(fresh, read_manifest(fresh).lock_sha256)
        models = fresh / MODELS
        models.symlink_to(os.path.relpath(self._models_dir, models.parent.resolve()))
        durable.flush(models.parent)
        durable.flush(fresh)
        environments.refuse_without_interpreter(fresh)

    def _put(self, slot: Slot, fresh: Path) -> None:
        """Gives the slot what is at `fresh`."""
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


def slots_of(settings: Settings) -> Slots:
    """Where the releases of this device stand."""
    return Slots(Path(settings.paths.slots_dir), Path(settings.paths.models_dir))


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
