"""Mosquitto that a signal has ended which nobody sent, as 2.0.11 does after some reloads."""

from __future__ import annotations

import logging
import signal
import socket

import pytest

from agent.plumbing.errors import ConfigurationError
from order_backend.broker import PrivateBroker
from tests.committing.kit import Bench

pytestmark = pytest.mark.parametrize("database", [""])


def _crash(broker: PrivateBroker) -> None:
    assert broker._process is not None
    broker._process.send_signal(signal.SIGSEGV)
    broker._process.wait(10)


def test_it_is_started_again_on_its_port_and_told(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with PrivateBroker(bench.folder) as broker, caplog.at_level(logging.WARNING):
        assert not broker.revive(), "it runs"
        _crash(broker)
        assert broker.revive()
        socket.create_connection(("127.0.0.1", broker.port), timeout=10).close()
    assert "broker_crashed by SIGSEGV" in caplog.text


def test_one_that_always_crashes_is_given_up(bench: Bench) -> None:
    with PrivateBroker(bench.folder) as broker:
        for _ in range(4):
            _crash(broker)
            assert broker.revive()
        _crash(broker)
        with pytest.raises(ConfigurationError, match="5 times within a minute") as caught:
            broker.revive()
    assert caught.value.code == "broker_start" and "broker.log" in caught.value.next_step


def test_one_that_was_asked_to_stop_stays_stopped(bench: Bench) -> None:
    with PrivateBroker(bench.folder) as broker:
        broker.ask_to_stop()
        assert broker.serve() == 0
        assert not broker.revive()
