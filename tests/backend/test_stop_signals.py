"""A service asked to stop does so, whatever it was doing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

WAITS_ALL_THE_TIME = """
import threading
from order_backend.stop_signals import on_stop_signal
stopping = threading.Event()
on_stop_signal(stopping.set)
print("ready", flush=True)
while not stopping.is_set():
    stopping.wait(0)
"""
NEVER_STOPS = """
import time
from order_backend.stop_signals import on_stop_signal
on_stop_signal(lambda: print("asked", flush=True))
print("ready", flush=True)
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("_", range(4))
def test_the_signal_may_come_while_the_event_is_being_waited_for(number: signal.Signals, _: int) -> None:
    with _started(WAITS_ALL_THE_TIME) as process:
        process.send_signal(number)
        assert process.wait() == 0


def test_a_second_signal_ends_what_does_not_stop() -> None:
    with _started(NEVER_STOPS) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 128 + signal.SIGINT


def _started(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
