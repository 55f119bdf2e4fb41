"""How fast the device speaks: what the till asks for reaches the voice, and is heard."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from agent.hearing.audio import Int16
from agent.hearing.speech import Speech
from agent.hearing.voice import Voice
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Prepare, Say


@pytest.fixture(scope="module")
def speech() -> Speech:
    return Speech()


@pytest.mark.parametrize("language", ["en", "pl"])
def test_slower_takes_longer_and_faster_less(speech: Speech, language: str) -> None:
    text = "One bag of coffee."
    usual = len(speech.speak(text, language))
    assert len(speech.speak(text, language, 60)) > 1.3 * usual
    assert len(speech.speak(text, language, 120)) < 0.95 * usual
    assert len(speech.speak(text, language)) == usual


class Quiet:
    """An ear that hears nothing, in a room where whatever is played is taken."""

    live, may_go_on_ms, fault = False, None, ""

    def is_void(self, _: int) -> bool:
        return False

    def interruptions(self) -> None:
        return None

    def read(self, _: float) -> None:
        return None

    def nothing(self, *_: object) -> None:
        return None

    wait_for_wake = drop_pending = write = finish = nothing


class Spoken:
    """Keeps how fast it was to speak."""

    def __init__(self) -> None:
        self.rates: list[int] = []

    def sentences(self, _: str, __: str, rate_percent: int) -> Iterator[Int16]:
        self.rates.append(rate_percent)
        yield np.zeros(160, np.int16)

    def prepare(self, _: object, __: str, rate_percent: int) -> None:
        self.rates.append(rate_percent)


def test_what_the_till_asks_for_is_how_it_is_said() -> None:
    ours, theirs = socket.socketpair()
    with IpcConnection(ours, peer="voice"), IpcConnection(theirs, peer="supervisor") as control:
        spoken = Spoken()
        parts: list[Any] = [Quiet(), spoken, Quiet(), Quiet()]
        voice = Voice(*parts, control)
        voice._say(Say(1, "Hello.", "en", rate_percent=70))
        arrival: Any = type("Arrival", (), {"message": Prepare(("Hello.",), "en", 60), "fds": ()})
        voice._obey_till(arrival)
    assert spoken.rates == [70, 60]
