"""A device that floods the shop fills no log, and hides no other device in it."""

from __future__ import annotations

import logging

import pytest

from agent.committing.envelope import up_topic
from order_backend.device_log import LINES_AT_ONCE, LINES_PER_S, DeviceLog
from order_backend.intake import Intake
from order_backend.shop_clock import ShopClock
from order_backend.taking import Arrived, Taking
from tests.committing.kit import DEVICE, Bench


@pytest.fixture(autouse=True)
def all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "order_backend")


def test_of_a_flood_some_lines_are_said_and_then_how_many_were_not(caplog: pytest.LogCaptureFixture) -> None:
    now_s = 0.0
    log = DeviceLog(logging.getLogger("order_backend"), lambda: now_s)
    for _ in range(LINES_AT_ONCE + 40):
        log.say("device-1", "ordered device=device-1")
    log.say("device-2", "ordered device=device-2")
    assert caplog.messages.count("ordered device=device-1") == LINES_AT_ONCE
    assert caplog.messages[-1] == "ordered device=device-2"
    now_s += 1 / LINES_PER_S
    log.say("device-1", "ordered device=device-1")
    assert caplog.messages[-1] == "ordered device=device-1 unsaid=40"
    now_s += 1 / LINES_PER_S
    log.say("device-1", "ordered device=device-1")
    assert caplog.messages[-1] == "ordered device=device-1"


@pytest.mark.parametrize(
    ("what", "said"),
    [("query", "message_refused"), ("intent", "message_refused"), ("receipt", "message_failed")],
)
def test_messages_that_are_none_do_not_fill_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, what: str, said: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    acknowledged: list[int] = []
    monkeypatch.setattr(bench.desk, "returned", fails)
    taking = Taking(
        Intake(bench.folder, lambda *_, **__: 0),
        bench.desk,
        ShopClock(bench.desk.shop, "backend-1"),
        lambda mid, _: acknowledged.append(mid),
    )
    for mid in range(3 * LINES_AT_ONCE):
        taking.add(Arrived(up_topic(DEVICE, what), b"junk", mid, 1))
    taking.take_waiting()
    assert acknowledged == list(range(3 * LINES_AT_ONCE))
    lines = [line for line in caplog.messages if line.startswith(said)]
    assert LINES_AT_ONCE <= len(lines) <= LINES_AT_ONCE + 10
    assert all(up_topic(DEVICE, what) in line for line in lines)
