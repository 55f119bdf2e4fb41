"""Attacks on the road itself: others' topics, too much at once, certificates that are stolen, revoked or
another's. Each says what it saw.
"""

from __future__ import annotations

import contextlib
import json
import queue
import ssl
import time
import uuid
from datetime import UTC, datetime

from joserfc.jwk import ECKey

from agent.bench.attack_intents import both
from agent.bench.attack_lab import CATALOGUE, DEVICE, PATIENCE_S, REVOKED, VICTIM, Client, Lab
from agent.bench.attacks import Attack, codes
from agent.bench.chaos_shim import unchecked_claims
from agent.committing import sd_jwt
from agent.committing.envelope import QUERY, IntentData, QueryData, encode_event, up_topic
from agent.committing.tls import probe_broker
from order_backend import certificates
from order_backend.broker import PrivateBroker
from order_backend.provisioning import create_shop, revoke
from order_backend.revocation import revoke_device

_REASONS = {0x87: "not_authorised", 0x8E: "session_taken_over", 0x95: "packet_too_large"}
_QUIET_S = 0.5
_SIGNATURE = codes("signature_invalid")


def _said(code: int) -> str:
    return _REASONS.get(code, "taken" if code < 0x80 else f"reason_{code:#x}")


def _others_topic(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        return _said(client.publish(up_topic(VICTIM, "intent"), lab.intent(VICTIM)))


def _others_answers(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        return _said(client.publish(f"va/v1/d/{VICTIM}/dn/ack", b"forged"))


def _listening(lab: Lab) -> str:
    with lab.connected(DEVICE) as spy, lab.connected(VICTIM) as victim:
        for topic in ("#", f"va/v1/d/{VICTIM}/#", "$share/orders/va/v1/d/+/up/intent"):
            spy.subscribe(topic)
        while not spy.messages.empty():
            spy.messages.get()
        if lab.sent(victim, lab.intent(VICTIM), VICTIM) != "ordered":
            return "victim_disturbed"
        try:
            return f"heard {spy.messages.get(timeout=_QUIET_S).topic}"
        except queue.Empty:
            return "nothing_heard"


def _oversize(lab: Lab) -> str:
    return _thrown(lab, lab.intent() + b" " * 200_000)


def _thrown(lab: Lab, payload: bytes) -> str:
    """Why the broker hung up. Where it does so while much is still being written, its word is lost on the
    way, and stands in its log only."""
    lines = len(lab.broker_log())
    with lab.connected(DEVICE) as client:
        code = client.throw(up_topic(DEVICE, "intent"), payload)
    if lab.broker_says(f"Client {DEVICE} disconnected due to oversize packet", since=lines):
        return "packet_too_large"
    return _said(code)


def _larger_than_is_read(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        return lab.sent(client, lab.intent() + b" " * 60_000)


def _100_000_claims(lab: Lab) -> str:
    more = {f"c{number}": number for number in range(100_000)}
    return _thrown(lab, lab.edited(both(**more)))


def _disclosures(lab: Lab) -> str:
    """As many as go into what is read."""
    payload = lab.intent()
    data = lab.tokens(payload)
    many = data.payment + "WyJhIiwiYiIsMV0~" * 3_000
    with lab.connected(DEVICE) as client:
        return lab.sent(client, lab.event(IntentData(data.checkout, many), json.loads(payload)["id"]))


def _nested(lab: Lab) -> str:
    payload = lab.intent()
    event = json.loads(payload)
    deep = json.dumps({**event, "data": None}).replace("null", "[" * 20_000 + "]" * 20_000).encode()
    with lab.connected(DEVICE) as client:
        client.publish(up_topic(DEVICE, "intent"), deep)
        return lab.answer(client, event["id"])


def _stolen_certificate(lab: Lab) -> str:
    """Whoever has it sends what it signed itself, and asks early, to have the device's own order refused."""
    honest = lab.intent()
    intent_id, data = str(json.loads(honest)["id"]), lab.tokens(honest)
    own = ECKey.generate_key("P-256")
    forged = IntentData(*(sd_jwt.issue(unchecked_claims(one), own) for one in (data.checkout, data.payment)))
    with lab.connected(DEVICE) as client:
        seen = lab.sent(client, lab.event(forged, intent_id))
        question = encode_event(
            QUERY, id_=uuid.uuid4(), source=DEVICE, now_s=int(time.time()), data=QueryData(intent_id)
        )
        client.publish(up_topic(DEVICE, "query"), question)
        honest_ones = lab.sent(client, honest)
    return seen if honest_ones == "ordered" else f"the device's own order: {honest_ones}"


def _revoked_intent(lab: Lab) -> str:
    with lab.connected(REVOKED) as client:
        revoke(lab.folder, REVOKED, now=datetime.now(UTC))
        return lab.sent(client, lab.intent(REVOKED), REVOKED)


def _revoked_session(lab: Lab) -> str:
    client = Client(lab.context(REVOKED), REVOKED, lab.port)
    lines = len(lab.broker_log())
    try:
        ended = revoke_device(lab.folder, REVOKED, port=lab.port, now=datetime.now(UTC))
        if ended is None or not ended.sure:
            return f"not_sure {ended}"
        code = client.ended.get(timeout=PATIENCE_S)
        closed = f"Client {REVOKED} already connected, closing old connection"
        if lab.broker_says(closed, since=lines):
            return "session_taken_over"
        return _said(code)
    finally:
        client.close()


def _revoked_return(lab: Lab) -> str:
    return probe_broker("localhost", lab.port, lab.context(REVOKED))


def _tls_1_2(lab: Lab) -> str:
    context = lab.context(DEVICE)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return probe_broker("localhost", lab.port, context)


def _no_certificate(lab: Lab) -> str:
    anonymous = ssl.create_default_context(cafile=str(lab.folder.ca_certificate))
    return probe_broker("localhost", lab.port, anonymous)


def _certificate_of_another_authority(lab: Lab) -> str:
    now = datetime.now(UTC)
    ca_key, key = certificates.new_key(), certificates.new_key()
    name = lab.folder.config().shop_id + " authority"
    ca = certificates.authority(name, ca_key, now=now)
    own = certificates.client_certificate(DEVICE, key.public_key(), ca, ca_key, now=now)
    files = lab.root / "own.crt", lab.root / "own.key"
    files[0].write_bytes(certificates.certificate_pem(own))
    files[1].write_bytes(certificates.private_pem(key))
    context = ssl.create_default_context(cafile=str(lab.folder.ca_certificate))
    context.load_cert_chain(*files)
    return probe_broker("localhost", lab.port, context)


def _broker_of_another_authority(lab: Lab) -> str:
    """The device's own TLS against a broker with a certificate for the right name by another shop."""
    other = create_shop(
        lab.root / "other",
        shop_name="Other",
        environment="test",
        catalogue=CATALOGUE,
        now=datetime.now(UTC),
    )
    with PrivateBroker(other) as broker:
        return probe_broker("localhost", broker.port, lab.context(DEVICE))


def _flood(lab: Lab) -> str:
    """One device sends three thousand forged intents; another's order has to be placed meanwhile."""
    forged = lab.edited(both(), key=ECKey.generate_key("P-256"))
    with lab.connected(DEVICE) as flood, lab.connected(VICTIM) as victim:
        for _ in range(3_000):
            flood.fire(up_topic(DEVICE, "intent"), forged)
        other, intent, deadline = "", lab.intent(VICTIM), time.monotonic() + 240
        while not other and time.monotonic() < deadline:
            victim.publish(up_topic(VICTIM, "intent"), intent)  # again and again, as a device does
            with contextlib.suppress(queue.Empty):
                other = str(lab.read(bytes(victim.messages.get(timeout=2).payload)).get("order_id", ""))
    is_limited = any(f"rate_limited device={DEVICE}" in line for line in lab.logged)
    return "rate_limited" if is_limited and other else f"{is_limited} {other!r}"


TOPICS = (
    Attack("an intent on another device's topic", "broker", codes("not_authorised"), _others_topic),
    Attack("an answer to another device", "broker", codes("not_authorised"), _others_answers),
    Attack(
        "listening to everybody, and for the shop", "broker", codes("nothing_heard"), _listening, places=1
    ),
)

SIZES = (
    Attack("a packet of 200 kB", "broker", codes("packet_too_large"), _oversize),
    Attack("more than is read (60 kB)", "order service", codes("no_answer"), _larger_than_is_read),
    Attack("100,000 claims", "broker", codes("packet_too_large"), _100_000_claims),
    Attack("3,000 disclosures", "order service", _SIGNATURE, _disclosures),
    Attack("20,000 brackets", "order service", codes("no_answer"), _nested),
)

CERTIFICATES = (
    Attack(
        *("the device's certificate without its signing key", "order service", _SIGNATURE),
        _stolen_certificate,
        places=1,
    ),
    Attack("an intent of a revoked device", "order service", codes("device_revoked"), _revoked_intent),
    Attack("a live session of it", "broker", codes("session_taken_over"), _revoked_session),
    Attack("its return", "TLS", codes("tls_client_revoked"), _revoked_return),
    Attack("TLS 1.2", "TLS", codes("tls_version"), _tls_1_2),
    Attack("no certificate", "TLS", codes("tls_client_refused"), _no_certificate),
    Attack(
        "a certificate by another authority of that name",
        "TLS",
        codes("tls_client_refused"),
        _certificate_of_another_authority,
    ),
    Attack("a broker by another authority", "TLS", codes("tls_wrong_ca"), _broker_of_another_authority),
)

FLOOD = (
    Attack(
        *("3,000 forged intents at once", "order service", codes("rate_limited"), _flood), places=1, slow=True
    ),
)
