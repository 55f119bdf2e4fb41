"""Attacks on what the shop offers (DIRECT mode), at the shop: closings over offers that it never made, that
were made for somebody else or for another time, and over another one than was heard. Each says what it saw.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from joserfc.jwk import ECKey

from agent.bench.attack_lab import CATALOGUE, DEVICE, PATIENCE_S, VICTIM, Claims, Client, Lab
from agent.bench.attacks import Attack, Where, codes
from agent.committing import jws, sd_jwt
from agent.committing.envelope import (
    OFFER,
    OFFER_REQUEST,
    IntentData,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
    up_topic,
)
from agent.committing.jws import base64url
from agent.committing.mandates import CheckoutMandate, Paid, PaymentMandate
from agent.committing.offers import OFFER_LIFETIME_S, OFFER_TYP, read_offer
from agent.committing.statements import OfferRequestClaims, RequestedLine, addressed
from order_backend.provisioning import create_shop

_CLOSED_FOR_S = 300
_HOUR_S = 3_600
_NEW_ID = str(uuid4())
_SERVICE: Where = "order service"

Change = Callable[[Lab, str], str]
"""Makes another offer of the shop's own."""


def asked(lab: Lab, client: Client, device: str = DEVICE) -> str:
    """The shop's true offer of two coffees to a device, as its JWS."""
    client.publish(up_topic(device, "offer"), _request(lab, device, lab.signing_key(device)))
    return offer_in(client)


def offer_in(client: Client) -> str:
    """The next one that comes."""
    while True:
        message = client.messages.get(timeout=PATIENCE_S)
        if message.topic.endswith("/dn/offer"):
            return decode_data(decode_event(bytes(message.payload), OFFER), SignedData).signed


def signed_again(lab: Lab, token: str, key: ECKey | None = None, **changes: Any) -> str:
    """An offer with other claims, by the shop's own key for offers, or by `key`."""
    claims = to_claims(read_offer(token)) | changes
    return jws.sign(claims, key or lab.folder.signing_key("offers"), typ=OFFER_TYP)


def cheaper(_: Lab, token: str) -> str:
    """Under the old signature; it adds up."""
    header, _old, signature = token.split(".")
    claims = to_claims(read_offer(token))
    total = 0
    for line in claims["line_items"]:
        line["item"]["price"] = 1
        line["totals"] = [{"type": "total", "amount": line["quantity"]}]
        total += line["quantity"]
    claims["totals"] = [{"type": "total", "amount": total}]
    return f"{header}.{base64url(msgspec.json.encode(claims))}.{signature}"


def by_own_key(lab: Lab, token: str) -> str:
    """Whatever one likes, and nobody has offered it."""
    return signed_again(lab, token, ECKey.generate_key("P-256"))


def by_another_shop(lab: Lab, token: str) -> str:
    """By its key for offers, in its name."""
    other = create_shop(
        lab.root / f"other-{uuid4()}",
        shop_name="Other",
        environment=lab.environment,
        catalogue=CATALOGUE,
        now=datetime.now(UTC),
    )
    return signed_again(lab, token, other.signing_key("offers"), iss=other.config().shop_id)


def for_production(lab: Lab, token: str) -> str:
    """By the true key."""
    return signed_again(lab, token, env="production")


def for_another_device(lab: Lab, token: str) -> str:
    """By the true key."""
    return signed_again(lab, token, aud=VICTIM)


def of_an_hour_ago(lab: Lab, token: str) -> str:
    """By the true key."""
    begun = int(time.time()) - _HOUR_S
    return signed_again(lab, token, iat=begun, exp=begun + OFFER_LIFETIME_S)


def _request(lab: Lab, device: str, key: ECKey) -> bytes:
    id_, now_s, basket = uuid4(), int(time.time()), lab.order().basket
    request = OfferRequestClaims(
        **addressed(lab.trust, device, id_, now_s=now_s, exp=now_s + OFFER_LIFETIME_S),
        intent=str(uuid4()),
        catalogue_version=basket.catalogue_version,
        lines=tuple(RequestedLine(line.sku, line.title, line.quantity) for line in basket.lines),
    )
    signed = SignedData(jws.sign(to_claims(request), key, typ=OfferRequestClaims.typ))
    return encode_event(OFFER_REQUEST, id_=id_, source=device, now_s=now_s, data=signed)


def _closed(lab: Lab, token: str) -> tuple[Claims, Claims]:
    """The pair that takes that offer, as the device would sign it."""
    offer, now_s, digest = read_offer(token), int(time.time()), sd_jwt.digest(token)
    person: Claims = {
        "jti": offer.id,
        "iss": DEVICE,
        "aud": lab.trust.shop_id,
        "sub": "person-1",
        "iat": now_s,
        "exp": now_s + _CLOSED_FOR_S,
        "env": lab.environment,
        "amr": ("voice",),
    }
    payment = PaymentMandate(
        transaction_id=digest,
        payee=lab.trust.merchant,
        payment_amount=Paid(offer.total_minor, offer.currency),
        payment_instrument=lab.trust.payment_instrument,
        **person,
    )
    checkout = CheckoutMandate(checkout_jwt=token, checkout_hash=digest, **person)
    return to_claims(checkout), to_claims(payment)


def _signed(lab: Lab, checkout: Claims, payment: Claims) -> bytes:
    """By the device's own key."""
    key = lab.signing_key()
    return lab.event(IntentData(sd_jwt.issue(checkout, key), sd_jwt.issue(payment, key)), checkout["jti"])


def _over(change: Change) -> Callable[[Lab], str]:
    """A closing that is right in all, over an offer that is not."""

    def make(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            return lab.sent(client, _signed(lab, *_closed(lab, change(lab, asked(lab, client)))))

    return make


def _closing(edit: Callable[[Claims, Claims], None]) -> Callable[[Lab], str]:
    """A true offer, under a closing that is not right."""

    def make(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            checkout, payment = _closed(lab, asked(lab, client))
            edit(checkout, payment)
            return lab.sent(client, _signed(lab, checkout, payment))

    return make


def _paying(more: int) -> Callable[[Claims, Claims], None]:
    def edit(_: Claims, payment: Claims) -> None:
        payment["payment_amount"]["amount"] += more

    return edit


def _to_somebody_else(_: Claims, payment: Claims) -> None:
    payment["payee"] = {"id": "other", "name": payment["payee"]["name"]}


def _another_than_was_heard(lab: Lab) -> str:
    """Two true offers: the digest that was agreed to is of the one, the offer inside is the other."""
    with lab.connected(DEVICE) as client:
        checkout, payment = _closed(lab, asked(lab, client))
        other = read_offer(token := asked(lab, client))
        claims = {**checkout, "checkout_jwt": token, "jti": other.id}
        return lab.sent(client, _signed(lab, claims, {**payment, "jti": other.id}))


def _paid_for_another(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        _, payment = _closed(lab, asked(lab, client))
        checkout, _ = _closed(lab, asked(lab, client))
        said = {name: checkout[name] for name in ("jti", "iat", "exp")}
        return lab.sent(client, _signed(lab, checkout, payment | said))


def _of_another_device(lab: Lab) -> str:
    """What the shop has offered to that one, taken by this one."""
    with lab.connected(VICTIM) as victim:
        token = asked(lab, victim, VICTIM)
    with lab.connected(DEVICE) as client:
        return lab.sent(client, _signed(lab, *_closed(lab, token)))


def _taken_twice(again: Callable[[Claims], None]) -> Callable[[Lab], str]:
    def make(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            checkout, payment = _closed(lab, asked(lab, client))
            if (first := lab.sent(client, _signed(lab, checkout, payment))) != "ordered":
                return f"the honest one: {first}"
            for claims in (checkout, payment):
                again(claims)
            return lab.sent(client, _signed(lab, checkout, payment))

    return make


def _under_a_new_id(claims: Claims) -> None:
    claims["jti"] = _NEW_ID


def _for_somebody_else(claims: Claims) -> None:
    claims["sub"] = "person-2"


def _asked_without_the_key(lab: Lab) -> str:
    """By whoever has the device's certificate alone: the shop logs why, and offers nothing."""
    since = len(lab.logged)
    with lab.connected(DEVICE) as client:
        client.publish(up_topic(DEVICE, "offer"), _request(lab, DEVICE, ECKey.generate_key("P-256")))
        honest = lab.sent(client, lab.intent())  # came after it
    said = [line for line in lab.logged[since:] if "signature_key_unknown" in line or "offered" in line]
    if honest == "ordered" and len(said) == 1 and "signature_key_unknown" in said[0]:
        return "signature_key_unknown"
    return f"{said}, an honest order: {honest}"


OFFERS = (
    Attack("an offer made cheaper under its signature", _SERVICE, codes("offer_unknown"), _over(cheaper)),
    Attack("an offer that was never made", _SERVICE, codes("offer_unknown"), _over(by_own_key)),
    Attack("an offer of another shop", _SERVICE, codes("offer_unknown"), _over(by_another_shop)),
    Attack("an offer for production, in a test", _SERVICE, codes("offer_other"), _over(for_production)),
    Attack("an offer to another device", _SERVICE, codes("offer_other"), _of_another_device),
    Attack("an offer whose time is over", _SERVICE, codes("offer_expired"), _over(of_an_hour_ago)),
    Attack(
        *("an offer taken again under a new id", _SERVICE, codes("offer_other")),
        _taken_twice(_under_a_new_id),
        places=1,
    ),
    Attack(
        *("an offer taken again for somebody else", _SERVICE, codes("idempotency_conflict")),
        _taken_twice(_for_somebody_else),
        places=1,
    ),
    Attack(
        "closed over another offer than was heard",
        _SERVICE,
        codes("checkout_hash"),
        _another_than_was_heard,
    ),
    Attack("paid for another offer", _SERVICE, codes("payment_reference"), _paid_for_another),
    Attack("closed below what was offered", _SERVICE, codes("amount"), _closing(_paying(-1))),
    Attack("closed above what was offered", _SERVICE, codes("amount"), _closing(_paying(1))),
    Attack("closed to somebody else's purse", _SERVICE, codes("merchant"), _closing(_to_somebody_else)),
    Attack(
        *("an offer asked for without the signing key", _SERVICE, codes("signature_key_unknown")),
        _asked_without_the_key,
        places=1,
    ),
)
