"""A certificate that is renewed while orders go through, on the real broker; and what could go wrong on the
way."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.client_identity import ClientIdentity
from agent.committing.envelope import (
    CERTIFICATE,
    RENEWAL,
    RenewalData,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
)
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY, create_device_keys, store_client_certificate
from agent.committing.renewal import CERTIFICATE_TYP, Renewal
from agent.committing.statements import QueryClaims, RenewalClaims
from agent.committing.trust import TrustBundle
from agent.plumbing import durable
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import CertificateRequest, ClientCertificate, LinkState, UseCertificate
from order_backend import certificates
from order_backend.broker import PrivateBroker, reload_broker
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, write_revocations
from order_backend.renewals import AT_ONCE, Renewals
from order_backend.shop import Shop
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, found_shop, request_pem
from tests.committing.network import Device, UplinkProcess, authority_of, now, serving, write_settings

DAY_S = 86_400


@pytest.fixture
def old(tmp_path: Path) -> ShopFolder:
    """A shop that admitted the device 300 days ago, for a year."""
    folder = found_shop(tmp_path / "shop")
    join_ago(folder, tmp_path / "keys", days=300)
    return folder


def join_ago(folder: ShopFolder, keys: Path, *, days: int) -> TrustBundle:
    requests = create_device_keys(keys, DEVICE)
    (keys.parent / "request.pem").write_bytes(requests)
    admission = admit(folder, DEVICE, requests, now=now() - timedelta(days=days))
    store_client_certificate(keys, admission.certificate_pem)
    (keys / "trust.json").write_bytes(admission.trust.to_bytes())
    return admission.trust


def test_no_order_is_lost_or_doubled_while_the_certificate_is_renewed(
    old: ShopFolder, tmp_path: Path
) -> None:
    with PrivateBroker(old) as broker, serving(old, broker.port):
        device = Device(tmp_path, write_settings(tmp_path, broker.port))
        until = ends(device)
        wanted = 0

        def renewed() -> bool:
            nonlocal wanted
            if device.road.clock_trusted() and wanted < 100:
                device.road.commit(agreed(wanted % 7 + 1))
                wanted += 1
            return ends(device) > until + 200 * DAY_S and wanted > 5

        device.until(renewed, "a newer certificate")
        device.road.commit(agreed(9))
        device.until(lambda: set(device.states()) == {"ordered"}, "all receipts")
        assert not device.road.renewal.fault and not device.road.renewal.trouble
        device.uplink.stop()

        # And it is the new one that counts: without the old one a new process connects.
        serial = x509.load_pem_x509_certificate((tmp_path / "keys" / MQTT_CERTIFICATE).read_bytes())
        write_revocations(old, also=(serial.serial_number,), now=now() + timedelta(seconds=1))
        assert reload_broker(old)
        device.uplink = UplinkProcess(tmp_path / "earmark.toml")
        device.connected = False
        device.until(lambda: device.connected, "a session")
        device.close()
    with Shop.open(old.database) as shop:
        assert len(shop.orders(1_000)) == wanted + 1


def ends(device: Device) -> int:
    return device.road.renewal.until_s


def test_a_newer_pair_that_the_broker_refuses_is_passed_over(old: ShopFolder, tmp_path: Path) -> None:
    write_settings(tmp_path, 1)
    identity = identity_of(old, tmp_path)
    certificate = issue(old, identity.request())
    identity.accept(pem_of(certificate))
    write_revocations(old, also=(certificate.serial_number,), now=now())
    with PrivateBroker(old) as broker:
        write_revocations(old, also=(certificate.serial_number,), now=now() + timedelta(seconds=1))
        broker.reload()
        uplink = UplinkProcess(write_settings(tmp_path, broker.port))
        ends_s = int(certificate.not_valid_after_utc.timestamp())
        assert identity.pair.not_after_s == ends_s, "the one that it begins with"
        uplink.next(ClientCertificate, lambda told: told.not_after_s < ends_s)
        uplink.next(LinkState, lambda state: state.connected)
        assert uplink.stop() == 0


# --- the device's side ---


def identity_of(folder: ShopFolder, root: Path) -> ClientIdentity:
    return ClientIdentity(root / "keys", root / "state", DEVICE, folder.ca_certificate.read_text())


def issue(folder: ShopFolder, request: bytes, name: str = DEVICE, days: int = 365) -> x509.Certificate:
    key: Any = x509.load_pem_x509_csr(request).public_key()
    return certificates.client_certificate(name, key, *authority_of(folder), now=now(), days=days)


def pem_of(certificate: x509.Certificate) -> bytes:
    return certificates.certificate_pem(certificate)


class Crash(BaseException):
    """The power goes."""


@pytest.mark.parametrize("writes", range(3))
@pytest.mark.parametrize("after", [False, True])
def test_whenever_it_dies_the_device_has_a_pair_and_can_renew(
    old: ShopFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int, after: bool
) -> None:
    (tmp_path / "state" / "uplink").mkdir(parents=True)
    left = writes
    move = durable.move

    def dies(source: Path, target: Path) -> None:
        nonlocal left
        if left == 0 and not after:
            raise Crash
        move(source, target)
        left -= 1
        if left < 0:
            raise Crash

    def renew(identity: ClientIdentity, days: int = 365) -> None:
        identity.accept(pem_of(issue(old, identity.request(), days=days)))

    with monkeypatch.context() as patched:
        patched.setattr(durable, "move", dies)
        try:
            identity = identity_of(old, tmp_path)
            renew(identity)
            identity.connected()
        except Crash:
            pass
    identity = identity_of(old, tmp_path)
    identity.context()
    first = identity.pair.not_after_s
    renew(identity, days=366)
    identity.context()
    assert identity.pair.not_after_s > first
    assert identity_of(old, tmp_path).pair == identity.pair
    assert identity.refused()
    identity.context()  # the one before is still there
    identity.refused()
    while identity.pair != identity_of(old, tmp_path).pair:
        identity.refused()
    identity.connected()
    kept = sorted(path.name for path in (tmp_path / "state" / "uplink").iterdir())
    assert kept == [identity.pair.certificate.name]
    assert identity.pair.certificate.stat().st_mode & 0o077 == 0


def test_a_certificate_that_is_not_what_was_asked_for_is_not_taken(old: ShopFolder, tmp_path: Path) -> None:
    (tmp_path / "state" / "uplink").mkdir(parents=True)
    identity = identity_of(old, tmp_path)
    request = identity.request()
    assert (
        x509.load_pem_x509_csr(identity.request()).public_key()
        == x509.load_pem_x509_csr(request).public_key()
    ), "asked again: the same key"
    other_key = certificates.new_key()
    foreign_ca = certificates.authority("corner-shop authority", other_key, now=now())
    key: Any = x509.load_pem_x509_csr(request).public_key()
    ca, ca_key = authority_of(old)
    for wrong in (
        b"junk",
        pem_of(issue(old, request, name="device-2")),
        certificates.certificate_pem(
            certificates.client_certificate(DEVICE, other_key.public_key(), ca, ca_key, now=now())
        ),
        certificates.certificate_pem(
            certificates.client_certificate(DEVICE, key, foreign_ca, other_key, now=now())
        ),
        pem_of(issue(old, request, days=30)),
    ):
        with pytest.raises(TrustError) as caught:
            identity.accept(wrong)
        assert caught.value.code == "renewal_certificate"
    assert identity.pair.certificate == tmp_path / "keys" / MQTT_CERTIFICATE
    identity.accept(pem_of(issue(old, request)))


def test_without_a_folder_of_its_own_it_says_so(old: ShopFolder, tmp_path: Path) -> None:
    with pytest.raises(TrustError) as caught:
        identity_of(old, tmp_path).request()
    assert caught.value.code == "renewal_unwritable"


def renewal_of(bench: Bench) -> Renewal:
    return bench.road.renewal


def test_it_is_asked_for_at_two_thirds_of_the_lifetime_and_then_now_and_then(bench: Bench) -> None:
    renewal = renewal_of(bench)
    renewal.certificate(ClientCertificate(NOW_S, NOW_S + 90 * DAY_S))
    assert renewal.tick() is None and renewal.days_left is None, "the time is not known"
    bench.trust_time()
    assert renewal.tick() is None and renewal.days_left == 90
    bench.clocks.pass_by(60 * DAY_S + 1)
    asked = [at for at in range(0, 7_800, 10) if ticks(bench, 10)]
    assert asked[0] == 0 and 60 <= asked[1] < 80 and 660 <= asked[2] < 690 and len(asked) == 4
    assert renewal.fault == "", "nobody was asked in earnest"
    assert not renewal.trouble
    bench.clocks.pass_by(16 * DAY_S)
    assert renewal.trouble
    renewal.certificate(ClientCertificate(NOW_S, NOW_S + 300 * DAY_S))
    assert not renewal.trouble and renewal.tick() is None


def ticks(bench: Bench, seconds: float) -> bool:
    asked = renewal_of(bench).tick() is not None
    bench.clocks.pass_by(seconds)
    return asked


def due(bench: Bench) -> Renewal:
    bench.trust_time()
    renewal = renewal_of(bench)
    renewal.certificate(ClientCertificate(NOW_S - 80 * DAY_S, NOW_S + 10 * DAY_S))
    assert renewal.tick() is not None
    return renewal


def test_what_fails_is_known_until_it_has_been_renewed(bench: Bench) -> None:
    renewal = due(bench)
    assert renewal.requested(CertificateRequest("", "renewal_unwritable")) is None
    assert renewal.fault == "renewal_unwritable"
    bench.clocks.pass_by(DAY_S)
    assert renewal.tick() is not None
    published = renewal.requested(CertificateRequest(request_pem().decode()))
    assert published is not None and published.topic == f"va/v1/d/{DEVICE}/up/renew"
    renewal.fault = ""
    bench.clocks.pass_by(DAY_S)
    assert renewal.tick() is not None and renewal.fault == "renewal_unanswered"


def shop_says(bench: Bench, asked: str, **other: object) -> bytes:
    claims: dict[str, object] = {
        "iss": bench.trust.shop_id, "iat": NOW_S, "aud": DEVICE, "env": "test", "request": asked,
    }  # fmt: skip
    key, typ = other.pop("key", bench.folder.signing_key("receipts")), other.pop("typ", CERTIFICATE_TYP)
    signed = jws.sign(claims | other, key, typ=str(typ))  # type: ignore[arg-type]
    return encode_event(
        CERTIFICATE, id_=uuid.uuid4(), source="corner-shop", now_s=NOW_S, data=SignedData(signed)
    )


def test_only_the_shops_own_answer_to_an_open_request_is_heard(bench: Bench) -> None:
    renewal = due(bench)
    published = renewal.requested(CertificateRequest(request_pem().decode()))
    assert published is not None
    request = json.loads(published.payload)["id"]
    for wrong, code in (
        ({"aud": "device-2"}, "certificate_not_for_us"),
        ({"iss": "other-shop"}, "certificate_not_for_us"),
        ({"env": "demo"}, "certificate_environment"),
        ({"env": "production"}, "certificate_environment"),
        ({"request": str(uuid.uuid4())}, "certificate_not_asked_for"),
        ({"key": bench.folder.signing_key("time")}, "signature_key_unknown"),
        ({"typ": "earmark-receipt+jwt"}, "signature_type"),
    ):
        with pytest.raises(TrustError) as caught:
            renewal.received(shop_says(bench, request, certificate="x", **wrong))
        assert caught.value.code == code
    assert renewal.received(shop_says(bench, request, certificate="pem")) == UseCertificate("pem")
    with pytest.raises(TrustError):
        renewal.received(shop_says(bench, request, certificate="pem"))


def test_a_refusal_is_told(bench: Bench) -> None:
    renewal = due(bench)
    published = renewal.requested(CertificateRequest(request_pem().decode()))
    assert published is not None
    bench.desk.shop.revoke(DEVICE)
    reply = Renewals(bench.folder).renew(bench.desk.shop, DEVICE, published.payload, now_s=NOW_S)
    assert reply is not None and reply.code == "device_revoked"
    assert renewal.received(reply.payload) is None
    assert renewal.fault == "renewal_device_revoked"


# --- the shop's side ---


def asked(bench: Bench, request: bytes, *, key: ECKey | None = None, **other: Any) -> bytes:
    id_ = uuid.uuid4()
    claims = {
        "jti": str(id_), "iss": DEVICE, "aud": bench.trust.shop_id, "env": "test", "iat": NOW_S,
        "exp": NOW_S + 600, "request_sha256": hashlib.sha256(request).hexdigest(),
    } | {name: value for name, value in other.items() if name != "typ"}  # fmt: skip
    signed = jws.sign(claims, key or bench.keys._key, typ=other.get("typ", RenewalClaims.typ))  # type: ignore[arg-type]
    return encode_event(
        RENEWAL, id_=id_, source=DEVICE, now_s=NOW_S, data=RenewalData(request.decode(), signed)
    )


def certificates_of(bench: Bench) -> int:
    return int(bench.desk.shop._db.run("SELECT count(*) FROM certificates").scalar_one())


def test_the_shop_certifies_what_the_devices_signing_key_asked_for_once(bench: Bench) -> None:
    renewals, payload = Renewals(bench.folder), asked(bench, request_pem())
    reply = renewals.renew(bench.desk.shop, DEVICE, payload, now_s=NOW_S)
    assert reply is not None and (reply.what, reply.code) == ("cert", "renewed")
    assert renewals.renew(bench.desk.shop, DEVICE, payload, now_s=NOW_S) == reply
    assert certificates_of(bench) == 2
    signed = decode_data(decode_event(reply.payload, CERTIFICATE), SignedData).signed
    claims = json.loads(jws.verify(signed, bench.trust.keys.receipts, typ=CERTIFICATE_TYP))
    certificate = x509.load_pem_x509_certificate(claims["certificate"].encode())
    certificate.verify_directly_issued_by(authority_of(bench.folder)[0])
    bench.desk.shop.revoke(DEVICE)
    assert certificate.serial_number in bench.desk.shop.revoked_serials()


def test_a_device_that_asks_on_and_on_fills_no_table(bench: Bench) -> None:
    renewals, request, before = Renewals(bench.folder), request_pem(), certificates_of(bench)
    forged = asked(bench, request, key=ECKey.generate_key("P-256"))
    for _ in range(AT_ONCE):
        with pytest.raises(TrustError, match="signature"):  # a thief of its TLS key takes none of its turns
            renewals.renew(bench.desk.shop, DEVICE, forged, now_s=NOW_S)
    for _ in range(AT_ONCE):
        last = asked(bench, request)
        assert renewals.renew(bench.desk.shop, DEVICE, last, now_s=NOW_S) is not None
    with pytest.raises(TrustError, match="renewal_too_often"):
        renewals.renew(bench.desk.shop, DEVICE, asked(bench, request), now_s=NOW_S)
    assert renewals.renew(bench.desk.shop, DEVICE, last, now_s=NOW_S) is not None, "the same answer again"
    assert certificates_of(bench) == before + AT_ONCE


def test_a_thief_of_the_tls_key_cannot_renew_it(bench: Bench, tmp_path: Path) -> None:
    stolen = serialization.load_pem_private_key((tmp_path / "keys" / MQTT_KEY).read_bytes(), None)
    tls = jws.import_private_key((tmp_path / "keys" / MQTT_KEY).read_bytes())
    request = request_pem(key=stolen)
    other = request_pem()
    swapped = json.loads(asked(bench, request))
    swapped["data"]["request"] = other.decode()
    resent = json.loads(asked(bench, request))
    resent["id"] = str(uuid.uuid4())
    question = QueryClaims.typ
    for payload, code in (
        (asked(bench, request, key=tls), "signature_key_unknown"),
        (asked(bench, request, typ=question), "signature_type"),
        (asked(bench, request, env="demo"), "statement_environment"),
        (asked(bench, request, env="production"), "statement_environment"),
        (asked(bench, request, aud="other-shop"), "statement_audience"),
        (asked(bench, request, iss="device-2"), "statement_other_device"),
        (asked(bench, request, exp=NOW_S), "statement_late"),
        (asked(bench, request, iat=NOW_S + 301), "statement_late"),
        (json.dumps(swapped).encode(), "statement_mismatch"),
        (json.dumps(resent).encode(), "statement_mismatch"),
    ):
        with pytest.raises(TrustError) as caught:
            Renewals(bench.folder).renew(bench.desk.shop, DEVICE, payload, now_s=NOW_S)
        assert caught.value.code == code
    with pytest.raises(TrustError) as caught:
        Renewals(bench.folder).renew(bench.desk.shop, "device-2", asked(bench, request), now_s=NOW_S)
    assert caught.value.code == "device_unknown"
    assert certificates_of(bench) == 1


def test_what_could_not_be_admitted_is_not_certified_either(bench: Bench) -> None:
    signing = serialization.load_pem_private_key(bench.keys._key.as_pem(private=True), None)  # type: ignore[union-attr]
    for request in (request_pem("device-2"), b"junk", request_pem(key=signing)):
        reply = Renewals(bench.folder).renew(bench.desk.shop, DEVICE, asked(bench, request), now_s=NOW_S)
        assert reply is not None and reply.code == "request_refused"
    assert certificates_of(bench) == 1


def test_an_order_service_without_the_authoritys_key_leaves_it_to_another(bench: Bench) -> None:
    bench.folder.ca_key.unlink()
    payload = asked(bench, request_pem())
    assert Renewals(bench.folder).renew(bench.desk.shop, DEVICE, payload, now_s=NOW_S) is None
