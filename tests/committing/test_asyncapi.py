"""docs/asyncapi.yaml is what the code sends: real messages are held against it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from agent.bench.played_phone import PlayedPhone
from agent.committing import envelope, mqtt_link
from agent.committing.asking import Question
from agent.committing.envelope import STATUS, StatusData, encode_event, shop_topic
from agent.committing.next_key import offer_next_key
from agent.committing.shop_policy import Limits
from agent.deciding.phone import Asked
from agent.plumbing.messages import CertificateRequest
from agent.plumbing.settings import Broker
from order_backend.authorities import announce, make_successor, trusted
from order_backend.authorities import announcement as authorities_announced
from order_backend.desk import OrderDesk
from order_backend.publishing import publish
from order_backend.renewals import Renewals
from order_backend.rotations import announcement, rotate
from tests.backend.test_details_published import details_of
from tests.backend.test_offers import request
from tests.committing.kit import (
    CATALOGUE_FILE,
    DEVICE,
    NOW_S,
    Bench,
    agreed,
    question,
    request_pem,
    unsigned_question,
)

SIGNED = [
    *("offerRequest", "offer", "ask", "told", "approvalRequest", "approvalWithdrawn"),
    *(
        "status",
        "query",
        "cancel",
        "renewal",
        "time",
        "answer",
        "certificate",
        "key",
        "keyAnswer",
        "catalogue",
        "policy",
        "trust",
        "authorities",
    ),
    *("receipt", "receipt (refused)", "receipt (cancelled)"),
]
APPROVED = Asked(DEVICE, "p-0123abcd", (("coffee", 2, 19_00),), 38_00, "PLN", 1, "0" * 32)
AT_SHOP: Any = {"shop_id": "corner-shop", "now_s": NOW_S}
DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "docs" / "asyncapi.yaml").read_text())
REGISTRY = Registry().with_resource("urn:earmark", Resource(contents=DOCUMENT, specification=DRAFT202012))


def follow(pointer: str) -> Any:
    found: Any = DOCUMENT
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"urn:earmark{pointer}"}, registry=REGISTRY)


def messages(bench: Bench) -> dict[str, tuple[str, bytes]]:
    """One of each kind, made by the code that makes them in earnest: name -> (topic, payload)."""
    bench.trust_time()
    bench.road.link(True)
    bench.road.commit(agreed())
    [intent] = bench.road.tick().publishes
    placed = bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S)
    other = intent.payload.replace(bench.journal.orders()[0].intent_id.encode(), str(uuid4()).encode())
    refused = bench.desk.intent(DEVICE, other, now_s=NOW_S)
    assert refused.code == "envelope_mismatch"
    bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", placed.payload)
    bench.road.cancel(bench.journal.orders()[0].intent_id, factors=("voice",))
    [cancel] = bench.road.tick().publishes
    undone = bench.desk.cancel(DEVICE, cancel.payload, now_s=NOW_S)
    bench.road.received(f"va/v1/d/{DEVICE}/dn/ack", undone.payload)
    bench.desk.shop.restores.begin(NOW_S - 100, NOW_S)
    bench.desk.shop.restores.close(NOW_S)
    bench.desk.close()
    bench.desk = OrderDesk(bench.folder)
    bench.road.received(f"va/v1/d/{DEVICE}/dn/time", bench.shop_time())
    [returned] = bench.road.tick().publishes
    bench.road.commit(agreed())
    bench.road.tick()
    bench.clocks.pass_by(4_000)
    bench.road.tick()
    query = next(one for one in bench.road.tick().publishes if one.topic.endswith("query"))
    unsigned = encode_event(STATUS, id_=uuid4(), source=DEVICE, now_s=NOW_S, data=StatusData(True))
    presence = bench.road.presence.pair()
    assert presence is not None
    answer = bench.desk.query(DEVICE, question(bench, str(uuid4())), now_s=NOW_S)
    asked = request(bench)
    offer = bench.desk.offer(DEVICE, asked, now_s=NOW_S)
    question_of_stock = bench.road.asking.ask(Question("stock", (("coffee?roast=dark", 2),))).publish
    told = bench.desk.query(DEVICE, question_of_stock.payload, now_s=int(bench.clocks.wall_s))
    catalogue = CATALOGUE_FILE.read_bytes()
    newest = publish(
        *(bench.folder, bench.desk.shop, catalogue),
        now_s=NOW_S,
        devices_have=1,
        details=details_of(catalogue),
    )
    renewal = bench.road.renewal.requested(CertificateRequest(request_pem().decode()))
    assert renewal is not None
    now_s = int(bench.clocks.wall_s)
    offer_next_key(bench.settings)
    bench.clocks.pass_by(6)
    key = next(one for one in bench.road.tick().publishes if one.topic.endswith("key"))
    key_answer = bench.desk.key_changes.take(DEVICE, key.payload, now_s=now_s)
    certificate = Renewals(bench.folder).renew(bench.desk.shop, DEVICE, renewal.payload, now_s=now_s)
    assert certificate is not None and certificate.code == "renewed"
    with bench.desk.shop.transaction():
        bench.desk.shop.policies.put(bench.folder, DEVICE, Limits(most_lines=1), now_s=NOW_S)
    policy = bench.desk.shop.policies.event(DEVICE)
    assert policy is not None
    rotate(bench.folder, "receipts", now=datetime.now(UTC))
    trust = announcement(bench.folder, now_s=now_s)
    make_successor(bench.folder, now=datetime.now(UTC))
    announce(bench.folder, trusted(bench.folder))
    authorities = authorities_announced(bench.folder, now_s=now_s)
    to_phone = bench.road.approval_asking.ask(APPROVED)
    from_phone = bench.road.approval_asking.withdraw(APPROVED, to_phone)
    approval = PlayedPhone("p-0123abcd", "Anna").answer(APPROVED, "approve", **AT_SHOP)
    down, up = f"va/v1/d/{DEVICE}/dn/", f"va/v1/d/{DEVICE}/up/"
    return {
        "intent": (intent.topic, intent.payload),
        "query": (query.topic, query.payload),
        "query (unsigned)": (query.topic, unsigned_question(str(uuid4()))),
        "ask": (question_of_stock.topic, question_of_stock.payload),
        "told": (down + told.what, told.payload),
        "offerRequest": (up + "offer", asked),
        "offer": (down + offer.what, offer.payload),
        "status": (up + "status", presence.online),
        "status (will)": (up + "status", presence.offline),
        "status (unsigned)": (up + "status", unsigned),
        "cancel": (cancel.topic, cancel.payload),
        "returned": (returned.topic, returned.payload),
        "receipt (cancelled)": (down + undone.what, undone.payload),
        "receipt": (down + placed.what, placed.payload),
        "receipt (refused)": (down + refused.what, refused.payload),
        "answer": (down + answer.what, answer.payload),
        "time": (down + "time", bench.shop_time()),
        "policy": (down + "policy", policy),
        "trust": (shop_topic(bench.trust.shop_id, "trust"), trust),
        "authorities": (shop_topic(bench.trust.shop_id, "authorities"), authorities),
        "catalogue": (envelope.catalogue_topic(bench.trust.shop_id), newest.manifest),
        "renewal": (renewal.topic, renewal.payload),
        "certificate": (down + certificate.what, certificate.payload),
        "approval": (down + "approval", approval),
        "approvalRequest": (to_phone.topic, to_phone.payload),
        "approvalWithdrawn": (from_phone.topic, from_phone.payload),
        "key": (key.topic, key.payload),
        "keyAnswer": (down + key_answer.what, key_answer.payload),
    }


def test_every_message_is_as_documented(bench: Bench) -> None:
    made = messages(bench)
    documented = {
        channel["address"].replace("{device_id}", DEVICE).replace("{shop_id}", bench.trust.shop_id): set(
            channel["messages"]
        )
        for channel in DOCUMENT["channels"].values()
    }
    assert documented.pop(envelope.part_topic(bench.trust.shop_id, "{sha256}")) == {"part"}  # no event
    for label, (topic, payload) in made.items():
        name = label.split()[0]
        assert name in documented[topic]
        event = json.loads(payload)
        validator(f"#/components/messages/{name}/payload").validate(event)
        assert not validator(f"#/components/messages/{name}/payload").is_valid({**event, "type": "other"})
    assert {(topic, name) for topic, names in documented.items() for name in names} == {
        (topic, label.split()[0]) for label, (topic, _) in made.items()
    }


@pytest.mark.parametrize("label", SIGNED)
def test_what_is_signed_is_as_documented(bench: Bench, label: str) -> None:
    name = label.split()[0]
    data = json.loads(messages(bench)[label][1])["data"]
    signed = data["statements"][0] if label == "trust" else data["signed"]
    body = signed.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    check = validator(f"#/components/schemas/{name}Claims")
    check.validate(claims)
    for missing in ("iss", "env", "iat"):
        assert not check.is_valid({key: value for key, value in claims.items() if key != missing})


def test_what_a_phone_signs_is_as_documented(bench: Bench) -> None:
    body = json.loads(messages(bench)["approval"][1])["data"]["signed"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    check = validator("#/components/schemas/approvalClaims")
    check.validate(claims)
    for missing in claims:
        assert not check.is_valid({key: value for key, value in claims.items() if key != missing})


def test_every_kind_of_event_in_the_code_is_documented() -> None:
    kinds = {
        value
        for name, value in vars(envelope).items()
        if isinstance(value, str) and value.startswith("earmark.")
    }
    told = {
        message["payload"]["allOf"][1]["properties"]["type"]["const"]
        for name, message in DOCUMENT["components"]["messages"].items()
        if name != "part"
    }
    assert told == kinds and kinds


def test_the_document_holds_together() -> None:
    assert DOCUMENT["asyncapi"] == "3.1.0" and {"title", "version"} <= DOCUMENT["info"].keys()
    for pointer in references(DOCUMENT):
        follow(pointer)
    used = {operation["channel"]["$ref"].split("/")[-1] for operation in DOCUMENT["operations"].values()}
    assert used == set(DOCUMENT["channels"])
    assert {operation["action"] for operation in DOCUMENT["operations"].values()} == {"send", "receive"}


def test_the_session_is_as_documented() -> None:
    mqtt = DOCUMENT["servers"]["broker"]["bindings"]["mqtt"]
    assert mqtt["maximumPacketSize"] == mqtt_link.MAXIMUM_PACKET_BYTES
    assert mqtt["keepAlive"] == Broker().keepalive_seconds
    assert mqtt["sessionExpiryInterval"] == Broker().session_expiry_seconds
