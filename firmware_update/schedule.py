"""When an updater that runs by itself checks: so often, and only at hours at which nobody minds a restart."""

from __future__ import annotations

from agent.plumbing.setting_values import TimeOfDay
from agent.plumbing.update_settings import Update

DAY_SECONDS = 24 * 3_600


def rest_seconds(settings: Update, spread: float) -> float:
    """Between two checks: `check_hours`, a tenth less or more by `spread` (0..1), so that devices that were
    switched on together do not ask together.
    """
    return settings.check_hours * 3_600 * (0.9 + 0.2 * spread)


def is_open(second_of_day: float, settings: Update) -> bool:
    """Whether a check may begin now; `second_of_day` is local time."""
    begin, length = _window(settings)
    return (second_of_day - begin) % DAY_SECONDS < length


def seconds_until_open(second_of_day: float, settings: Update, spread: float) -> float:
    """0 while it is; else until it opens, and `spread` of half of its length more."""
    if is_open(second_of_day, settings):
        return 0.0
    begin, length = _window(settings)
    return (begin - second_of_day) % DAY_SECONDS + spread * length / 2


def _window(settings: Update) -> tuple[float, float]:
    """Second of the day, and length in seconds; the same time twice is the whole day."""
    first, last = _seconds(settings.install_from), _seconds(settings.install_until)
    return first, (last - first) % DAY_SECONDS or DAY_SECONDS


def _seconds(time_of_day: TimeOfDay) -> float:
    hours, _, minutes = time_of_day.partition(":")
    return int(hours) * 3_600.0 + int(minutes) * 60.0
