"""An order service whose session the broker has half dropped notices, and takes a new one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.bench.attack_lab import DEVICE, VICTIM, Client, Lab
from agent.committing.envelope import up_topic
from agent.plumbing.in_flight import LONGEST_STEP_S
from order_backend import echo, session_watch
from order_backend.broker_files import access_list
from order_backend.intake import Intake
from order_backend.session_watch import SessionWatch
from order_backend.taking import MOST_TOGETHER
from tests.committing.flooding import until_dropped
from tests.committing.network import eventually

_take = Intake.take


class Stalled:
    """An order service that hangs in the first message that it takes, as on a slow disk, until let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, answers: bool) -> None:
        self.hangs, self.let_go = threading.Event(), threading.Event()
        taken = self

        def take(intake: Intake, *arguments: Any, **named: Any) -> None:
            if not taken.hangs.is_set():
                taken.hangs.set()
                taken.let_go.wait(120)
                if not answers:
                    raise ValueError("not answered")
            _take(intake, *arguments, **named)

        monkeypatch.setattr(Intake, "take", take)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Short waits, as nothing is to be waited for here but what has been dropped. The next echo is not said
    while the flood is still read: that it was not acknowledged would be found first."""
    monkeypatch.setattr(session_watch, "UNACKNOWLEDGED_S", 3.0)
    monkeypatch.setattr(echo, "LONGEST_S", 3.0)
    monkeypatch.setattr(echo, "EVERY_S", LONGEST_STEP_S + 3.0)
    with Lab(tmp_path) as lab:
        yield lab


def flood(lab: Lab) -> None:
    with lab.connected(DEVICE) as client:
        until_dropped(client, up_topic(DEVICE, "query"), lab.folder, whose="backend-1")


def test_one_whose_answers_are_acknowledged_no_more_comes_back_and_answers(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.connected(VICTIM) as victim:
        stalled = Stalled(monkeypatch, answers=True)
        intent = lab.intent(VICTIM)
        victim.publish(up_topic(VICTIM, "intent"), intent)
        assert stalled.hangs.wait(60)
        flood(lab)
        stalled.let_go.set()
        eventually(lambda: _said(lab, "broker_dropped it acknowledges"), "it noticed")
        assert _ordered(lab, victim, intent)
    assert lab.orders() == 1


def test_one_that_hears_nothing_more_comes_back_and_hears(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    eventually(lambda: _was_heard(lab), "its echo")
    with lab.connected(VICTIM) as victim:
        stalled = Stalled(monkeypatch, answers=False)
        intent = lab.intent(VICTIM)
        victim.publish(up_topic(VICTIM, "intent"), intent)
        assert stalled.hangs.wait(60)
        flood(lab)
        for _ in range(MOST_TOGETHER):  # each takes a place in flight, and the last are never given back
            victim.publish(up_topic(VICTIM, "query"), b"{}")
        stalled.let_go.set()
        eventually(lambda: _said(lab, "broker_dropped it "), "it noticed")  # "gives", if it has read in time
        assert _ordered(lab, victim, intent)
    assert lab.orders() == 1


def test_a_broker_that_lets_no_echo_through_any_more_is_named_and_kept(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an earlier copy of its access list was brought back."""
    eventually(lambda: _was_heard(lab), "its echo")
    access = lab.folder.broker / "access.acl"
    lines = access.read_text().splitlines(keepends=True)
    access.write_text("".join(line for line in lines if "/echo" not in line))
    lab._broker.reload()
    eventually(lambda: _said(lab, "broker_refused the echo"), "it noticed")
    with lab.connected(VICTIM) as victim:
        assert _ordered(lab, victim, lab.intent(VICTIM))
    assert not _said(lab, "broker_dropped")
    assert not _said(lab, "broker_lost")


def _said(lab: Lab, words: str) -> bool:
    return any(words in line for line in lab.logged)


def _was_heard(lab: Lab) -> bool:
    return lab._service._watch._echo._was_ever_heard


def _ordered(lab: Lab, victim: Client, intent: bytes) -> bool:
    """As a device does: again and again."""

    def is_ordered() -> bool:
        victim.publish(up_topic(VICTIM, "intent"), intent)
        while not victim.messages.empty():
            claims = lab.read(bytes(victim.messages.get().payload))
            if claims.get("intent") == json.loads(intent)["id"] and claims.get("order_id"):
                return True
        return False

    return bool(eventually(is_ordered, "an answer"))


REFUSED = ["broker_refused the echo: let this service read and write va/v1/s/backend-1/echo"]


class Watched:
    """A watch whose broker takes whatever is said, and lets nothing come back."""

    def __init__(self) -> None:
        self.said, self._now_s = 0, 0.0
        self.watch = SessionWatch("backend-1", self._publish, lambda: self._now_s)

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        self.said += 1
        return self.said

    def passed(self, seconds: int, *, is_refused: bool = False) -> None:
        for _ in range(seconds):
            self._now_s += 1.0
            assert not self.watch.is_dead()
            self.watch.acknowledged(self.said, is_refused=is_refused)


def test_a_broker_that_lets_no_echo_through_is_named_once_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    Watched().passed(400)
    assert [record.getMessage() for record in caplog.records] == REFUSED


def test_what_the_broker_says_it_refuses_is_said_to_it_once_a_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watched = Watched()
    watched.passed(100, is_refused=True)
    assert watched.said == 1
    watched.watch.new_session()
    watched.watch.refused()  # the subscription
    watched.passed(100)
    assert watched.said == 1
    watched.watch.new_session()
    watched.passed(1)
    assert watched.said == 2, "its access list may be another now"
    assert [record.getMessage() for record in caplog.records] == REFUSED


def test_a_broker_that_hangs_up_for_an_echo_is_said_none_any_more(caplog: pytest.LogCaptureFixture) -> None:
    """As some hosted ones do for whatever a policy does not allow: each session would end so."""
    watched = Watched()
    assert not watched.watch.is_dead()
    watched.watch.ended(is_refusal=False)
    watched.watch.new_session()
    assert not watched.watch.is_dead()
    assert watched.said == 2, "a connection that was lost refuses nothing"
    watched.watch.ended(is_refusal=True)
    watched.watch.new_session()
    watched.passed(100)
    assert watched.said == 2
    assert [record.getMessage() for record in caplog.records] == REFUSED


def test_a_broker_that_hangs_up_for_anything_else_hears_the_next_echo() -> None:
    watched = Watched()
    watched.passed(1)
    watched.watch.ended(is_refusal=True)
    watched.watch.new_session()
    watched.passed(1)
    assert watched.said == 2


def test_only_a_service_itself_may_write_and_read_its_echo(lab: Lab) -> None:
    lines = access_list(lab.folder.config(), ["backend-1", "backend-2"]).splitlines()
    assert [line for line in lines if "va/v1/s/" in line] == [
        "topic readwrite va/v1/s/backend-1/echo",
        "topic readwrite va/v1/s/backend-2/echo",
    ]
    with lab.connected(DEVICE) as client:
        assert client.publish("va/v1/s/backend-1/echo", b"1") == 0x87
