"""What device and shop sign stands before a verifier that knows AP2 v0.2 and nothing of Earmark; with one
thing wrong it falls, by the rule that it breaks."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from order_backend.shop import OrderRow
from tests.committing import ap2_verifier as ap2
from tests.committing.ap2_verifier import Refused, Usage, digest
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed, ap2_schemas

Claims = dict[str, Any]
Edit = Callable[[Claims], None]
OTHER = JWK.generate(kty="EC", crv="P-256")
SHOP = "corner-shop"


def placed(bench: Bench, quantity: int = 2) -> OrderRow:
    bench.trust_time()
    order = agreed(quantity)
    tea = CATALOGUE.line("green-tea", {}, 1, "en")
    basket = msgspec.structs.replace(order.basket, lines=(*order.basket.lines, tea))
    payload = bench.road.commit(msgspec.structs.replace(order, basket=basket)).payload
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S).code == "ordered"
    [row] = bench.desk.shop.orders()
    return row


def public(jwk: object) -> JWK:
    return JWK(**msgspec.to_builtins(jwk))


@dataclass
class Tokens:
    """What a verifier is shown, and the keys that it trusts."""

    open_checkout: str
    open_payment: str
    closed_checkout: str
    closed_payment: str
    device: JWK
    merchant: JWK


def shown(bench: Bench, order: OrderRow) -> Tokens:
    return Tokens(
        order.open_checkout,
        order.open_payment,
        order.closed_checkout,
        order.closed_payment,
        public(bench.keys.public_jwk()),
        public(bench.trust.keys.offers[0]),
    )


def verify(tokens: Tokens, *, now_s: int = NOW_S, audience: str = SHOP, usage: Usage | None = None) -> Claims:
    about = {"root": tokens.device, "audience": audience, "now_s": now_s}
    checkout = ap2.verify_chain(tokens.open_checkout, tokens.closed_checkout, **about)  # type: ignore[arg-type]
    payment = ap2.verify_chain(tokens.open_payment, tokens.closed_payment, **about)  # type: ignore[arg-type]
    basket = ap2.verify_checkout(checkout, merchant_key=tokens.merchant)
    ap2.verify_payment(payment, checkout, basket, usage or Usage())
    return {"checkout": checkout, "payment": payment, "basket": basket}


def test_an_independent_verifier_takes_what_device_and_shop_sign(bench: Bench) -> None:
    order = placed(bench)
    found = verify(shown(bench, order))
    basket = found["basket"]
    assert basket["merchant"] == {"id": SHOP, "name": "Corner Shop"} and basket["currency"] == order.currency
    assert {line["item"]["id"]: line["quantity"] for line in basket["line_items"]} == {
        line["id"]: line["quantity"] for line in json.loads(order.lines)
    }
    assert basket["totals"][-1] == {"type": "total", "amount": order.total_minor}
    nonces = {
        json.loads(decoded(token.split(".")[1]))["nonce"]
        for token in (order.closed_checkout, order.closed_payment)
    }
    assert len(nonces) == 2


def test_all_four_mandates_fit_the_published_schemas(bench: Bench) -> None:
    check_by = ap2_schemas()
    found = verify(shown(bench, placed(bench)))
    for chain, kind in ((found["checkout"], "checkout"), (found["payment"], "payment")):
        for claims, name in ((chain.open, f"open_{kind}_mandate"), (chain.closed, f"{kind}_mandate")):
            check = check_by(name)
            check.validate(claims)
            assert not check.is_valid({**claims, "vct": "mandate.other.1"})
    for line in found["basket"]["line_items"]:
        check_by("item").validate(line["item"])


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@dataclass
class Mutation:
    """Edits by what they edit: open_checkout, open_payment, basket, checkout, checkout_hop, payment,
    payment_hop. What comes later is made to fit what came before, so that one rule is broken and no other.
    `keys` and `typs` replace who signs a token, and as what."""

    edits: dict[str, Edit] = field(default_factory=dict)
    keys: dict[str, JWK] = field(default_factory=dict)
    typs: dict[str, str] = field(default_factory=dict)


def mutated(bench: Bench, mutation: Mutation) -> Tokens:
    order = placed(bench)
    keys = {
        "device": JWK.from_json(json.dumps(bench.keys._key.as_dict(private=True))),
        "agent": JWK.from_pem(bench.folder.signing_key_file("agent").read_bytes()),
        "offers": JWK.from_pem(bench.folder.signing_key_file("offers").read_bytes()),
    }

    def claims(token: str) -> Claims:
        return json.loads(decoded(token.split(".")[1]))  # type: ignore[no-any-return]

    def edited(name: str, value: Claims) -> Claims:
        mutation.edits.get(name, lambda _: None)(value)
        return value

    def signed(name: str, value: Claims, key: str, typ: str, end: str = "~") -> str:
        token = JWS(json.dumps(value))
        header = {"alg": "ES256", "typ": mutation.typs.get(name, typ)}
        token.add_signature(mutation.keys.get(name, keys[key]), protected=json.dumps(header))
        return token.serialize(compact=True) + end

    open_checkout = edited("open_checkout", claims(order.open_checkout))
    open_checkout_token = signed("open_checkout", open_checkout, "device", "dc+sd-jwt")
    open_payment = claims(order.open_payment)
    for constraint in open_payment["constraints"]:
        if constraint["type"] == "payment.reference":
            constraint["conditional_transaction_id"] = digest(open_checkout_token)
    open_payment_token = signed("open_payment", edited("open_payment", open_payment), "device", "dc+sd-jwt")
    checkout_hop, payment_hop = claims(order.closed_checkout), claims(order.closed_payment)
    [checkout], [payment] = checkout_hop["delegate_payload"], payment_hop["delegate_payload"]
    basket = edited("basket", claims(checkout["checkout_jwt"]))
    checkout["checkout_jwt"] = signed("basket", basket, "offers", "JWT", "")
    checkout["checkout_hash"] = payment["transaction_id"] = digest(checkout["checkout_jwt"])
    checkout_hop["sd_hash"], payment_hop["sd_hash"] = digest(open_checkout_token), digest(open_payment_token)
    edited("checkout", checkout)
    edited("payment", payment)
    return Tokens(
        open_checkout_token,
        open_payment_token,
        signed("checkout_hop", edited("checkout_hop", checkout_hop), "agent", "kb+sd-jwt"),
        signed("payment_hop", edited("payment_hop", payment_hop), "agent", "kb+sd-jwt"),
        public(bench.keys.public_jwk()),
        public(bench.trust.keys.offers[0]),
    )


def of_type(claims: Claims, type_: str) -> Claims:
    return next(one for one in claims["constraints"] if one["type"] == type_)


def only(**edits: Edit) -> Mutation:
    return Mutation(edits)


def put(name: str, value: object) -> Edit:
    return lambda claims: claims.update({name: value})


def total(minor: int) -> Edit:
    def edit(basket: Claims) -> None:
        basket["totals"][-1]["amount"] = minor

    return edit


def quantity(number: int) -> Edit:
    def edit(basket: Claims) -> None:
        basket["line_items"][0]["quantity"] = number

    return edit


def another_item(basket: Claims) -> None:
    basket["line_items"][0]["item"]["id"] = "caviar"


MUTATIONS: list[tuple[str, Mutation]] = [
    ("open_signature", Mutation(keys={"open_checkout": OTHER})),
    ("open_signature", Mutation(keys={"open_payment": OTHER})),
    ("closed_signature", Mutation(keys={"checkout_hop": OTHER})),
    ("closed_signature", Mutation(keys={"payment_hop": OTHER})),
    ("merchant_signature", Mutation(keys={"basket": OTHER})),
    ("typ", Mutation(typs={"open_checkout": "JWT"})),
    ("typ", Mutation(typs={"checkout_hop": "dc+sd-jwt"})),
    ("typ", Mutation(typs={"payment_hop": "kb+sd-jwt+kb"})),
    ("cnf", only(open_checkout=lambda claims: claims.pop("cnf"))),
    ("closed_signature", only(open_checkout=put("cnf", {"jwk": json.loads(OTHER.export_public())}))),
    ("sd_hash", only(checkout_hop=put("sd_hash", digest("another~")))),
    ("sd_hash", only(payment_hop=lambda claims: claims.pop("sd_hash"))),
    ("aud", only(checkout_hop=put("aud", "another-shop"))),
    ("nonce", only(payment_hop=lambda claims: claims.pop("nonce"))),
    ("iat", only(checkout_hop=lambda claims: claims.pop("iat"))),
    ("delegate_payload", only(checkout_hop=lambda claims: claims.pop("delegate_payload"))),
    ("delegate_payload", only(payment_hop=lambda claims: claims["delegate_payload"].append({}))),
    ("terminal", only(checkout=put("cnf", {}))),
    ("time", only(checkout=put("exp", NOW_S))),
    ("time", only(open_checkout=put("exp", NOW_S))),
    ("time", only(payment_hop=put("iat", NOW_S - 10))),
    ("vct", only(checkout=put("vct", "mandate.payment.1"))),
    ("vct", only(open_payment=put("vct", "mandate.payment.1"))),
    ("checkout_hash", only(checkout=put("checkout_hash", digest("other")))),
    ("transaction_id", only(payment=put("transaction_id", digest("other")))),
    ("payee", only(payment=put("payee", {"id": "another-shop", "name": "Corner Shop"}))),
    ("payment_amount", only(payment=put("payment_amount", {"amount": 1, "currency": "PLN"}))),
    ("payment_amount", only(basket=put("currency", "EUR"))),
    ("preset", only(open_payment=put("payment_amount", {"amount": 1, "currency": "PLN"}))),
    ("checkout.allowed_merchants", only(basket=put("merchant", {"id": "other", "name": "Corner Shop"}))),
    ("checkout.line_items", only(basket=quantity(1))),
    ("checkout.line_items", only(basket=quantity(3))),
    ("checkout.line_items", only(basket=another_item)),
    ("checkout.line_items", only(basket=lambda basket: basket["line_items"].pop())),
    ("checkout.line_items", only(basket=put("line_items", []))),
    ("checkout.line_items", only(basket=lambda basket: basket["line_items"][0].pop("item"))),
    ("constraints", only(open_checkout=put("constraints", []))),
    ("constraints", only(open_payment=put("constraints", []))),
    (
        "unknown_constraint",
        only(open_checkout=lambda claims: claims["constraints"].append({"type": "checkout.gift"})),
    ),
    (
        "unknown_constraint",
        only(open_payment=lambda claims: claims["constraints"].append({"type": "payment.mood"})),
    ),
    (
        "payment.amount_range",
        only(open_payment=lambda claims: of_type(claims, "payment.amount_range").update(max=100)),
    ),
    (
        "payment.amount_range",
        only(open_payment=lambda claims: of_type(claims, "payment.amount_range").update(currency="EUR")),
    ),
    (
        "payment.reference",
        only(
            open_payment=lambda claims: of_type(claims, "payment.reference").update(
                conditional_transaction_id=digest("another~")
            )
        ),
    ),
    (
        "payment.allowed_payees",
        only(open_payment=lambda claims: of_type(claims, "payment.allowed_payees").update(allowed=[])),
    ),
    (
        "payment.allowed_payment_instruments",
        only(payment=put("payment_instrument", {"id": "another-card", "type": "shop_account"})),
    ),
]


def test_the_verifier_knows_nothing_of_earmark() -> None:
    tree = ast.parse(Path(ap2.__file__).read_text())
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported and not [
        name for name in imported if name.startswith(("agent", "order_backend", "tests"))
    ]


def test_what_is_taken_apart_and_signed_again_unchanged_stands(bench: Bench) -> None:
    verify(mutated(bench, Mutation()))


@pytest.mark.parametrize(
    ("rule", "mutation"), MUTATIONS, ids=[f"{at}-{rule}" for at, (rule, _) in enumerate(MUTATIONS)]
)
def test_one_thing_wrong_and_it_falls_by_that_rule(bench: Bench, rule: str, mutation: Mutation) -> None:
    with pytest.raises(Refused) as refused:
        verify(mutated(bench, mutation))
    assert refused.value.rule == rule


def test_a_price_that_rose_between_the_two_is_caught_by_the_range(bench: Bench) -> None:
    """Checkout and payment agree on more than the open mandate allows."""
    mutation = only(
        basket=total(9_999_99), payment=put("payment_amount", {"amount": 9_999_99, "currency": "PLN"})
    )
    with pytest.raises(Refused, match=r"payment\.amount_range"):
        verify(mutated(bench, mutation))


def test_every_rule_that_is_written_is_broken_by_some_case() -> None:
    broken = {rule for rule, _ in MUTATIONS} | {case[0] for case in ALONE}
    assert broken >= ap2.CHECKOUT_RULES.keys() | ap2.PAYMENT_RULES.keys()


CLOSED = {
    "payee": {"id": SHOP, "name": "Corner Shop"},
    "payment_amount": {"amount": 3_800, "currency": "PLN"},
    "payment_instrument": {"id": "account-on-file", "type": "shop_account"},
    "pisp": {"legal_name": "Bank SA", "brand_name": "Bank", "domain_name": "bank.example"},
    "execution_date": "2026-11-20T00:00:00Z",
}
ALONE: list[tuple[str, Claims, Claims, Usage]] = [
    # rule, constraint that holds, what to change of it so that it does not, what went before
    ("payment.budget", {"max": 38, "currency": "PLN"}, {"max": 37.99}, Usage()),
    ("payment.budget", {"max": 76.00, "currency": "PLN"}, {"max": 75}, Usage(spent_minor=3_800)),
    ("payment.budget", {"max": 38, "currency": "PLN"}, {"currency": "EUR"}, Usage()),
    ("payment.amount_range", {"max": 3_800, "currency": "PLN"}, {"max": 38}, Usage()),
    ("payment.amount_range", {"max": 9_999, "min": 3_800, "currency": "PLN"}, {"min": 3_801}, Usage()),
    (
        "payment.agent_recurrence",
        {"frequency": "ON_DEMAND", "max_occurrences": 2},
        {"max_occurrences": 1},
        Usage(times=1),
    ),
    ("payment.allowed_pisps", {"allowed": [CLOSED["pisp"]]}, {"allowed": []}, Usage()),
    (
        "payment.execution_date",
        {"not_before": "2026-11-20T00:00:00Z", "not_after": "2026-11-20T00:00:00Z"},
        {"not_after": "2026-11-19T23:59:59Z"},
        Usage(),
    ),
]


@pytest.mark.parametrize(("rule", "holds", "change", "usage"), ALONE)
def test_rules_that_earmark_does_not_use_are_understood(
    rule: str, holds: Claims, change: Claims, usage: Usage
) -> None:
    """`payment.budget` counts in major units and `payment.amount_range` in minor ones."""
    constraint = {"type": rule, **holds}
    ap2.check_payment(constraint, CLOSED, open_checkout="", usage=usage)
    with pytest.raises(Refused) as refused:
        ap2.check_payment(constraint | change, CLOSED, open_checkout="", usage=usage)
    assert refused.value.rule == rule


@pytest.mark.parametrize(
    ("counts", "fits"),
    [
        ({"red": 1, "socks": 1}, True),
        ({"blue": 1, "socks": 1}, True),
        ({"red": 1, "blue": 1}, False),
        ({"red": 1}, False),
        ({"socks": 1}, False),
        ({"red": 1, "socks": 2}, False),
    ],
)
def test_each_requirement_is_met_once_and_nothing_is_left_over(counts: dict[str, int], fits: bool) -> None:
    """The examples of AP2's page on checkout mandates."""
    shoes = {"id": "1", "quantity": 1, "acceptable_items": [{"id": "red"}, {"id": "blue"}]}
    socks = {"id": "2", "quantity": 1, "acceptable_items": [{"id": "socks"}]}
    checkout = {"line_items": [{"item": {"id": id_}, "quantity": count} for id_, count in counts.items()]}
    rule = ap2.CHECKOUT_RULES["checkout.line_items"]
    if fits:
        rule({"items": [shoes, socks]}, checkout)
        return
    with pytest.raises(Refused):
        rule({"items": [shoes, socks]}, checkout)


def test_a_requirement_gives_way_where_another_can_only_take_what_it_has() -> None:
    either = {"id": "1", "quantity": 2, "acceptable_items": [{"id": "a"}, {"id": "b"}]}
    only_a = {"id": "2", "quantity": 2, "acceptable_items": [{"id": "a"}]}
    checkout = {"line_items": [{"item": {"id": "a"}, "quantity": 2}, {"item": {"id": "b"}, "quantity": 2}]}
    for items in ([either, only_a], [only_a, either]):
        ap2.CHECKOUT_RULES["checkout.line_items"]({"items": items}, checkout)
