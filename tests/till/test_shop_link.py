"""What the till says to `uplink`, however often that comes and goes."""

from __future__ import annotations

from agent.committing.authorities import fingerprint
from agent.committing.envelope import STATUS, StatusData, decode_data, decode_event
from agent.committing.presence import REST_S
from agent.plumbing import messages
from agent.till.shop_link import ShopLink
from order_backend.authorities import announce, announcement, make_successor, trusted
from tests.committing.kit import DEVICE, NOW_S
from tests.committing.network import now
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


def test_each_uplink_is_told_who_may_vouch_for_the_broker_and_the_shop_what_is_believed(till: Till) -> None:
    sent: list[messages.Message] = []
    link = ShopLink(till.desk, sent.append, till.spoken.receipt, lambda *_: None)
    folder, clocks = till.bench.folder, till.bench.clocks
    pinned = till.bench.live.authorities.believed.signs
    link.received(messages.ClientCertificate(NOW_S, NOW_S + 86_400 * 365, "aa", pinned))
    assert sent == [], "nobody has said that there is an uplink"
    link.received(messages.LinkState(connected=True))
    assert not any(isinstance(one, messages.UseAuthorities) for one in sent), "what is pinned it knows itself"

    make_successor(folder, now=now())
    announce(folder, trusted(folder))
    told = messages.Received("va/v1/b/corner-shop/authorities", announcement(folder, now_s=NOW_S))
    clocks.pass_by(REST_S)
    link.received(told)
    link.received(messages.LinkState(connected=True))
    [both] = [one for one in sent if isinstance(one, messages.UseAuthorities)]
    assert both.pem == till.bench.live.authorities.believed.pem
    for _ in range(100):
        link.received(told)
        link.received(messages.LinkState(connected=True))
    assert sent.count(both) == 1
    assert said(till, sent) == [("aa", 0), ("aa", 1)]

    clocks.pass_by(REST_S)
    successor = fingerprint(trusted(folder)[-1])
    for serial in ("bb", "cc", "bb", "cc", "bb"):  # an uplink that would have signatures for nothing
        link.received(messages.ClientCertificate(NOW_S, NOW_S + 86_400 * 366, serial, successor))
        link.received(messages.LinkState(connected=True))
    assert said(till, sent) == [("aa", 0), ("aa", 1), ("bb", 1)]
    link.lost()
    link.received(messages.LinkState(connected=True))
    assert sent.count(both) == 2, "the next uplink knows nothing"


def said(till: Till, sent: list[messages.Message]) -> list[tuple[str, int]]:
    """What the device has signed that it holds, in the order in which it did; each may be sent again."""
    found = []
    for one in sent:
        if isinstance(one, messages.Presence):
            assert decode_data(decode_event(one.online, STATUS), StatusData).online
            claims = till.bench.desk.status(DEVICE, one.online, now_s=int(till.bench.clocks.wall_s))
            assert claims is not None
            found.append((claims.certificate, claims.authorities))
    return found
