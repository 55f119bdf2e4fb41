"""The whole device, its processes killed in the middle of an order: nothing lost, nothing ordered twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.plumbing import operator
from scripts.story.acting import agree, enrol, order
from scripts.story.customers import ANNA
from scripts.story.stage import Stage

TEA = "order three boxes of green tea."
OFFLINE_ORDERS = {"voice": TEA, "till": "order two cans of dog food.", "uplink": "order a pack of butter."}


@pytest.mark.parametrize("name", ["voice", "till", "uplink"])
def test_kill_after_the_read_back_orders_nothing_and_the_device_goes_on(stage: Stage, name: str) -> None:
    before = len(stage.shop_orders())
    order(stage, ANNA, "order a carton of orange juice.")
    assert stage.decided()[-1] == "read_back"
    stage.kill(name)
    if name == "uplink":
        said = agree(stage)  # the conversation does not pass through the network
        stage.settled()
        if "i will tell you" in said:  # the network was back later than the words
            stage.answer()
        assert len(stage.shop_orders()) == before + 1
        return
    stage.says(ANNA, "yes, place my order.")
    stage.hears_nothing()
    assert len(stage.shop_orders()) == before
    order(stage, ANNA, "order a carton of oat milk.")
    assert stage.decided()[-1] == "read_back"
    agree(stage, words="no, cancel.")
    assert stage.decided()[-1] == "cancelled"


@pytest.mark.parametrize("name", ["voice", "till", "uplink"])
def test_kill_while_an_order_is_queued_places_it_exactly_once(stage: Stage, name: str) -> None:
    before = len(stage.shop_orders())
    stage.stop_broker()
    order(
        stage,
        ANNA,
        OFFLINE_ORDERS[name],
    )
    assert "order is" in agree(stage)
    assert stage.newest_order().state == "queued"
    stage.kill(name)
    assert stage.newest_order().state == "queued"
    stage.start_broker()
    stage.settled()
    assert stage.newest_order().state == "ordered"
    assert len(stage.shop_orders()) == before + 1
    assert "the shop has your order" in stage.answer()


def asked(stage: Stage) -> int:
    """How often the device has proposed something aloud."""
    return stage.decided().count("proposed")


def test_kill_around_a_proposal_asks_no_second_time_and_orders_once(stage: Stage) -> None:
    before = len(stage.shop_orders())
    stage.beans_fall_to(0.6)
    assert "coffee machine" in stage.answer()
    stage.kill("sensors")
    stage.beans_fall_to(0.5)
    stage.proposal("asked", 0.5 / 3)
    stage.kill("till")
    stage.proposal("asked", 0.5 / 3)
    stage.hears_nothing()
    assert asked(stage) == 1, "a restart makes it no news"
    stage.stop_broker()
    order(stage, ANNA, "yes, place my order.")
    assert stage.decided()[-1] == "read_back", "what was said before the restarts still waits for her"
    assert "order is" in agree(stage)
    stage.kill("till")
    stage.kill("sensors")
    stage.beans_fall_to(2.8)
    stage.beans_fall_to(0.3)
    stage.proposal("on_its_way", 0.1)
    stage.hears_nothing()
    stage.start_broker()
    assert "the shop has your order" in stage.answer()
    assert asked(stage) == 1
    assert len(stage.shop_orders()) == before + 1


def test_a_local_user_can_order_nothing_through_the_operator_socket(stage: Stage) -> None:
    before = stage.shop_orders()
    client = stage.connect()
    for line in ("order two bags of dark roast coffee", "yes, place my order", "yes", "yes, order two bags"):
        client.ask(operator.ChatLine("en", line), operator.ChatReply)
    client.close()
    assert "refused_typed" in stage.decided()
    assert "consented" not in stage.decided()[-4:]
    assert stage.shop_orders() == before


def test_nothing_is_signed_before_the_time_is_known(tmp_path: Path) -> None:
    with Stage(tmp_path / "stage", lambda _who, _words: None, shop_answers=False) as stage:
        enrol(stage)
        said = order(stage, ANNA, TEA)
        assert stage.decided()[-1] == "clock_untrusted"
        assert "time" in said
        assert not stage.journal().orders
