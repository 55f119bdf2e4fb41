"""An order service's socket to the broker: TLS with its certificate, and what paho-mqtt does not tell."""

from __future__ import annotations

import select
import socket
import ssl
from typing import Any

import paho.mqtt.client as mqtt

from order_backend.authorities import trusted_pem
from order_backend.folder import ShopFolder


def tls_context(folder: ShopFolder, name: str) -> ssl.SSLContext:
    """TLS 1.3 as the replica of that name."""
    context = ssl.create_default_context(cadata=trusted_pem(folder))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(*folder.replica_files(name))
    return context


def send_at_once(client: mqtt.Client, _: object, sock: Any) -> None:
    """Nothing small waits for something more (TCP_NODELAY)."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def has_more(client: mqtt.Client) -> bool:
    """Whether something has come that was not read yet."""
    sock: Any = client.socket()
    return sock is not None and bool(sock.pending() or select.select([sock], (), (), 0)[0])
