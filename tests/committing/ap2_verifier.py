"""Whether a payment system that speaks AP2 v0.2 takes what Earmark signs: written from AP2's schemas and
pages (agent authorization, checkout mandate, payment mandate) over libraries that the project itself does
not use, and importing nothing of it.

Amounts are minor units, but `payment.budget` counts in major ones. What is not understood fails.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from sd_jwt.verifier import SDJWTVerifier

Claims = dict[str, Any]
MINOR_IN_MAJOR = 100
"""Of the currencies in these tests (ISO 4217: two decimals)."""


class Refused(Exception):
    """`rule` is the one that does not hold."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}" if detail else rule)
        self.rule = rule


@dataclass(frozen=True)
class Chain:
    """An open mandate, the mandate that closes it, and both as they were presented."""

    open: Claims
    closed: Claims
    open_token: str


@dataclass(frozen=True)
class Usage:
    """What a verifier remembers of an open payment mandate."""

    spent_minor: int = 0
    times: int = 0
    """How often it was used before."""


def digest(text: str) -> str:
    """base64url of the sha256, as `sd_hash`, `checkout_hash` and references have it."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def verify_chain(open_token: str, closed_token: str, *, root: JWK, audience: str, now_s: int) -> Chain:
    """An open mandate by `root` and the one hop that closes it."""
    open_ = _sd_jwt(open_token, root, ("dc+sd-jwt",), "open")
    confirmation = open_.get("cnf", {}).get("jwk")
    if not confirmation:
        raise Refused("cnf", "an open mandate names who may close it")
    hop = _sd_jwt(closed_token, JWK(**confirmation), ("kb+sd-jwt",), "closed")
    if hop.get("sd_hash") != digest(open_token):
        raise Refused("sd_hash", "closes another mandate")
    if hop.get("aud") != audience:
        raise Refused("aud", f"is meant for {hop.get('aud')!r}")
    if not hop.get("nonce"):
        raise Refused("nonce")
    if not isinstance(hop.get("iat"), int):
        raise Refused("iat")
    payloads = hop.get("delegate_payload")
    if not isinstance(payloads, list) or len(payloads) != 1 or not isinstance(payloads[0], dict):
        raise Refused("delegate_payload", "one closed mandate is wanted")
    [closed] = payloads
    if "cnf" in closed:
        raise Refused("terminal", "a last hop delegates no further")
    for mandate in (open_, closed):
        if mandate.get("iat", 0) > now_s or mandate.get("exp", now_s + 1) <= now_s:
            raise Refused("time")
    if not open_.get("iat", 0) <= hop["iat"] <= open_.get("exp", hop["iat"]):
        raise Refused("time", "closed while it was not open")
    return Chain(open_, closed, open_token)


def verify_checkout(chain: Chain, *, merchant_key: JWK) -> Claims:
    """The checkout that the merchant signed and the mandate authorises."""
    _vct(chain, "mandate.checkout.open.1", "mandate.checkout.1")
    signed = chain.closed.get("checkout_jwt", "")
    if chain.closed.get("checkout_hash") != digest(signed):
        raise Refused("checkout_hash")
    checkout: Claims = json.loads(_jws(signed, merchant_key, "merchant_signature"))
    for constraint in _constraints(chain.open, required="checkout.line_items"):
        rule = CHECKOUT_RULES.get(constraint.get("type", ""))
        if rule is None:
            raise Refused("unknown_constraint", str(constraint.get("type")))
        rule(constraint, checkout)
    return checkout


def verify_direct(
    checkout_token: str, payment_token: str, *, root: JWK, merchant_key: JWK, now_s: int
) -> Claims:
    """The checkout that `root` authorised and paid for itself: two closed mandates and no chain."""
    checkout = _sd_jwt(checkout_token, root, ("dc+sd-jwt",), "checkout")
    payment = _sd_jwt(payment_token, root, ("dc+sd-jwt",), "payment")
    for mandate, vct in ((checkout, "mandate.checkout.1"), (payment, "mandate.payment.1")):
        if mandate.get("vct") != vct:
            raise Refused("vct", str(mandate.get("vct")))
        if "cnf" in mandate:
            raise Refused("terminal", "a closed mandate delegates no further")
        if mandate.get("iat", 0) > now_s or mandate.get("exp", now_s + 1) <= now_s:
            raise Refused("time")
    signed = checkout.get("checkout_jwt", "")
    if checkout.get("checkout_hash") != digest(signed):
        raise Refused("checkout_hash")
    basket: Claims = json.loads(_jws(signed, merchant_key, "merchant_signature"))
    if basket.get("exp", now_s + 1) <= now_s:
        raise Refused("offer_time")
    _pays(payment, checkout, basket)
    return basket


def verify_payment(chain: Chain, checkout_chain: Chain, checkout: Claims, usage: Usage = Usage()) -> None:
    """The payment mandate pays exactly for that checkout."""
    _vct(chain, "mandate.payment.open.1", "mandate.payment.1")
    closed = chain.closed
    _pays(closed, checkout_chain.closed, checkout)
    for name in ("payee", "payment_amount", "payment_instrument", "pisp", "execution_date"):
        if name in chain.open and chain.open[name] != closed.get(name):
            raise Refused("preset", name)
    for constraint in _constraints(chain.open, required="payment.reference"):
        check_payment(constraint, closed, open_checkout=checkout_chain.open_token, usage=usage)


def _pays(closed: Claims, closed_checkout: Claims, checkout: Claims) -> None:
    if closed.get("transaction_id") != closed_checkout["checkout_hash"]:
        raise Refused("transaction_id")
    if closed["payee"].get("id") != checkout["merchant"].get("id"):
        raise Refused("payee", "is not who sells")
    total = next((one["amount"] for one in checkout["totals"] if one["type"] == "total"), None)
    paid = closed["payment_amount"]
    if (paid.get("amount"), paid.get("currency")) != (total, checkout.get("currency")):
        raise Refused("payment_amount", "is not the checkout's total")


def check_payment(constraint: Claims, closed: Claims, *, open_checkout: str, usage: Usage) -> None:
    """One constraint of an open payment mandate."""
    rule = PAYMENT_RULES.get(constraint.get("type", ""))
    if rule is None:
        raise Refused("unknown_constraint", str(constraint.get("type")))
    rule(constraint, closed, open_checkout, usage)


def _allowed_merchants(constraint: Claims, checkout: Claims) -> None:
    _one_of(constraint["allowed"], checkout.get("merchant", {}), ("id",), "checkout.allowed_merchants")


def _line_items(constraint: Claims, checkout: Claims) -> None:
    """The maximal flow from requirements to items equals the quantities of both."""
    wanted = [
        (item["quantity"], {one["id"] for one in item["acceptable_items"]}) for item in constraint["items"]
    ]
    counts: dict[str, int] = {}
    for line in checkout.get("line_items", []):
        id_ = line.get("item", {}).get("id", "")
        counts[id_] = counts.get(id_, 0) + line["quantity"]
    total = sum(counts.values())
    if total == 0 or any(line["quantity"] <= 0 for line in checkout["line_items"]):
        raise Refused("checkout.line_items", "an empty checkout")
    if not _max_flow(wanted, counts) == sum(quantity for quantity, _ in wanted) == total:
        raise Refused("checkout.line_items")


def _max_flow(wanted: Sequence[tuple[int, set[str]]], counts: Mapping[str, int]) -> int:
    """By augmenting paths, one unit at a time: quantities are small."""
    flows: dict[tuple[int, str], int] = {}

    def augment(requirement: int, seen: set[str]) -> bool:
        for id_ in wanted[requirement][1] & counts.keys() - seen:
            seen.add(id_)
            taken = [at for at in range(len(wanted)) if flows.get((at, id_), 0) > 0]
            if sum(flows.get((at, id_), 0) for at in taken) < counts[id_]:
                flows[requirement, id_] = flows.get((requirement, id_), 0) + 1
                return True
            for at in taken:
                if at != requirement and augment(at, seen):
                    flows[at, id_] -= 1
                    flows[requirement, id_] = flows.get((requirement, id_), 0) + 1
                    return True
        return False

    return sum(augment(at, set()) for at, (quantity, _) in enumerate(wanted) for _ in range(quantity))


def _amount_range(constraint: Claims, closed: Claims, _: str, __: Usage) -> None:
    amount = closed["payment_amount"]
    if amount["currency"] != constraint["currency"]:
        raise Refused("payment.amount_range", "another currency")
    if not constraint.get("min", 0) <= amount["amount"] <= constraint["max"]:
        raise Refused("payment.amount_range")


def _reference(constraint: Claims, _: Claims, open_checkout: str, __: Usage) -> None:
    if constraint["conditional_transaction_id"] != digest(open_checkout):
        raise Refused("payment.reference")


def _allowed_payees(constraint: Claims, closed: Claims, _: str, __: Usage) -> None:
    _one_of(constraint["allowed"], closed["payee"], ("id",), "payment.allowed_payees")


def _allowed_instruments(constraint: Claims, closed: Claims, _: str, __: Usage) -> None:
    rule = "payment.allowed_payment_instruments"
    _one_of(constraint["allowed"], closed["payment_instrument"], ("id",), rule)


def _allowed_pisps(constraint: Claims, closed: Claims, _: str, __: Usage) -> None:
    names = ("legal_name", "brand_name", "domain_name")
    _one_of(constraint["allowed"], closed.get("pisp", {}), names, "payment.allowed_pisps")


def _budget(constraint: Claims, closed: Claims, _: str, usage: Usage) -> None:
    amount = closed["payment_amount"]
    most_minor = Decimal(str(constraint["max"])) * MINOR_IN_MAJOR
    if amount["currency"] != constraint["currency"] or usage.spent_minor + amount["amount"] > most_minor:
        raise Refused("payment.budget")


def _recurrence(constraint: Claims, _: Claims, __: str, usage: Usage) -> None:
    if constraint["frequency"] != "ON_DEMAND":
        raise Refused("unknown_constraint", "a frequency that is not kept here")
    if usage.times >= constraint.get("max_occurrences", usage.times + 1):
        raise Refused("payment.agent_recurrence")


def _execution_date(constraint: Claims, closed: Claims, _: str, __: Usage) -> None:
    date = closed.get("execution_date")
    if date is None:
        raise Refused("payment.execution_date", "when it is paid is not said")
    if not constraint.get("not_before", date) <= date <= constraint.get("not_after", date):
        raise Refused("payment.execution_date")


CHECKOUT_RULES: dict[str, Callable[[Claims, Claims], None]] = {
    "checkout.allowed_merchants": _allowed_merchants,
    "checkout.line_items": _line_items,
}
PAYMENT_RULES: dict[str, Callable[[Claims, Claims, str, Usage], None]] = {
    "payment.amount_range": _amount_range,
    "payment.reference": _reference,
    "payment.allowed_payees": _allowed_payees,
    "payment.allowed_payment_instruments": _allowed_instruments,
    "payment.allowed_pisps": _allowed_pisps,
    "payment.budget": _budget,
    "payment.agent_recurrence": _recurrence,
    "payment.execution_date": _execution_date,
}


def _one_of(allowed: Sequence[Claims], found: Claims, names: Sequence[str], rule: str) -> None:
    """By its identifiers; what is shown to people proves nothing."""
    wanted = [found.get(name) for name in names]
    if not all(wanted) or wanted not in [[one.get(name) for name in names] for one in allowed]:
        raise Refused(rule)


def _constraints(mandate: Claims, *, required: str) -> list[Claims]:
    constraints: list[Claims] = mandate.get("constraints", [])
    if required not in {one.get("type") for one in constraints}:
        raise Refused("constraints", f"none is {required}")
    return constraints


def _vct(chain: Chain, open_: str, closed: str) -> None:
    if (chain.open.get("vct"), chain.closed.get("vct")) != (open_, closed):
        raise Refused("vct", f"{chain.open.get('vct')!r} closed by {chain.closed.get('vct')!r}")


def _sd_jwt(token: str, key: JWK, typs: Sequence[str], what: str) -> Claims:
    if not token.endswith("~"):
        raise Refused("sd_jwt", "no '~' at its end")
    header = JWS.from_jose_token(token.partition("~")[0]).jose_header
    if header.get("typ") not in typs:
        raise Refused("typ", str(header.get("typ")))
    _jws(token.partition("~")[0], key, f"{what}_signature")
    claims: Claims = SDJWTVerifier(token, lambda *_: key).get_verified_payload()
    return claims


def _jws(token: str, key: JWK, rule: str) -> bytes:
    try:
        signed = JWS.from_jose_token(token)
        signed.allowed_algs = ["ES256"]
        signed.verify(key)
    except JWException as error:
        raise Refused(rule, type(error).__name__) from error
    return bytes(signed.payload)
