"""An order of several lines on its whole road: mandates, journal, the shop's own prices, receipt, mail."""

from __future__ import annotations

import uuid

import msgspec

from agent.committing.intents import SignedIntent, sign_intent
from agent.committing.receipts import verify_receipt
from agent.deciding.basket import AgreedOrder, Basket
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from order_backend.checks import PricedLine
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench

SENTENCE = (
    "order two bags of dark roast coffee and a bag of light roast coffee and three cartons of whole milk"
    " and a pack of batteries, no, make that four"
)


def _signed(bench: Bench, order: AgreedOrder) -> SignedIntent:
    return sign_intent(
        order,
        keys=bench.keys,
        trust=bench.trust,
        device_id=DEVICE,
        environment="test",
        now_s=NOW_S,
        lifetime_s=3600,
        intent_id=uuid.uuid4(),
    )


def test_every_line_comes_to_the_shop_and_is_charged_at_its_price(bench: Bench) -> None:
    parser = SentenceParser(compile_sentences(CATALOGUE, "en"))
    meaning = understand(parser, CATALOGUE, "order", SENTENCE)
    assert isinstance(meaning, OrderAsked)
    order = AgreedOrder(meaning.basket, "person-1", ("voice",), str(uuid.uuid4()))
    signed = _signed(bench, order)
    bench.journal.queue(signed, order, now_s=NOW_S, monotonic_ns=1)
    [kept] = bench.journal.orders()
    for title in ("2 × dark roast coffee", "1 × light roast coffee", "3 × whole milk", "4 × batteries"):
        assert title in kept.title
    reply = bench.desk.intent(DEVICE, signed.payload, now_s=NOW_S)
    receipt = verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")
    [placed] = bench.desk._shop.orders()
    lines = msgspec.json.decode(placed.lines, type=list[PricedLine])
    assert {line.id: line.quantity for line in lines} == {
        "coffee?roast=dark": 2,
        "coffee?roast=light": 1,
        "milk?fat=whole": 3,
        "batteries": 4,
    }
    assert receipt.status == "ordered"
    assert receipt.total is not None
    assert receipt.total.amount == placed.total_minor == meaning.basket.total.minor


def test_the_total_of_all_lines_is_the_limit(bench: Bench) -> None:
    """A price that rose on one of the lines is over it."""
    lines = (CATALOGUE.line("milk", {"fat": "whole"}, 1, "en"), CATALOGUE.line("batteries", {}, 1, "en"))
    cheaper = msgspec.structs.replace(
        lines[1], unit_price=msgspec.structs.replace(lines[1].unit_price, minor=1)
    )
    order = AgreedOrder(Basket((lines[0], cheaper), 1), "person-1", ("voice",), str(uuid.uuid4()))
    signed = _signed(bench, order)
    reply = bench.desk.intent(DEVICE, signed.payload, now_s=NOW_S)
    receipt = verify_receipt(reply.payload, bench.trust, device_id=DEVICE, environment="test")
    assert receipt.error == "over_limit"
    assert bench.desk._shop.orders() == []
