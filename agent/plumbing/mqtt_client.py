"""What both MQTT clients of the device, `uplink` and `sensors`, need of paho-mqtt beyond its own."""

from __future__ import annotations

import socket
from typing import Any

import paho.mqtt.client as mqtt


class UnboundClient(mqtt.Client):
    """paho binds its socket to ('', 0) before it connects, which the sandbox refuses and nobody needs."""

    def _create_socket_connection(self) -> socket.socket:
        return socket.create_connection((self._host, self._port), timeout=self._connect_timeout)


def send_at_once(client: mqtt.Client, _: object, sock: Any) -> None:
    """For `on_socket_open`: small packets that wait for each other's TCP acknowledgement cost 40 ms each
    way."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
