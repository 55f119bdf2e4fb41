"""How a sensor is heard, in words for a terminal, and what mends it."""

from __future__ import annotations

import datetime
import time

from agent.plumbing.operator import SensorRow

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 24 * 3600


def heard_how(row: SensorRow) -> str:
    """E.g. "41% left, read 3 minutes ago"; refused readings by code, and why nothing can come."""
    parts = [] if row.level is None else [f"{row.level:.0%} left"]
    if row.silent:
        parts.append(f"silent since {_moment(row.unheard_s)}" if row.ever else "never heard")
    elif row.ever:
        parts.append(f"read {_ago(row.unheard_s)} ago")
    else:
        parts.append("not heard yet")
    if row.refused:
        counts = ", ".join(f"{count} {code}" for code, count in row.refused.items())
        parts.append(f"refused: {counts}")
    if row.fault:
        parts.append(row.fault)
    return ", ".join(parts)


def what_mends(row: SensorRow) -> tuple[str, str]:
    """The code of what is wrong and the next step; two empty strings where nothing is."""
    if row.fault == "sensors_not_connected":
        return row.fault, "earmark run; under systemd: systemctl status earmark-sensors.service"
    if row.fault:
        return row.fault, "mend what is said of the site's broker"
    if row.silent and row.refused:
        return (
            "sensor_refused",
            'let it publish {"value": NUMBER}, in a unit of its kind, with the right time',
        )
    if row.silent and not row.ever:
        return "sensor_never_heard", "compare [[sensors]] topic with what the sensor publishes"
    return ("sensor_silent", "look at its power, battery and radio") if row.silent else ("", "")


def _ago(seconds: int) -> str:
    for size, unit in ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute"), (1, "second")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return "a second"


def _moment(seconds_ago: int) -> str:
    moment = datetime.datetime.fromtimestamp(time.time() - seconds_ago)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
