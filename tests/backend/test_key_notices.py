"""A device's owner is told by mail that another key may sign for it, and the operator sees what became of
keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import msgspec
import pytest

from agent.committing.keys import create_device_keys
from agent.committing.mandates import Merchant
from order_backend.cli import main
from order_backend.key_mail import key_mail
from order_backend.key_notices import KeyNotice
from order_backend.mailer import FIRST_RETRY_S
from order_backend.provisioning import admit
from tests.backend.post_office import ADDRESS, place, post_office, tell, turned, write_mail
from tests.backend.test_mail_text import SETTINGS
from tests.committing.kit import DEVICE, NOW_S, Bench
from tests.committing.renewing import Renewing

NOTICE = KeyNotice(7, "kitchen-1", "k" * 43, "asked", NOW_S, 0, ADDRESS, "en")

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What is not the database's is tried on one."""


@pytest.fixture
def device(bench: Bench, tmp_path: Path) -> Renewing:
    bench.trust_time()
    bench.road.link(True)
    return Renewing(bench, tmp_path)


def changes(bench: Bench) -> list[tuple[str, str]]:
    return [(one.about, one.state) for one in bench.desk.shop.key_notices.changes(DEVICE)]


def test_the_owner_is_told_before_the_old_key_has_ended_and_once(device: Renewing) -> None:
    bench = device.bench
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench, language="pl")
        new = device.begin()
        device.deliver(lose="key")
        bench.clocks.pass_by(100)
        assert device.deliver() == ["key_registered"], "asked twice, the answer was lost"
        with turned(bench.folder) as by_hand:
            for _ in range(3):
                by_hand.turn(later_s=60)
        [mail] = mailbox.mails()
        assert device.start() == new
        bench.clocks.pass_by(60)
        device.ordered()
        with turned(bench.folder) as by_hand:
            for _ in range(3):
                by_hand.turn(later_s=60)
        assert len(mailbox.mails()) == 2, "of the order, and not again of the key"
    assert mail["Subject"] == f"Corner Shop: Twoje urządzenie {DEVICE} otrzymuje inny klucz"
    assert new in mail.get_content()
    assert changes(bench) == [("taken_up", "untold"), ("asked", "sent")]


@SQLITE
def test_an_alarm_goes_out_before_orders_and_waits_as_they_do(
    device: Renewing, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = device.bench
    with post_office() as (mailbox, clerk):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        device.begin()
        device.deliver()
        clerk.answers["DATA"] = ["451 4.3.0 later"]
        with turned(bench.folder) as by_hand:
            by_hand.turn(later_s=60)
            assert changes(bench) == [("asked", "due")]
            assert main(["owner", str(bench.folder.path), "--device", DEVICE]) == 0
            assert "due after 1 attempts: mail_" in capsys.readouterr().out
            by_hand.turn(later_s=FIRST_RETRY_S)
        subjects = [mail["Subject"] for mail in mailbox.mails()]
    assert [("another key" in one) for one in subjects] == [False, True], "the first was put off"
    assert changes(bench) == [("asked", "sent")]


def test_a_device_that_is_admitted_anew_with_another_key_is_told_of_and_one_with_its_own_not(
    bench: Bench, tmp_path: Path
) -> None:
    tell(bench)
    requests = create_device_keys(tmp_path / "new", DEVICE)
    admit(bench.folder, DEVICE, requests, now=datetime.now(UTC))
    admit(bench.folder, DEVICE, requests, now=datetime.now(UTC))
    assert changes(bench) == [("admitted", "due")]


@SQLITE
def test_where_nobody_owns_it_the_operator_sees_it_all_the_same(
    device: Renewing, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = device.bench
    kid = device.begin()
    device.deliver()
    keys = ["keys", str(bench.folder.path)]
    assert main([*keys, "--device", DEVICE, "--drop"]) == 0
    assert changes(bench) == [("dropped", "untold"), ("asked", "untold")]
    capsys.readouterr()
    assert main([*keys, "--changes"]) == 0
    dropped, asked = capsys.readouterr().out.splitlines()
    assert f"{DEVICE}  {kid}  the device has asked for it, and was told yes; owner: untold" in asked
    assert "was dropped before it was used" in dropped
    assert main([*keys, "--changes", "--json", "--limit", "1"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["kid"], told["about"]) == (kid, "dropped")
    assert bench.desk.shop.key_notices.due(NOW_S + 10_000) == []


@SQLITE
def test_who_is_not_told_any_more_is_not_told_of_keys_either_and_a_new_address_gets_what_failed(
    device: Renewing,
) -> None:
    bench = device.bench
    tell(bench)
    device.begin()
    device.deliver()
    queue = bench.desk.shop.key_notices
    [due] = queue.due(device.now_s)
    queue.settle(due, "failed", "mail_recipient_refused")
    assert tell(bench, "bert@example.org") == 1
    assert [one.email for one in queue.due(device.now_s)] == ["bert@example.org"]
    assert bench.desk.shop.notices.remove_owner(DEVICE) == 1
    assert changes(bench) == [("asked", "dropped")] and queue.due(device.now_s) == []


@SQLITE
def test_the_owner_command_shows_a_key_mail_that_failed_however_many_changes_came_after_it(
    device: Renewing, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = device.bench
    tell(bench)
    kid = device.begin()
    device.deliver()
    shop = bench.desk.shop
    [due] = shop.key_notices.due(device.now_s)
    shop.key_notices.settle(due, "failed", "mail_recipient_refused")
    for number in range(25):
        with shop.transaction(DEVICE):
            shop.key_notices.note(DEVICE, f"other-{number}", "taken_up", now_s=device.now_s)
    assert main(["owner", str(bench.folder.path), "--device", DEVICE]) == 0
    _, *shown = capsys.readouterr().out.splitlines()
    assert shown == [f"  key {kid}  failed after 0 attempts: mail_recipient_refused"]


@pytest.mark.parametrize("about", ["asked", "admitted"])
@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_mail_says_what_is_so_whichever_way_it_came_and_is_the_same_each_time(
    about: str, language: str
) -> None:
    notice = msgspec.structs.replace(NOTICE, about=about, language=language)
    raw = key_mail(notice, Merchant("corner-shop", "The\r\nCorner Shop"), SETTINGS).as_bytes()
    assert raw == key_mail(notice, Merchant("corner-shop", "The\r\nCorner Shop"), SETTINGS).as_bytes()
    mail = message_from_bytes(raw, policy=default)
    text = mail.get_content()  # type: ignore[attr-defined]
    assert "\r" not in mail["Subject"] and mail["To"] == ADDRESS
    assert mail["Message-ID"] == f"<order-key-7-{'k' * 43}-corner-shop@shop.example>"
    assert all(said in text for said in ("kitchen-1", "k" * 43, "2026-11-18", "+48 22 555 01 23"))
    assert max(map(len, text.splitlines())) <= 120 and "{" not in text
