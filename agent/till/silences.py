"""How sensors are heard, as `sensors` reports it: who has fallen silent, and whether that was said already.

Either process may be restarted: the journal keeps how long a silence has lasted and that it was told.
A hostile `sensors` can claim any silence, and gains one sentence by it in a rest period.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.deciding import silences
from agent.deciding.conversation import SensorsSilent
from agent.deciding.silences import Silence, Since
from agent.plumbing import audit
from agent.plumbing.boot_clock import boot_s
from agent.plumbing.operator import SensorRow
from agent.plumbing.settings import Sensor
from agent.plumbing.site_messages import SensorState
from agent.till.desk import Desk
from agent.till.kept import keep, kept

MOST_NAMED = 5
"""Sensors in one sentence; with more of them the rest waits for the next."""

MOST_CODES = 3
"""Of refused readings, shown of one sensor."""


class Due(NamedTuple):
    """A silence to be told now, of these sensors."""

    sensors: tuple[Sensor, ...]
    event: SensorsSilent


class SensorSilences:
    """Of every sensor in the settings. Used from the till's loop."""

    def __init__(self, desk: Desk, now: Callable[[], float] = boot_s) -> None:
        """`now` is the boot clock, in seconds."""
        self._desk, self._now = desk, now
        self._sensors = {sensor.id: sensor for sensor in desk.settings.sensors}
        self._kept = {key: kept(desk.journal, _key(key), Silence()) for key in self._sensors}
        # When, by the boot clock, a good reading came last; before a report, as the journal had it.
        self._since_s = {key: now() - kept.unheard_s for key, kept in self._kept.items()}
        self._states: dict[str, SensorState] = {}
        self._connected = False
        self._unknown = 0

    def reported(self, state: SensorState) -> None:
        """From `sensors`; only the newest of each sensor is kept."""
        if state.sensor not in self._sensors:
            self._unknown += 1
            if audit.is_news(self._unknown):
                audit.log("sensor_unknown", count=self._unknown)
            return
        self._connected = True
        self._states[state.sensor] = state
        if state.age_s is not None:
            self._since_s[state.sensor] = self._now() - state.age_s

    def sensors_lost(self) -> None:
        """`sensors` is gone: the silences last on."""
        self._states.clear()
        self._connected = False

    def is_silent(self, sensor_id: str) -> bool:
        """Whether no good reading came for as long as the settings say."""
        return self._unheard_s(sensor_id) >= self._sensors[sensor_id].silent_after_seconds

    def is_stale(self, sensor_id: str) -> bool:
        """Whether its newest reading says nothing about now: then nothing is asked on its account."""
        oldest_s = self._desk.settings.site_broker.oldest_reading_seconds
        return self.is_silent(sensor_id) or self._unheard_s(sensor_id) > oldest_s

    def said_at_s(self, sensor_id: str) -> int:
        """When a silence of that sensor was told last, in Unix seconds."""
        return self._kept[sensor_id].said_at_s or 0

    def due(self, last_said_s: Callable[[str], int]) -> Due | None:
        """What is to be told now. `last_said_s` is when that sensor was last the reason for a proposal.

        Raises JournalError where it cannot be noted how long the silences have lasted.
        """
        for key, sensor in self._sensors.items():
            self._note(sensor, heard=self._heard(key))
        if not self._desk.road.clock_trusted():
            return None
        now_s, limits = self._desk.now_s(), self._desk.settings.proposals
        if self._desk.is_quiet():
            return None
        found = [
            sensor
            for key, sensor in self._sensors.items()
            if silences.is_due(
                self._kept[key],
                self._unheard_s(key),
                sensor.silent_after_seconds,
                now_s,
                max(last_said_s(key), self.said_at_s(key)),
                limits.rest_seconds,
            )
        ]
        return self._sentences(found, now_s)[0] if found else None

    def said(self, sensors: Sequence[Sensor]) -> None:
        """It is being said. Raises JournalError; then it must not be."""
        for sensor in sensors:
            self._keep(
                sensor.id,
                silences.told(self._kept[sensor.id], self._unheard_s(sensor.id), self._desk.now_s()),
            )

    def all(self) -> tuple[SensorRow, ...]:
        """Every sensor, for people to look at."""
        return tuple(self._row(sensor) for sensor in self._sensors.values())

    def silent(self) -> list[SensorsSilent]:
        """Those that are silent now, as they would be told."""
        found = [sensor for key, sensor in self._sensors.items() if self.is_silent(key)]
        return [due.event for due in self._sentences(found, self._desk.now_s())]

    def _sentences(self, found: Sequence[Sensor], now_s: int) -> list[Due]:
        """Together those that were last heard of at the same time, as people put it."""
        now = datetime.datetime.fromtimestamp(now_s)
        together: dict[Since, list[Sensor]] = {}
        for sensor in found:
            ever = self._ever(sensor.id)
            together.setdefault(silences.since(self._unheard_s(sensor.id), now, ever=ever), []).append(sensor)
        return [
            Due(tuple(named), SensorsSilent(tuple(sensor.name for sensor in named), since))
            for since, sensors in together.items()
            for named in (sensors[:MOST_NAMED],)
        ]

    def _row(self, sensor: Sensor) -> SensorRow:
        state = self._states.get(sensor.id)
        fault = state.bus_fault if state else ""
        return SensorRow(
            sensor=sensor.id,
            name=sensor.name,
            level=state.level if state else None,
            unheard_s=self._unheard_s(sensor.id),
            ever=self._ever(sensor.id),
            silent=self.is_silent(sensor.id),
            refused=dict(Counter(state.refused if state else {}).most_common(MOST_CODES)),
            fault=fault if self._connected else "sensors_not_connected",
        )

    def _heard(self, sensor_id: str) -> bool:
        state = self._states.get(sensor_id)
        return state is not None and state.age_s is not None

    def _ever(self, sensor_id: str) -> bool:
        return self._kept[sensor_id].ever or self._heard(sensor_id)

    def _unheard_s(self, sensor_id: str) -> int:
        return max(0, int(self._now() - self._since_s[sensor_id]))

    def _note(self, sensor: Sensor, *, heard: bool) -> None:
        before = self._kept[sensor.id]
        after = silences.noted(before, self._unheard_s(sensor.id), sensor.silent_after_seconds, heard=heard)
        if after is not before:
            self._keep(sensor.id, after)

    def _keep(self, sensor_id: str, silence: Silence) -> None:
        keep(self._desk.journal, _key(sensor_id), silence)
        self._kept[sensor_id] = silence


def _key(sensor_id: str) -> str:
    return f"silence:{sensor_id}"
