"""A service asked to stop does so, whatever it was doing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from order_backend.stop_signals import STOP_SIGNALS, stopped_by_signal

WAITS_ALL_THE_TIME = """
import threading
from order_backend.stop_signals import stopped_by_signal
stopping = threading.Event()
with stopped_by_signal(stopping.set):
    print("ready", flush=True)
    while not stopping.is_set():
        stopping.wait(0)
"""
NEVER_STOPS = """
import time
from order_backend.stop_signals import stopped_by_signal
with stopped_by_signal(lambda: print("asked", flush=True)):
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


def test_afterwards_signals_are_what_they_were() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    asked = []
    with stopped_by_signal(lambda: asked.append(True)):
        assert set(STOP_SIGNALS) <= signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert not asked, "its own end asks nobody to stop"


def _started(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
