"""The end of a device's or an order service's right to connect: at once, also for a session that is live.

A broker that reads a new revocation list goes on with the sessions it has. So the list names a certificate
more, made for this and thrown away: once the broker refuses that one, it has read the list. Then the session
is taken over by whoever can always do so, the shop's authority: with a fresh certificate of that name.
"""

from __future__ import annotations

import os
import ssl
import time
from datetime import UTC, datetime
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.committing.envelope import up_topic
from agent.committing.tls import probe_broker
from agent.plumbing.errors import ConfigurationError
from order_backend import certificates
from order_backend.authorities import Authority, authority_of, trusted_pem
from order_backend.broker import reload_broker
from order_backend.broker_files import write_access_list
from order_backend.folder import ShopFolder
from order_backend.provisioning import revoke, write_revocations
from order_backend.replicas import REPLICA_NAME, forget_replica

_PATIENCE_S = 15.0
_STEP_S = 0.1
_CANARY = "revoked-and-never-used"
_REVOKED = "tls_client_revoked"


class Ended(NamedTuple):
    """Whether nobody can be connected under that name any more; if that is not known, why."""

    sure: bool
    reason: str = ""


def revoke_device(folder: ShopFolder, device_id: str, *, port: int = 0, now: datetime) -> Ended | None:
    """Refuses its orders, its certificates and its session, and clears its birth; None where it is unknown.

    `port` is the broker's where it is not that of shop.json. What is in the database and in the revocation
    list stays there however this ends. Raises ConfigurationError shop_missing, shop_invalid.
    """
    if not revoke(folder, device_id, now=now):
        return None
    return _end(folder, device_id, port, up_topic(device_id, "status"))


def revoke_replica(folder: ShopFolder, name: str, *, port: int = 0, now: datetime) -> Ended | None:
    """Takes an order service's certificates, topics and session from it; None where it never had any.

    Raises ConfigurationError shop_missing, shop_invalid, replica_name.
    """
    if not REPLICA_NAME.fullmatch(name):
        raise ConfigurationError("replica_name", f"{name!r} is no name for an order service", "backend-2")
    if not forget_replica(folder, name):
        return None
    write_revocations(folder, now=now)
    write_access_list(folder)
    return _end(folder, name, port, "")


def _end(folder: ShopFolder, name: str, port: int, retained: str) -> Ended:
    config = folder.config()
    address = (config.broker_host, port or config.broker_port)
    authority, believed = authority_of(folder), trusted_pem(folder)
    canary, serial = short_lived_context(_CANARY, authority, believed)
    write_revocations(folder, also=(serial,), now=datetime.now(UTC))
    is_private = reload_broker(folder)
    code, deadline = probe_broker(*address, canary), time.monotonic() + _PATIENCE_S
    while code != _REVOKED and time.monotonic() < deadline:
        if code == "broker_not_listening":
            here = address[0] in ("localhost", "127.0.0.1", "::1")
            return Ended(here and not is_private, code)
        # OpenSSL takes the newer of two lists, by the second: one of the same second is not newer.
        write_revocations(folder, also=(serial,), now=datetime.now(UTC))
        reload_broker(folder)
        time.sleep(_STEP_S)
        code = probe_broker(*address, canary)
    if code != _REVOKED:
        return Ended(False, code or "broker_not_reloaded")
    context, _ = short_lived_context(name, authority, believed)
    return Ended(True) if _take_over(context, name, address, retained) else Ended(False, "session_not_taken")


def _take_over(context: ssl.SSLContext, name: str, address: tuple[str, int], retained: str) -> bool:
    """Connects in its place, which ends its session with 0x8E, clears `retained`, and leaves for good."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5, reconnect_on_failure=False
    )
    client.tls_set_context(context)
    done: list[bool] = []

    def connected(
        client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            done.append(False)
        elif retained:
            client.publish(retained, b"", qos=1, retain=True)
        else:
            done.append(True)

    def published(client: mqtt.Client, _: object, mid: int, reason: ReasonCode, properties: object) -> None:
        done.append(not reason.is_failure)

    client.on_connect, client.on_publish = connected, published
    options = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    options.SessionExpiryInterval = 0  # what waited for it goes when this leaves
    deadline = time.monotonic() + _PATIENCE_S
    try:
        # Not a clean start: that would end the old session, and send its will after what is cleared here.
        client.connect(*address, keepalive=30, clean_start=False, properties=options)
        while not done and time.monotonic() < deadline:
            if client.loop(timeout=_STEP_S) != mqtt.MQTT_ERR_SUCCESS:
                break
        client.disconnect()
        client.loop(timeout=_STEP_S)
    except OSError:
        return False
    return bool(done) and done[0]


def short_lived_context(name: str, authority: Authority, ca_pem: str) -> tuple[ssl.SSLContext, int]:
    """TLS with a certificate of that name, signed by `authority`, that lasts a day and is on no disk; whoever
    `ca_pem` vouches for is believed to be the broker. The certificate's serial number besides."""
    key = certificates.new_key()
    certificate = certificates.client_certificate(
        name, key.public_key(), *authority, now=datetime.now(UTC), days=1
    )
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, certificates.private_pem(key) + certificates.certificate_pem(certificate))
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    return context, certificate.serial_number
