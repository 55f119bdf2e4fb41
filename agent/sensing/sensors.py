"""The process that watches sensors: readings of a site's bus in; proposals, and how each is heard, out.

It keeps nothing on disk: after a restart the rule settles anew from what it reads, and the till, whose
journal knows what was proposed, answered and said, decides what is news.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable

from agent.plumbing import audit
from agent.plumbing.boot_clock import boot_s
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.mqtt_client import Down, Up
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Settings
from agent.plumbing.till_link import News, TillLink
from agent.sensing.sensor_watch import SensorWatch
from agent.sensing.site_bus import SiteBus, SiteMessage

_STEP_S = 1.0


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
            sensor.topic: SensorWatch(sensor, oldest_s, wall_s=time.time, boot_s=boot_s)
            for sensor in settings.sensors
        }
        self._bus_fault = "starting"

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
                            self._bus_changed("")
                        case Down(reason=reason):
                            audit.log("site_broker_lost", reason=reason)
                            self._bus_changed(reason)
                self._tell_states()
                self._stepped()
        finally:
            self._bus.close()

    def _from_bus(self, message: SiteMessage) -> None:
        found = self._watches.get(message.topic)
        if found is not None and (proposal := found.received(message)) is not None:
            self._till.tell(found.state(self._bus_fault))  # first, or the proposal would rest on stale data
            self._till.tell(proposal)  # where there is no till, its successor is told all that holds then

    def _bus_changed(self, fault: str) -> None:
        self._bus_fault = fault
        for found in self._watches.values():
            self._till.tell(found.state(fault))

    def _tell_states(self) -> None:
        for found in self._watches.values():
            if found.state_is_due():
                self._till.tell(found.state(self._bus_fault))

    def _tell_all(self) -> None:
        for found in self._watches.values():
            self._till.tell(found.state(self._bus_fault))
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
