"""What waits for a phone is brought to the shop: once, again while it waits, and no longer than that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent import cli
from agent.committing.approvals import Pairing
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import LinkState, Message, Publish, TillToUplink
from agent.till.phone_asking import AGAIN_S, PhoneAsking
from order_backend.cli import main
from tests.committing.kit import DEVICE
from tests.till.kit import ANNA
from tests.till.test_capability import _RULE, _forge_an_order, _household
from tests.till.test_phones import ORDER, Room


class Asking:
    """A till, whose timers a test winds."""

    def __init__(self, folder: Path) -> None:
        self.room = Room(folder)
        self.now_s = 0.0
        self.sent: list[Message] = []
        desk = self.room.till.desk
        desk.online = True
        self.asking = PhoneAsking(
            *(desk, self.room.proofs, self.sent.append, lambda *_: None), monotonic_s=lambda: self.now_s
        )

    def look(self, later_s: float = 0.0) -> list[Publish]:
        self.now_s += later_s
        self.sent.clear()
        self.asking.look()
        return [one for one in self.sent if isinstance(one, Publish)]


@pytest.fixture
def asks(tmp_path: Path) -> Iterator[Asking]:
    made = Asking(tmp_path)
    yield made
    made.room._bench.desk.close()
    made.room._bench.journal.close()


def test_it_is_asked_once_and_again_while_it_waits_and_not_after(asks: Asking) -> None:
    assert asks.look() == []
    asks.room.till.wake_and_say(ORDER)
    [first] = asks.look()
    assert first.topic == f"va/v1/d/{DEVICE}/up/approval"
    assert asks.look(AGAIN_S - 1) == []
    assert asks.look(1) == [first], "the same bytes: one question"
    asks.room.proofs.received(asks.room.answer(asks.room.asked()))
    assert asks.room.orders == 1
    assert [one.ref for one in asks.look(AGAIN_S)] == [f"approval-withdrawn-{asked_id(first)}"]
    assert asks.look(AGAIN_S) == []


def asked_id(publish: Publish) -> str:
    return publish.ref.removeprefix("approval-")


def shown(asks: Asking) -> int:
    """How many a phone is shown."""
    return len(asks.room._bench.desk.shop.approval_requests.open_ones(asks.room.till.desk.now_s()))


def tell_shop(asks: Asking, publish: Publish) -> str:
    desk = asks.room._bench.desk.approval_desk
    return desk.take(DEVICE, publish.payload, now_s=asks.room.till.desk.now_s()).code


@pytest.mark.parametrize("online", [True, False])
def test_an_order_that_is_taken_back_is_shown_on_no_phone_any_more(asks: Asking, online: bool) -> None:
    asks.room.till.wake_and_say(ORDER)
    [asked] = asks.look()
    assert tell_shop(asks, asked) == "approval_asked" and shown(asks) == 1
    asks.room.till.desk.online = online
    asks.room.till.answer("no")
    if not online:
        assert asks.look(1) == []
        asks.room.till.desk.online = True
    [withdrawn] = asks.look(1)
    assert tell_shop(asks, withdrawn) == "approval_withdrawn" and shown(asks) == 0
    assert tell_shop(asks, asked) == "approval_asked" and shown(asks) == 0, "a copy that comes late"
    asks.room.till.wake_and_say(ORDER)
    [again] = asks.look(1)
    assert tell_shop(asks, again) == "approval_asked" and shown(asks) == 1, "the same basket, asked anew"


def test_of_two_order_services_one_may_hear_it_taken_back_first(asks: Asking) -> None:
    asks.room.till.wake_and_say(ORDER)
    [asked] = asks.look()
    asks.room.till.answer("no")
    [withdrawn] = asks.look(1)
    assert tell_shop(asks, withdrawn) == "approval_withdrawn"
    assert tell_shop(asks, asked) == "approval_asked" and shown(asks) == 0


def test_what_never_left_and_what_is_over_at_the_shop_is_not_taken_back(asks: Asking) -> None:
    asks.room.till.desk.online = False
    asks.room.till.wake_and_say(ORDER)
    assert asks.look() == []
    asks.room.till.answer("no")
    asks.room.till.desk.online = True
    assert asks.look(1) == [], "the shop was never asked"
    asks.room.till.wake_and_say(ORDER)
    assert len(asks.look(1)) == 1
    asks.room.till.desk.online = False
    asks.room.till.answer("no")
    assert asks.look(301) == []
    asks.room.till.desk.online = True
    assert asks.look(1) == [], "its five minutes are over"


def test_offline_nothing_is_asked_and_it_is_as_soon_as_the_shop_is_there_again(asks: Asking) -> None:
    asks.room.till.wake_and_say(ORDER)
    [first] = asks.look()
    asks.room.till.desk.online = False
    assert asks.look(1) == []
    asks.room.till.desk.online = True
    assert asks.look(1) == [first], "whether it had left was not known"


@pytest.mark.parametrize("online", [True, False])
def test_when_its_time_is_over_at_the_shop_it_is_asked_anew(asks: Asking, online: bool) -> None:
    """Also where it was offline meanwhile."""
    desk, shop = asks.room.till.desk, asks.room._bench.desk
    asks.room.till.wake_and_say(ORDER)
    [first] = asks.look()
    assert shop.approval_desk.take(DEVICE, first.payload, now_s=desk.now_s()).code == "approval_asked"
    asks.room._bench.clocks.pass_by(301)
    desk.online = online
    if not online:
        assert asks.look(150) == []
        desk.online = True
    [second] = asks.look(301 if online else 151)
    assert second.ref != first.ref
    assert shop.approval_desk.take(DEVICE, second.payload, now_s=desk.now_s()).code == "approval_asked"
    assert len(shop.shop.approval_requests.open_ones(desk.now_s())) == 1


def test_who_has_no_phone_is_not_named_to_the_shop(asks: Asking) -> None:
    asks.room.rule('require = "second"')
    asks.room.till.desk.phones.forget(asks.room.anna)
    asks.room.till.desk.factors.set(asks.room.bert, "pin", "7431")
    asks.room.till.wake_and_say(ORDER)
    assert asks.room.proofs.asked() != [] and asks.look() == []


def test_a_key_store_that_does_not_sign_now_is_logged_once_and_tried_again(
    asks: Asking, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asks.room.till.wake_and_say(ORDER)
    asking = asks.room.till.desk.road.approval_asking

    def broken(_: object) -> Publish:
        raise TrustError("key_store_unavailable", "the token is gone")

    with monkeypatch.context() as broken_now:
        broken_now.setattr(asking, "ask", broken)
        assert asks.look() == asks.look() == []
    assert capfd.readouterr().err.count("key_store_unavailable") == 1
    assert len(asks.look()) == 1 and asks.asking.fault == ""


def test_from_the_order_to_a_phone_far_away_and_back(
    asks: Asking, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Device, shop, phone, shop, device: by the commands that people have."""
    room, desk = asks.room, asks.room._bench.desk
    now_s = room.till.desk.now_s()
    monkeypatch.setattr("agent.commands.phone._now_s", lambda: now_s)
    phone = ["-s", str(tmp_path / "earmark.toml"), "phone"]
    (tmp_path / "earmark.toml").write_text("")
    assert cli.main([*phone, "pair", room.anna, "--out", str(tmp_path / "phone")]) == 0
    pairing = (tmp_path / "phone" / "pairing.json").read_bytes()
    room.till.desk.phones.add(msgspec.json.decode(pairing, type=Pairing))
    room.till.wake_and_say(ORDER)
    [publish] = asks.look()
    assert desk.approval_desk.take(DEVICE, publish.payload, now_s=now_s).code == "approval_asked"
    found = desk.shop.approval_requests.open_ones(now_s, person=room.anna)
    (tmp_path / "asked.json").write_bytes(msgspec.json.encode(found))
    capsys.readouterr()
    words = ["--phone", str(tmp_path / "phone"), "--asked", str(tmp_path / "asked.json")]
    assert cli.main([*phone, "approve", *words]) == 0
    shown = capsys.readouterr()
    assert "2 × coffee?roast=dark, 38.00 PLN" in shown.err, "it is signed after it was seen"
    shop = str(room._bench.folder.path)
    assert main(["approval", shop, "--device", DEVICE, shown.out.strip()]) == 0
    [carried] = desk.shop.approvals.waiting(now_s=0)
    room.proofs.received(carried.event)
    assert room.orders == 1 and room.till.decided[-1] == "confirmed_by_phone"


def test_a_phone_that_is_asked_nothing_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["-s", str(tmp_path / "earmark.toml"), "phone"]
    (tmp_path / "earmark.toml").write_text("")
    assert cli.main([*settings, "pair", "p-0123abcd", "--out", str(tmp_path / "phone")]) == 0
    (tmp_path / "asked.json").write_text("[]")
    words = ["--phone", str(tmp_path / "phone"), "--asked", str(tmp_path / "asked.json")]
    assert cli.main([*settings, "approve", *words]) == 1
    assert "phone_not_asked" in capsys.readouterr().err
    (tmp_path / "asked.json").write_text("nonsense")
    assert cli.main([*settings, "approve", *words]) == 1
    assert "phone_unusable" in capsys.readouterr().err


def test_the_till_brings_it_to_its_uplink_and_the_shop_shows_it(tmp_path: Path) -> None:
    with _household(tmp_path, f'{_RULE}"phone"') as till:
        uplink = till._hand_over("uplink")
        uplink.send(LinkState(connected=True))
        till._turn()
        _forge_an_order(till, ANNA)
        till.till._phone_asking.look()
        asked = None
        while asked is None:
            message, _ = uplink.receive(TillToUplink)
            if isinstance(message, Publish) and message.topic.endswith("/up/approval"):
                asked = message
        shop = till._bench.desk
        assert (
            shop.approval_desk.take(DEVICE, asked.payload, now_s=till.desk.now_s()).code == "approval_asked"
        )
        [shown] = shop.shop.approval_requests.open_ones(till.desk.now_s())
        uplink.close()
    assert (shown.asked.device, shown.asked.total_minor) == (DEVICE, 95_00)
