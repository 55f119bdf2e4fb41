"""What the till says to `uplink`, however often that comes and goes."""

from __future__ import annotations

from agent.plumbing import messages
from agent.till.shop_link import ShopLink
from tests.till.kit import Till


def test_each_uplink_is_given_the_signed_presence_once(till: Till) -> None:
    sent: list[messages.Message] = []
    link = ShopLink(till.desk, sent.append, till.spoken.receipt, lambda *_: None)

    def presences() -> list[messages.Message]:
        return [message for message in sent if isinstance(message, messages.Presence)]

    for number in range(200):
        link.received(messages.LinkState(connected=bool(number % 2)))
    assert len(presences()) == 1
    link.lost()
    link.received(messages.LinkState(connected=True))
    assert len(presences()) == 2 and presences()[0] == presences()[1]
