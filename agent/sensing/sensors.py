"""The process that watches sensors: readings of the site's bus in, proposals for the till out, nothing else.

It keeps nothing on disk: after a restart the rule settles anew from what it reads, and the till, whose
journal knows what was proposed and answered, decides what is news.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable

from agent.plumbing import audit
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Proposal
from agent.plumbing.mqtt_client import Down, Up
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Sensor, Settings
from agent.plumbing.till_link import News, TillLink
from agent.sensing.readings import ReadingError, parse_reading
from agent.sensing.rules import Side, Watch, watch
from agent.sensing.site_bus import SiteBus, SiteMessage

MOST_READINGS_A_SECOND = 5
"""Of one sensor; what comes faster is counted and dropped unread."""

REPEAT_S = 60.0
"""So often, at most, the till hears how far something that is low has fallen meanwhile."""

_STEP_S = 1.0


class SensorWatch:
    """One sensor: counts what is no reading, applies the rule, says when the till is to hear of it.

    `dropped` counts by error code.
    """

    def __init__(
        self,
        sensor: Sensor,
        oldest_s: float,
        *,
        wall_s: Callable[[], float],
        monotonic_s: Callable[[], float],
    ) -> None:
        self.sensor = sensor
        self._oldest_s, self._wall_s, self._monotonic_s = oldest_s, wall_s, monotonic_s
        self._watch = Watch()
        self._told: Side = ""
        self._told_at = 0.0
        self._second, self._in_second = 0, 0
        self.dropped: Counter[str] = Counter()

    def received(self, message: SiteMessage) -> Proposal | None:
        """What the till is to be told after `message`, if anything."""
        second = int(self._monotonic_s())
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        if self._in_second > MOST_READINGS_A_SECOND:
            self._drop("reading_too_fast", "")
            return None
        try:
            reading = parse_reading(
                message.payload,
                self.sensor,
                now_s=self._wall_s(),
                oldest_s=self._oldest_s,
                retained=message.retained,
            )
        except ReadingError as error:
            self._drop(error.code, error.detail)
            return None
        self._watch = watch(self._watch, reading.amount, reading.at_s, self.sensor)
        changed = self._watch.settled != self._told
        stale = self._watch.settled == "low" and self._monotonic_s() - self._told_at >= REPEAT_S
        return self.standing() if changed or stale else None

    def standing(self) -> Proposal | None:
        """What holds now, for a till that has heard nothing yet; None before anything has settled."""
        if not self._watch.settled:
            return None
        self._told, self._told_at = self._watch.settled, self._monotonic_s()
        return Proposal(self.sensor.id, self._watch.level, wanted=self._told == "low")

    def _drop(self, code: str, detail: str) -> None:
        self.dropped[code] += 1
        count = self.dropped[code]
        if count & (count - 1) == 0:  # at powers of two: a flood must not fill the log
            audit.log(code, sensor=self.sensor.id, detail=detail, count=count)


class Sensors:
    """All sensors of the site, one till at a time."""

    def __init__(
        self,
        settings: Settings,
        bus: SiteBus,
        control: IpcConnection,
        stepped: Callable[[], None] = lambda: None,
    ) -> None:
        """`stepped` is called after each step of the bus (the watchdog's heartbeat)."""
        self._bus, self._till, self._stepped = bus, TillLink(control), stepped
        oldest_s = settings.site_broker.oldest_reading_seconds
        self._watches = {
            sensor.topic: SensorWatch(sensor, oldest_s, wall_s=time.time, monotonic_s=time.monotonic)
            for sensor in settings.sensors
        }

    def run(self) -> None:
        """Until `Stop`, or the supervisor is gone. Raises IpcError till_gone as `TillLink.attend` does."""
        try:
            while (news := self._till.attend()) is not News.END:
                if news is News.NEW_TILL:
                    self._tell_all()
                for event in self._bus.step(self._till.fileno(), _STEP_S):
                    match event:
                        case SiteMessage():
                            self._from_bus(event)
                        case Up():
                            audit.log("site_broker_connected")
                        case Down(reason=reason):
                            audit.log("site_broker_lost", reason=reason)
                self._stepped()
        finally:
            self._bus.close()

    def _from_bus(self, message: SiteMessage) -> None:
        found = self._watches.get(message.topic)
        if found is not None and (proposal := found.received(message)) is not None:
            self._till.tell(proposal)  # where there is no till, its successor is told all that holds then

    def _tell_all(self) -> None:
        for found in self._watches.values():
            if (proposal := found.standing()) is not None:
                self._till.tell(proposal)


def _prepare(settings: Settings, control: IpcConnection, alive: Callable[[], None]) -> Callable[[], None]:
    topics = [sensor.topic for sensor in settings.sensors]
    client_id = f"{settings.device.id}-sensors"
    bus = SiteBus(client_id, settings.site_broker, topics, jitter=random.random)
    return Sensors(settings, bus, control, alive).run


def main(arguments: list[str] | None = None) -> int:
    """`python -m agent.sensing.sensors --settings FILE (--control-fd N | --till PATH)`, by the launcher."""
    return run_process("sensors", _prepare, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
