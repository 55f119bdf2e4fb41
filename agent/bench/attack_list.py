"""The attacks of `earmark bench attacks`, one function for each; each says what it saw."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import queue
import ssl
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import ECKey

from agent.bench.attack_lab import CATALOGUE, DEVICE, REVOKED, VICTIM, Claims, Client, Edit, Lab
from agent.bench.attack_road import closed_over_the_limit, forged_receipt, spoken_injection
from agent.bench.attacks import Attack
from agent.bench.chaos_shim import unchecked_claims
from agent.committing.envelope import QUERY, IntentData, QueryData, encode_event, up_topic
from agent.committing.jws import base64url, from_base64url
from agent.committing.tls import probe_broker
from order_backend import certificates
from order_backend.provisioning import create_shop, revoke
from order_backend.revocation import revoke_device

_SQL = "coffee'); DELETE FROM orders; DROP TABLE answers; --"
_LINES = "coffee\x1b[2J\r\n2026-11-28 order_backend ordered device=nobody\u202e"
_REASONS = {0x87: "not_authorised", 0x8E: "session_taken_over", 0x95: "packet_too_large"}
_QUIET_S = 0.5


def _said(code: int) -> str:
    return _REASONS.get(code, "taken" if code < 0x80 else f"reason_{code:#x}")


def _with_claims(edit: Edit, key: ECKey | None = None) -> Any:
    def make(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            return lab.sent(client, lab.edited(edit, key=key))

    return make


def _both(**changes: object) -> Edit:
    def edit(checkout: Claims, payment: Claims) -> None:
        checkout.update(changes)
        payment.update(changes)

    return edit


def _constraint(claims: Claims, type_: str) -> Claims:
    found: Claims = next(one for one in claims["constraints"] if one["type"] == type_)
    return found


def _too_cheap(checkout: Claims, payment: Claims) -> None:
    _constraint(payment, "payment.amount_range")["max"] = 1


def _named(text: str) -> Edit:
    def edit(checkout: Claims, payment: Claims) -> None:
        item = _constraint(checkout, "checkout.line_items")["items"][0]["acceptable_items"][0]
        item["id"] = text

    return edit


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


def _replayed(lab: Lab) -> str:
    payload = lab.intent()
    with lab.connected(DEVICE) as client:
        first, again = lab.sent(client, payload), lab.sent(client, payload)
    numbers = {row.intent_id: row.order_id for row in lab.shop.orders(10)}
    is_one = list(numbers).count(json.loads(payload)["id"]) == 1
    return "same_receipt" if (first, again, is_one) == ("ordered", "ordered", True) else f"{first} {again}"


def _replayed_as_own(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        return lab.sent(client, lab.intent(VICTIM))


def _replayed_under_a_new_id(lab: Lab) -> str:
    payload = lab.intent()
    with lab.connected(DEVICE) as client:
        first = lab.sent(client, payload)
        second = lab.sent(client, lab.event(lab.tokens(payload), str(uuid.uuid4())))
    return second if first == "ordered" else f"the honest one: {first}"


def _altered(lab: Lab) -> str:
    payload = lab.intent()
    data = lab.tokens(payload)
    header, claims, rest = data.payment.split(".", 2)
    changed = base64url(from_base64url(claims).replace(b'"max":', b'"max":9'))
    with lab.connected(DEVICE) as client:
        tokens = IntentData(data.checkout, f"{header}.{changed}.{rest}")
        return lab.sent(client, lab.event(tokens, json.loads(payload)["id"]))


def _another_algorithm(algorithm: str) -> Any:
    def make(lab: Lab) -> str:
        payload = lab.intent()
        public = json.dumps(lab.signing_key().as_dict(private=False)).encode()

        def resigned(token: str) -> str:
            header = json.loads(from_base64url(token.split(".")[0]))
            signing = f"{base64url(json.dumps({**header, 'alg': algorithm}).encode())}.{token.split('.')[1]}"
            keyed = algorithm.startswith("HS")  # the public key, which everybody has, as a password
            mac = hmac.new(public, signing.encode(), hashlib.sha256).digest() if keyed else b""
            return f"{signing}.{base64url(mac)}~"

        data = lab.tokens(payload)
        tokens = IntentData(resigned(data.checkout), resigned(data.payment))
        with lab.connected(DEVICE) as client:
            return lab.sent(client, lab.event(tokens, json.loads(payload)["id"]))

    return make


def _key_in_the_header(lab: Lab) -> str:
    own, payload = ECKey.generate_key("P-256"), lab.intent()
    from joserfc import jws as jose

    def resigned(token: str) -> str:
        header = {
            "alg": "ES256",
            "typ": "dc+sd-jwt",
            "kid": own.thumbprint(),
            "jwk": own.as_dict(private=False),
        }
        claims = json.dumps(unchecked_claims(token)).encode()
        return jose.serialize_compact(header, claims, own, algorithms=["ES256"]) + "~"

    data = lab.tokens(payload)
    tokens = IntentData(resigned(data.checkout), resigned(data.payment))
    with lab.connected(DEVICE) as client:
        return lab.sent(client, lab.event(tokens, json.loads(payload)["id"]))


def _stolen_certificate(lab: Lab) -> str:
    """Whoever has it sends what it signed itself, and asks early, to have the device's own order refused."""
    honest = lab.intent()
    intent_id, data = str(json.loads(honest)["id"]), lab.tokens(honest)
    own = ECKey.generate_key("P-256")
    from agent.committing import sd_jwt

    forged = IntentData(*(sd_jwt.issue(unchecked_claims(one), own) for one in (data.checkout, data.payment)))
    with lab.connected(DEVICE) as client:
        seen = lab.sent(client, lab.event(forged, intent_id))
        question = encode_event(
            QUERY, id_=uuid.uuid4(), source=DEVICE, now_s=int(time.time()), data=QueryData(intent_id)
        )
        client.publish(up_topic(DEVICE, "query"), question)
        honest_ones = lab.sent(client, honest)
    return seen if honest_ones == "ordered" else f"the device's own order: {honest_ones}"


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
    return _thrown(lab, lab.edited(_both(**more)))


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
        code = client.ended.get(timeout=10)
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
    from order_backend.broker import PrivateBroker

    other = create_shop(
        lab.root / "other",
        shop_name="Other",
        environment="test",
        catalogue=CATALOGUE,
        now=datetime.now(UTC),
    )
    with PrivateBroker(other) as broker:
        return probe_broker("localhost", broker.port, lab.context(DEVICE))


def _sql_in_texts(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        seen = lab.sent(client, lab.intent(order=lab.order(title=_SQL, person=_SQL)))
    [newest] = lab.shop.orders(1)
    titles = [line["title"] for line in json.loads(newest.lines)]
    return "kept_as_text" if (seen, titles, newest.person) == ("ordered", [_SQL], _SQL) else seen


def _lines_in_texts(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        seen = lab.sent(client, lab.intent(order=lab.order(title=_LINES, person=_LINES)))
        event = json.loads(lab.intent())
        event["data"] = {_LINES: 1}
        lab.sent(client, json.dumps({**event, "type": _LINES}).encode())
        lab.sent(client, json.dumps(event).encode())
    forged = [line for line in lab.logged if "device=nobody" in line and line.startswith("2026")]
    if forged or not all(line.isprintable() for line in lab.logged):
        return "log_forged"
    return "one_line_each" if seen == "ordered" else seen


def _flood(lab: Lab) -> str:
    """One device sends three thousand forged intents; another's order has to be placed meanwhile."""
    forged = lab.edited(_both(), key=ECKey.generate_key("P-256"))
    with lab.connected(DEVICE) as flood, lab.connected(VICTIM) as victim:
        for _ in range(3_000):
            flood.fire(up_topic(DEVICE, "intent"), forged)
        other, intent, deadline = "", lab.intent(VICTIM), time.monotonic() + 60
        while not other and time.monotonic() < deadline:
            victim.publish(up_topic(VICTIM, "intent"), intent)  # again and again, as a device does
            with contextlib.suppress(queue.Empty):
                other = str(lab.read(bytes(victim.messages.get(timeout=2).payload)).get("order_id", ""))
    is_limited = any(f"rate_limited device={DEVICE}" in line for line in lab.logged)
    return "rate_limited" if is_limited and other else f"{is_limited} {other!r}"


def _a(*codes: str) -> frozenset[str]:
    return frozenset(codes)


_HOUR_AGO = int(time.time()) - 3_600
_SIGNATURE = _a("signature_invalid")

ATTACKS = (
    Attack("an intent on another device's topic", "broker", _a("not_authorised"), _others_topic),
    Attack("an answer to another device", "broker", _a("not_authorised"), _others_answers),
    Attack("listening to everybody, and for the shop", "broker", _a("nothing_heard"), _listening, places=1),
    Attack("an intent sent again", "order service", _a("same_receipt"), _replayed, places=1),
    Attack("another device's intent as one's own", "order service", _SIGNATURE, _replayed_as_own),
    Attack(
        *("its own intent under a new id", "order service", _a("envelope_mismatch")),
        _replayed_under_a_new_id,
        places=1,
    ),
    Attack("an altered amount under its signature", "order service", _SIGNATURE, _altered),
    Attack(
        "an intent whose time is over",
        "order service",
        _a("expired"),
        _with_claims(_both(iat=_HOUR_AGO - 600, exp=_HOUR_AGO)),
    ),
    Attack("meant for another shop", "order service", _a("audience"), _with_claims(_both(aud="other"))),
    Attack(
        "signed for another environment",
        "order service",
        _a("environment"),
        _with_claims(_both(env="production")),
    ),
    Attack("alg none", "order service", _SIGNATURE, _another_algorithm("none")),
    Attack("alg HS256, keyed with the public key", "order service", _SIGNATURE, _another_algorithm("HS256")),
    Attack("a key of one's own in the header", "order service", _SIGNATURE, _key_in_the_header),
    Attack("dearer than what was agreed", "order service", _a("over_limit"), _with_claims(_too_cheap)),
    Attack("closed over the limit by the shop", "device", _a("over_agreed"), closed_over_the_limit),
    Attack("a receipt that the shop did not sign", "device", _a("receipt_key_unknown"), forged_receipt),
    Attack("a packet of 200 kB", "broker", _a("packet_too_large"), _oversize),
    Attack("more than is read (60 kB)", "order service", _a("no_answer"), _larger_than_is_read),
    Attack("100,000 claims", "broker", _a("packet_too_large"), _100_000_claims),
    Attack("3,000 disclosures", "order service", _SIGNATURE, _disclosures),
    Attack("20,000 brackets", "order service", _a("no_answer"), _nested),
    Attack(
        *("the device's certificate without its signing key", "order service", _SIGNATURE),
        _stolen_certificate,
        places=1,
    ),
    Attack("an intent of a revoked device", "order service", _a("device_revoked"), _revoked_intent),
    Attack("a live session of it", "broker", _a("session_taken_over"), _revoked_session),
    Attack("its return", "TLS", _a("tls_client_revoked"), _revoked_return),
    Attack("TLS 1.2", "TLS", _a("tls_version"), _tls_1_2),
    Attack("no certificate", "TLS", _a("tls_client_refused"), _no_certificate),
    Attack(
        "a certificate by another authority of that name",
        "TLS",
        _a("tls_client_refused"),
        _certificate_of_another_authority,
    ),
    Attack("a broker by another authority", "TLS", _a("tls_wrong_ca"), _broker_of_another_authority),
    Attack("SQL in a product's id", "order service", _a("item_unknown"), _with_claims(_named(_SQL))),
    Attack(
        *("SQL in a title and a person", "order service", _a("kept_as_text"), _sql_in_texts),
        places=1,
        harmless=True,
    ),
    Attack(
        *("line ends and escapes for the shop's log", "order service", _a("one_line_each"), _lines_in_texts),
        places=1,
        harmless=True,
    ),
    Attack("SQL and escapes in what is said", "device", _a("not_understood"), spoken_injection),
    Attack(
        *("3,000 forged intents at once", "order service", _a("rate_limited"), _flood), places=1, slow=True
    ),
)
