"""Does a piece of work on the slots again and again, on a fresh copy, killed one step later each time.

A step is anything that changes the disk, as Python's audit events tell it. Arguments: bring|update|back, the
folder to copy, where the copies go, the archive, the release (JSON), the environment. Writes how many copies.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import msgspec

from firmware_update.releases import Release
from firmware_update.slots import Slots

CHANGES = {"os.rename", "os.symlink", "os.remove", "os.rmdir", "os.mkdir", "os.chmod"}
LARGEST = 64_000_000


def work(what: str, slots: Slots, archive: Path, release: Release, environment: Path) -> None:
    if what == "bring":
        slots.bring(archive, environment, largest_bytes=LARGEST)
        return
    slots.recover()
    if what == "update":
        slot = slots.install(archive, "0" * 64, release, largest_bytes=LARGEST)
        slots.switch(slot, tries=2)
        slots.begin_try()
        slots.confirm()
    else:
        slots.roll_back()


def die_at(last: int) -> None:
    """Kills this process at the `last`-th change that it is about to make."""
    seen = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event == "open":
            flags = arguments[2]
            if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR):
                return
        elif event not in CHANGES:
            return
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def main() -> None:
    what, template, copies, archive, release, environment = sys.argv[1:]
    decoded = msgspec.json.decode(release, type=Release)
    step, killed = 0, True
    while killed:
        step += 1
        copy = Path(f"{copies}-{step}")
        shutil.copytree(template, copy, symlinks=True)
        if (child := os.fork()) == 0:
            die_at(step)
            work(what, Slots(copy, Path("/nowhere")), Path(archive), decoded, Path(environment))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        if not killed and status:
            sys.exit(f"step {step} failed")
    print(step)


if __name__ == "__main__":
    main()
