"""Attacks on the connection, each with real certificates against a real broker."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from agent.committing.envelope import shop_topic
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY, create_device_keys, store_client_certificate
from agent.committing.tls import client_context, probe_broker
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import LinkState, Received
from order_backend import certificates
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder, write_file
from order_backend.provisioning import admit, revoke
from tests.committing.kit import DEVICE
from tests.committing.network import PATIENCE_S, RawClient, UplinkProcess, authority_of, now, write_settings


@pytest.fixture
def broker(folder: ShopFolder) -> Iterator[PrivateBroker]:
    broker = PrivateBroker(folder)
    yield broker
    broker.stop()


def context_of(folder: ShopFolder, keys: Path) -> ssl.SSLContext:
    return client_context(folder.ca_certificate.read_text(), keys / MQTT_CERTIFICATE, keys / MQTT_KEY)


def replace_broker_certificate(
    folder: ShopFolder,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    hosts: tuple[str, ...] = ("localhost",),
    age: timedelta = timedelta(0),
    days: int = 30,
) -> None:
    key = certificates.new_key()
    certificate = certificates.server_certificate(
        hosts, key.public_key(), ca, ca_key, now=now() - age, days=days
    )
    write_file(folder.broker_key, certificates.private_pem(key), private=True)
    write_file(folder.broker_certificate, certificates.certificate_pem(certificate))


def wrong_ca(folder: ShopFolder) -> None:
    key = certificates.new_key()
    replace_broker_certificate(folder, certificates.authority("corner-shop authority", key, now=now()), key)


def wrong_host(folder: ShopFolder) -> None:
    replace_broker_certificate(folder, *authority_of(folder), hosts=("elsewhere.example", "192.0.2.1"))


def expired(folder: ShopFolder) -> None:
    replace_broker_certificate(folder, *authority_of(folder), age=timedelta(days=40), days=30)


def not_yet_valid(folder: ShopFolder) -> None:
    replace_broker_certificate(folder, *authority_of(folder), age=timedelta(days=-2))


BAD_BROKERS = [
    (wrong_ca, "tls_wrong_ca"),
    (wrong_host, "tls_wrong_host"),
    (expired, "tls_expired"),
    (not_yet_valid, "tls_not_yet_valid"),
]


@pytest.mark.parametrize(("spoil", "code"), BAD_BROKERS, ids=[code for _, code in BAD_BROKERS])
def test_a_false_broker_is_refused_and_the_reason_told(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path, spoil: object, code: str
) -> None:
    spoil(folder)  # type: ignore[operator]
    broker.start()
    assert probe_broker("localhost", broker.port, context_of(folder, tmp_path / "keys")) == code
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    try:
        assert uplink.next(LinkState, lambda state: state.reason != "starting") == LinkState(False, code)
    finally:
        assert uplink.stop() == 0


def test_a_true_broker_passes_the_probe_and_takes_the_uplink(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    broker.start()
    assert probe_broker("localhost", broker.port, context_of(folder, tmp_path / "keys")) == ""
    assert probe_broker("127.0.0.1", broker.port, context_of(folder, tmp_path / "keys")) == ""
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    try:
        uplink.next(LinkState, lambda state: state.connected)
    finally:
        assert uplink.stop() == 0


def client_expired(folder: ShopFolder, keys: Path) -> None:
    ca, ca_key = authority_of(folder)
    key = certificates.new_key()
    certificate = certificates.client_certificate(
        DEVICE, key.public_key(), ca, ca_key, now=now() - timedelta(days=40), days=30
    )
    write_file(keys / MQTT_KEY, certificates.private_pem(key), private=True)
    store_client_certificate(keys, certificates.certificate_pem(certificate))


def client_of_another_ca(folder: ShopFolder, keys: Path) -> None:
    ca_key, key = certificates.new_key(), certificates.new_key()
    ca = certificates.authority("corner-shop authority", ca_key, now=now())
    certificate = certificates.client_certificate(DEVICE, key.public_key(), ca, ca_key, now=now())
    write_file(keys / MQTT_KEY, certificates.private_pem(key), private=True)
    store_client_certificate(keys, certificates.certificate_pem(certificate))


def client_revoked(folder: ShopFolder, keys: Path) -> None:
    assert revoke(folder, DEVICE, now=now())


BAD_CLIENTS = [
    (client_expired, {"tls_client_expired"}),
    (client_of_another_ca, {"tls_client_refused"}),
    (client_revoked, {"tls_client_revoked"}),
]


@pytest.mark.parametrize(("spoil", "codes"), BAD_CLIENTS, ids=[spoil.__name__ for spoil, _ in BAD_CLIENTS])
def test_the_broker_refuses_a_bad_client_and_the_device_can_say_why(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path, spoil: object, codes: set[str]
) -> None:
    spoil(folder, tmp_path / "keys")  # type: ignore[operator]
    broker.start()
    assert probe_broker("localhost", broker.port, context_of(folder, tmp_path / "keys")) in codes
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    try:
        assert uplink.next(LinkState, lambda state: state.reason != "starting").reason in codes
    finally:
        assert uplink.stop() == 0


def test_no_certificate_and_tls_1_2_are_refused(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    broker.start()
    anonymous = ssl.create_default_context(cafile=str(folder.ca_certificate))
    assert probe_broker("localhost", broker.port, anonymous) == "tls_client_refused"
    old = context_of(folder, tmp_path / "keys")
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert probe_broker("localhost", broker.port, old) == "tls_version"


def test_the_device_refuses_a_server_that_only_speaks_tls_1_2(folder: ShopFolder, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.broker_certificate, folder.broker_key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=answer)
        thread.start()
        port = server.getsockname()[1]
        assert probe_broker("localhost", port, context_of(folder, tmp_path / "keys")) == "tls_version"
        thread.join(PATIENCE_S)


def test_nobody_listening_is_told_apart(folder: ShopFolder, broker: PrivateBroker, tmp_path: Path) -> None:
    context = context_of(folder, tmp_path / "keys")
    assert probe_broker("localhost", broker.port, context) == "broker_not_listening"
    assert probe_broker("no-such-host.invalid", broker.port, context) == "broker_name_unknown"


def test_a_key_that_others_can_read_keeps_the_uplink_from_starting(
    folder: ShopFolder, tmp_path: Path
) -> None:
    (tmp_path / "keys" / MQTT_KEY).chmod(0o644)
    uplink = UplinkProcess(write_settings(tmp_path, 1))
    assert uplink._child.end(PATIENCE_S) == 1


def test_a_ca_or_certificate_that_is_none_is_a_clear_error(folder: ShopFolder, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    with pytest.raises(TrustError) as caught:
        client_context("junk", keys / MQTT_CERTIFICATE, keys / MQTT_KEY)
    assert caught.value.code == "tls_ca_unusable"
    with pytest.raises(TrustError) as caught:
        client_context(folder.ca_certificate.read_text(), keys / "absent", keys / MQTT_KEY)
    assert caught.value.code == "tls_client_unusable"


NOT_AUTHORISED = 135


def test_a_certificate_opens_its_own_topics_and_no_others(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    other = tmp_path / "device-2"
    admission = admit(folder, "device-2", create_device_keys(other, "device-2"), now=now())
    store_client_certificate(other, admission.certificate_pem)
    broker.start()
    victim = RawClient(context_of(folder, tmp_path / "keys"), DEVICE, broker.port)
    intruder = RawClient(context_of(folder, other), "called-otherwise", broker.port)
    try:
        victim.subscribe(f"va/v1/d/{DEVICE}/dn/#")
        for topic in (
            f"va/v1/d/{DEVICE}/up/intent",
            f"va/v1/d/{DEVICE}/dn/ack",
            "va/v1/b/corner-shop/catalog",
        ):
            assert intruder.publish(topic, b"forged") == NOT_AUTHORISED
        assert intruder.publish("va/v1/d/device-2/up/intent", b"own") < 128
        intruder.subscribe(f"va/v1/d/{DEVICE}/#")
        intruder.subscribe("#")
        assert victim.publish(f"va/v1/d/{DEVICE}/up/tel", b"private") < 128
        assert intruder.publish("va/v1/d/device-2/up/tel", b"a round trip later") < 128
        assert victim.messages.empty() and intruder.messages.empty()
    finally:
        victim.close()
        intruder.close()


def test_a_second_client_id_is_no_second_identity(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    broker.start()
    client = RawClient(context_of(folder, tmp_path / "keys"), "backend-1", broker.port)
    try:
        assert client.connect_code == 0  # it is device-1 to the broker, whatever it calls itself
        assert client.publish("va/v1/d/device-2/dn/ack", b"forged") == NOT_AUTHORISED
    finally:
        client.close()


def test_what_waits_for_a_till_is_kept_until_there_is_one(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    broker.start()
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    backend = RawClient(
        client_context(folder.ca_certificate.read_text(), folder.backend_certificate, folder.backend_key),
        folder.config().backend_name,
        broker.port,
    )
    try:
        uplink.next(LinkState, lambda state: state.connected)
        uplink.till.close()
        for number in range(30):
            backend.publish(f"va/v1/d/{DEVICE}/dn/ack", b"%d" % number)
        uplink.be_a_new_till()
        got = {int(uplink.next(Received).payload) for _ in range(30)}
        assert got == set(range(30))
    finally:
        backend.close()
        assert uplink.stop() == 0


def test_a_new_till_is_told_what_the_shop_retains_in_the_session_that_goes_on(
    folder: ShopFolder, broker: PrivateBroker, tmp_path: Path
) -> None:
    """The one before may have died with it unread; it is acknowledged, and the next session may be weeks
    away."""
    topics = [shop_topic(folder.config().shop_id, what) for what in ("trust", "authorities")]
    topics.append(f"va/v1/d/{DEVICE}/dn/policy")
    broker.start()
    uplink = UplinkProcess(write_settings(tmp_path, broker.port))
    backend = RawClient(
        client_context(folder.ca_certificate.read_text(), folder.backend_certificate, folder.backend_key),
        folder.config().backend_name,
        broker.port,
    )
    try:
        uplink.next(LinkState, lambda state: state.connected)
        for topic in topics:
            backend._client.publish(topic, b"signed", qos=1, retain=True).wait_for_publish(PATIENCE_S)
        for topic in topics:
            assert uplink.next(Received).topic == topic
        uplink.till.close()
        uplink.be_a_new_till()
        missing = set(topics)
        while missing:
            missing.discard(uplink.next(Received).topic)
    finally:
        backend.close()
        assert uplink.stop() == 0
