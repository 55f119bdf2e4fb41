"""The updater as a process: it checks when it is time, and keeps how the last check ended for whoever
asks."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from agent.plumbing import audit, durable
from agent.plumbing.errors import UpdateError
from firmware_update.schedule import is_open, rest_seconds, seconds_until_open
from firmware_update.slots import Slots
from firmware_update.updater import Outcome, Updater, alone

LAST_CHECK = "last-check.json"
_LOOK_SECONDS = 1.0


def _boot_seconds() -> float:
    """Goes on while the machine is suspended, and is never set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _local_second_of_day() -> float:
    local = time.localtime()
    return local.tm_hour * 3_600.0 + local.tm_min * 60.0 + local.tm_sec


class LastCheck(msgspec.Struct, frozen=True):
    """`outcome` is that of `Updater.check`, or the code of what it raised; `at_s` is Unix time."""

    at_s: int
    outcome: str
    detail: str = ""
    next_step: str = ""


def last_check(slots: Slots) -> LastCheck | None:
    """None where there was none, or its record cannot be read."""
    try:
        return msgspec.json.decode((slots.folder / LAST_CHECK).read_bytes(), type=LastCheck)
    except (OSError, msgspec.DecodeError):
        return None


def check_once(updater: Updater) -> Outcome:
    """`Updater.check` alone on this device, and kept. Raises UpdateError as it does, or `alone`."""
    with alone(updater.slots.folder):
        now_s = int(time.time())
        try:
            outcome = updater.check(now_s=now_s)
        except UpdateError as error:
            _keep(updater.slots, LastCheck(now_s, error.code, error.detail, error.next_step))
            raise
        _keep(updater.slots, LastCheck(now_s, outcome))
    audit.log("update_checked", state=outcome)
    return outcome


def watch(
    updater: Updater,
    *,
    alive: Callable[[], None],
    spread: float,
    now_s: Callable[[], float] = _boot_seconds,
    second_of_day: Callable[[], float] = _local_second_of_day,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Checks again and again; returns when a release was taken, which is the device from its next start on.

    A trial that a power cut left open is brought to its end at once. `spread` in 0..1 is this device's
    place among others; `alive` is called about once a second.
    """
    settings, due_s = updater.settings.update, 0.0
    if not updater.slots.recover().pending:
        due_s = now_s() + seconds_until_open(second_of_day(), settings, spread)
    while True:
        alive()
        if now_s() < due_s:
            sleep(_LOOK_SECONDS)
        elif not is_open(second_of_day(), settings) and not updater.slots.state().pending:
            due_s = now_s() + seconds_until_open(
                second_of_day(), settings, spread
            )  # or the clock was set meanwhile
        else:
            due_s = now_s() + rest_seconds(settings, spread)
            try:
                if check_once(updater) == "updated":
                    return
            except UpdateError as error:
                audit.log(error.code, detail=error.detail, next_step=error.next_step)


def _keep(slots: Slots, check: LastCheck) -> None:
    try:
        durable.write(slots.folder / LAST_CHECK, msgspec.json.encode(check))
    except OSError as error:  # a full disk: the outcome stands in the log
        audit.log("update_unrecorded", detail=str(error))
