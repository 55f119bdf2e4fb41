"""The real `sensors` process under its launcher; a test is its supervisor and its till."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agent.plumbing import messages, site_messages
from agent.plumbing.child import Program, start_child
from agent.plumbing.ipc import IpcConnection
from scripts.story.kitchen import Kitchen, sensor_settings
from tests.committing import network

PATIENCE_S = network.PATIENCE_S
"""A deadline for a hang, not a measure of speed."""


class SensorsProcess:
    """`till` is the test's end of the connection to it."""

    def __init__(self, folder: Path, port: int, *, more_settings: str = "") -> None:
        settings = folder / "earmark.toml"
        # more_settings go into [site_broker]
        settings.write_text(sensor_settings(port).replace("\n[[", f"{more_settings}\n[["))
        self.child = start_child(
            "sensors", Program("sensors", "agent.sensing.sensors"), settings, time.monotonic()
        )
        self.till = self.connect_till()

    def connect_till(self) -> IpcConnection:
        """A new till, which replaces the one before."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.child.control.send(messages.Peer("till"), (theirs.fileno(),))
        ours.settimeout(PATIENCE_S)
        self.till = IpcConnection(ours, peer="sensors")
        ours.settimeout(PATIENCE_S)
        return self.till

    def next_proposal(self) -> site_messages.Proposal:
        """What it says next."""
        while True:
            message, _ = self.till.receive(site_messages.SensorsToTill)
            if isinstance(message, site_messages.Proposal):
                return message

    def state_when(self, so: Callable[[site_messages.SensorState], bool]) -> site_messages.SensorState:
        """The next report of how a sensor is heard for which it is so."""
        while True:
            message, _ = self.till.receive(site_messages.SensorsToTill)
            if isinstance(message, site_messages.SensorState) and so(message):
                return message

    def resident_kib(self) -> int:
        """Its memory."""
        status = Path(f"/proc/{self.child.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def close(self) -> None:
        with contextlib.suppress(EOFError):
            self.child.control.send(messages.Stop())
        assert self.child.end(PATIENCE_S) == 0
        self.till.close()


@contextlib.contextmanager
def sensors_at(kitchen: Kitchen, folder: Path, *, more_settings: str = "") -> Iterator[SensorsProcess]:
    """The process, subscribed to the kitchen's bus."""
    process = SensorsProcess(folder, kitchen.port, more_settings=more_settings)
    try:
        yield process
    finally:
        process.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Until it is so; the limit is only there so that a failing test ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
