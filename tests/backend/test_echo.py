"""What an order service says to itself, and when that it does not come back tells something."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from order_backend.echo import EVERY_S, LONGEST_S, Echo


class Talk:
    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.echo = Echo(self._say)
        self.echo.new_session()

    def _say(self, payload: bytes) -> int:
        self.said.append(payload)
        return 100 + len(self.said)

    def passed(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.echo.passed(1.0)


@pytest.fixture
def talk() -> Talk:
    """One that has been heard once."""
    talk = Talk()
    talk.passed(1)
    talk.echo.acknowledged(101)
    talk.echo.heard(talk.said[-1])
    return talk


def test_an_echo_is_lost_when_the_broker_took_it_and_nothing_comes(talk: Talk) -> None:
    talk.passed(EVERY_S)
    assert len(talk.said) == 2
    talk.passed(2 * LONGEST_S)  # it may still wait to be sent
    assert not talk.echo.is_lost
    talk.echo.acknowledged(102)
    talk.passed(LONGEST_S - 1)
    assert not talk.echo.is_lost
    talk.passed(1)
    assert talk.echo.is_lost


@pytest.mark.parametrize("comes", [lambda said: said, lambda said: None], ids=["itself", "an intent"])
def test_whatever_comes_shows_that_it_hears(talk: Talk, comes: Callable[[bytes], bytes | None]) -> None:
    talk.passed(EVERY_S)
    talk.echo.acknowledged(102)
    talk.passed(LONGEST_S - 1)
    talk.echo.heard(comes(talk.said[-1]))
    talk.passed(LONGEST_S - 1)
    assert not talk.echo.is_lost


def test_an_older_echo_is_not_this_one(talk: Talk) -> None:
    talk.passed(EVERY_S)
    talk.echo.acknowledged(102)
    talk.echo.heard(talk.said[0])
    talk.passed(LONGEST_S)
    assert talk.echo.is_lost


def test_an_echo_that_was_dropped_while_much_else_came_is_said_anew(talk: Talk) -> None:
    """mosquitto drops alone what comes while `max_queued_messages` wait, as the states of a fleet do."""
    for said in (2, 3, 4, 5):
        talk.passed(EVERY_S)
        assert len(talk.said) == said
        talk.echo.acknowledged(100 + said)
        talk.echo.heard(None)
        talk.passed(LONGEST_S)
        assert not talk.echo.is_lost
    assert not talk.echo.is_refused
    talk.echo.acknowledged(106)
    talk.passed(LONGEST_S)
    assert talk.echo.is_lost, "now nothing else has come"


def test_one_that_was_never_heard_is_waited_for_all_the_same() -> None:
    talk = Talk()
    talk.passed(1)
    talk.echo.acknowledged(101)
    talk.passed(LONGEST_S)
    assert len(talk.said) == 2
    talk.echo.acknowledged(102)
    talk.echo.heard(talk.said[-1])
    talk.passed(EVERY_S)
    talk.echo.acknowledged(103)
    talk.passed(LONGEST_S)
    assert talk.echo.is_lost


def test_a_new_session_has_an_echo_of_its_own(talk: Talk) -> None:
    talk.passed(EVERY_S)
    talk.echo.acknowledged(102)
    talk.passed(LONGEST_S)
    talk.echo.new_session()
    assert not talk.echo.is_lost
    talk.passed(1)
    assert len(talk.said) == 3
