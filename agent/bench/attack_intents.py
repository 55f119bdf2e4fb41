"""Attacks by what an intent holds: sent again, altered, not signed by the device, with texts that mean more
elsewhere. Each says what it saw.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from joserfc import jws as jose
from joserfc.jwk import ECKey

from agent.bench.attack_lab import DEVICE, VICTIM, Claims, Edit, Lab
from agent.bench.attacks import Attack, codes
from agent.bench.chaos_shim import unchecked_claims
from agent.committing.envelope import IntentData
from agent.committing.jws import base64url, from_base64url

_SQL = "coffee'); DELETE FROM orders; DROP TABLE answers; --"
_LINES = "coffee\x1b[2J\r\n2026-11-28 order_backend ordered device=nobody\u202e"
_HOUR_AGO = int(time.time()) - 3_600
_SIGNATURE = codes("signature_invalid")


def _with_claims(edit: Edit, key: ECKey | None = None) -> Any:
    def make(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            return lab.sent(client, lab.edited(edit, key=key))

    return make


def both(**changes: object) -> Edit:
    """Sets these claims in both mandates."""

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


TOKENS = (
    Attack("an intent sent again", "order service", codes("same_receipt"), _replayed, places=1),
    Attack("another device's intent as one's own", "order service", _SIGNATURE, _replayed_as_own),
    Attack(
        *("its own intent under a new id", "order service", codes("envelope_mismatch")),
        _replayed_under_a_new_id,
        places=1,
    ),
    Attack("an altered amount under its signature", "order service", _SIGNATURE, _altered),
    Attack(
        "an intent whose time is over",
        "order service",
        codes("expired"),
        _with_claims(both(iat=_HOUR_AGO - 600, exp=_HOUR_AGO)),
    ),
    Attack("meant for another shop", "order service", codes("audience"), _with_claims(both(aud="other"))),
    Attack(
        "signed for another environment",
        "order service",
        codes("environment"),
        _with_claims(both(env="production")),
    ),
    Attack("alg none", "order service", _SIGNATURE, _another_algorithm("none")),
    Attack("alg HS256, keyed with the public key", "order service", _SIGNATURE, _another_algorithm("HS256")),
    Attack("a key of one's own in the header", "order service", _SIGNATURE, _key_in_the_header),
    Attack("dearer than what was agreed", "order service", codes("over_limit"), _with_claims(_too_cheap)),
)

TEXTS = (
    Attack("SQL in a product's id", "order service", codes("item_unknown"), _with_claims(_named(_SQL))),
    Attack(
        *("SQL in a title and a person", "order service", codes("kept_as_text"), _sql_in_texts),
        places=1,
        harmless=True,
    ),
    Attack(
        *(
            "line ends and escapes for the shop's log",
            "order service",
            codes("one_line_each"),
            _lines_in_texts,
        ),
        places=1,
        harmless=True,
    ),
)
