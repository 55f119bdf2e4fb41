"""The home's own bus: a mosquitto on the loopback, which is not the shop's broker, and a scale under the
coffee machine that publishes on it."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from order_backend.broker import ends_with_parent, free_port, mosquitto_path

TOPIC = "home/kitchen/coffee"
PATIENCE_SECONDS = 240.0


class KitchenError(Exception):
    """The home's bus did not do what was asked of it."""


class Kitchen:
    """Starts the bus in `folder`; `port` is where it listens. `extra` lines go to its configuration, instead
    of the plain listener."""

    def __init__(self, folder: Path, *, listener: str = "allow_anonymous true\n") -> None:
        """Raises KitchenError, ConfigurationError broker_missing."""
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._configuration = folder / "mosquitto.conf"
        user = pwd.getpwuid(os.geteuid()).pw_name
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\n{listener}user {user}\npersistence false\nlog_dest stderr\n",
            encoding="utf-8",
        )
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def pid(self) -> int:
        """Of the bus; 0 while there is none."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Returns once it accepts connections."""
        with self._log.open("ab") as log:
            command = ends_with_parent([mosquitto_path(), "-c", str(self._configuration)])
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                time.sleep(0.02)
        self.close()
        raise KitchenError(f"mosquitto did not start: {self._log.read_text(errors='replace')[-300:]}")

    def publish(self, *payloads: bytes, topic: str = TOPIC, retain: bool = False) -> None:
        """Publishes all, in this order; returns when the broker has them."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.max_inflight_messages_set(1_000)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            for sent in [client.publish(topic, payload, qos=1, retain=retain) for payload in payloads]:
                sent.wait_for_publish(PATIENCE_SECONDS)
        finally:
            client.disconnect()
            client.loop_stop()

    def weigh(self, kilograms: float) -> None:
        """The scale publishes what is left, now."""
        self.publish(reading(kilograms), retain=True)

    def close(self) -> None:
        """Ends the broker."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait()


def reading(value: float, unit: str = "kg", at: datetime | None = None) -> bytes:
    """A payload as a scale sends it."""
    time_ = (at or datetime.now(UTC)).isoformat()
    return json.dumps({"value": value, "unit": unit, "time": time_, "battery": 83}).encode()


def sensor_settings(port: int, *, hold_seconds: int = 0) -> str:
    """The device's settings for the scale: it holds three kilograms of light roast, and asks at any hour."""
    return (
        f'\n[site_broker]\nhost = "127.0.0.1"\nport = {port}\nreconnect_max_seconds = 1.0\n'
        '\n[[sensors]]\nid = "beans"\nname = "the coffee machine"\n'
        f'topic = "{TOPIC}"\nunit = "kg"\nfull_amount = 3\nlow_amount = 0.6\nhigh_amount = 2\n'
        'product = "coffee"\npack_amount = 1\noptions = { roast = "light" }\n'
        f"hold_seconds = {hold_seconds}\n"
        '\n[proposals]\nquiet_from = "00:00"\nquiet_until = "00:00"\n'
    )
