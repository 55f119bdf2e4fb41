"""A process that only tells the till things ends when its till went for good, and not before."""

from __future__ import annotations

import select
import socket

import pytest

from agent.plumbing import solitude
from agent.plumbing.errors import IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Peer
from agent.plumbing.site_messages import ButtonPressed, TouchToTill
from agent.plumbing.till_link import News, TillLink
from tests.committing.network import PATIENCE_S


class Supervised:
    """A link, its supervisor's end, and the newest till."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._supervisor, self.link = IpcConnection(ours), TillLink(IpcConnection(theirs))

    def brings_till(self) -> IpcConnection:
        """Returns once the link could attend to it."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._supervisor.send(Peer("till"), (theirs.fileno(),))
        assert select.select([self.link.fileno()], [], [], PATIENCE_S)[0]
        return IpcConnection(ours)

    def loses_till(self, till: IpcConnection) -> None:
        till.close()
        assert not self.link.tell(ButtonPressed())


@pytest.fixture
def supervised() -> Supervised:
    return Supervised()


def test_one_that_stood_still_for_long_takes_the_till_that_came_meanwhile(
    supervised: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = supervised.brings_till()
    assert supervised.link.attend() is News.NEW_TILL
    supervised.loses_till(till)
    till = supervised.brings_till()
    monkeypatch.setattr(solitude, "LONGEST_ALONE_S", -1.0)
    assert supervised.link.attend() is News.NEW_TILL
    assert supervised.link.tell(ButtonPressed())
    assert till.receive(TouchToTill)[0] == ButtonPressed()


def test_one_whose_till_went_for_good_ends(supervised: Supervised, monkeypatch: pytest.MonkeyPatch) -> None:
    till = supervised.brings_till()
    supervised.link.attend()
    supervised.loses_till(till)
    assert supervised.link.attend() is News.NOTHING
    monkeypatch.setattr(solitude, "LONGEST_ALONE_S", -1.0)
    with pytest.raises(IpcError) as caught:
        supervised.link.attend()
    assert caught.value.code == "till_gone"
