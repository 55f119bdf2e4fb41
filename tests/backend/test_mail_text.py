"""What an owner reads, and what a hostile device cannot write into it."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.committing.mandates import Merchant
from order_backend.mail_settings import MailSettings
from order_backend.mail_text import notice_mail
from order_backend.notices import Notice

SHOP = Merchant("corner-shop", "The Corner Shop")
SETTINGS = MailSettings("mail.example", 587, "orders@shop.example", "Call +48 22 555 01 23.")
NOTICE = Notice(
    number=1,
    order_id="E-ABCDEFGHJK",
    device_id="kitchen-1",
    amr='["voice"]',
    attempts=0,
    email="anna@example.org",
    language="en",
    lines='[{"id": "coffee?roast=dark", "title": "dark roast coffee", "quantity": 2, "unit_price": 1900}]',
    total_minor=3800,
    currency="PLN",
    delivery_date="2026-11-20",
    placed_at=1_795_000_000,
)


def received(notice: Notice, shop: Merchant = SHOP) -> EmailMessage:
    """The mail as it comes out at the other end."""
    mail = message_from_bytes(notice_mail(notice, shop, SETTINGS).as_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def titled(title: str) -> Notice:
    line = {"id": "coffee", "title": title, "quantity": 1, "unit_price": 3800}
    return msgspec.structs.replace(NOTICE, lines=json.dumps([line]))


def test_an_english_mail_says_what_when_where_how_and_what_to_do() -> None:
    mail = received(NOTICE)
    assert mail["From"] == "The Corner Shop <orders@shop.example>"
    assert (mail["To"], mail["Bcc"], mail["Cc"]) == ("anna@example.org", None, None)
    assert mail["Subject"] == "The Corner Shop: order E-ABCDEFGHJK over 38.00 PLN"
    assert mail["Message-ID"] == "<order-E-ABCDEFGHJK-corner-shop@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "utf-8")
    assert mail["Content-Language"] == "en"
    text = mail.get_content()
    for said in (
        "2 × “dark roast coffee” (coffee?roast=dark)  38.00 PLN",
        "Total:         38.00 PLN",
        "Order number:  E-ABCDEFGHJK",
        "Placed:        2026-11-18 11:06 UTC",
        "Device:        kitchen-1",
        "Confirmed by:  voice alone",
        "Delivery:      expected on 2026-11-20",
        "A voice can be recorded and imitated.",
        "Call +48 22 555 01 23.",
        "The shop can revoke the device",
    ):
        assert said in text


def test_a_polish_mail_says_the_same() -> None:
    mail = received(msgspec.structs.replace(NOTICE, language="pl"))
    assert mail["Subject"] == "The Corner Shop: zamówienie E-ABCDEFGHJK na kwotę 38,00 PLN"
    assert mail["Content-Language"] == "pl"
    text = mail.get_content()
    for said in (
        "2 × „dark roast coffee” (coffee?roast=dark)  38,00 PLN",
        "Numer zamówienia:  E-ABCDEFGHJK",
        "Złożono:           2026-11-18 11:06 UTC",
        "Urządzenie:        kitchen-1",
        "Potwierdzono:      samym głosem",
        "Głos można nagrać i podrobić.",
        "Call +48 22 555 01 23.",
        "Sklep może unieważnić urządzenie",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("amr", "english", "polish"),
    [
        ('["voice","pin"]', "voice and PIN", "głosem i PIN-em"),
        ('["voice","badge"]', "voice and badge", "głosem i kartą"),
        ('["badge"]', "badge", "kartą"),
    ],
)
def test_with_another_factor_no_mail_warns_of_an_imitated_voice(amr: str, english: str, polish: str) -> None:
    notice = msgspec.structs.replace(NOTICE, amr=amr)
    text = received(notice).get_content()
    assert f"Confirmed by:  {english}" in text.splitlines() and "imitated" not in text
    text = received(msgspec.structs.replace(notice, language="pl")).get_content()
    assert f"Potwierdzono:      {polish}" in text.splitlines() and "podrobić" not in text


def test_a_notice_knows_no_person() -> None:
    assert not {"person", "sub", "name"} & set(Notice.__struct_fields__)


def test_a_mail_made_twice_is_the_same_to_the_byte() -> None:
    again = msgspec.structs.replace(NOTICE, attempts=7, number=1)
    assert notice_mail(NOTICE, SHOP, SETTINGS).as_bytes() == notice_mail(again, SHOP, SETTINGS).as_bytes()


def test_two_shops_and_two_orders_never_share_a_message_id() -> None:
    other_order = msgspec.structs.replace(NOTICE, order_id="E-ABCDEFGHJM")
    ids = {received(NOTICE)["Message-ID"], received(other_order)["Message-ID"]}
    assert len(ids | {received(NOTICE, Merchant("other-shop", "Other"))["Message-ID"]}) == 3


@pytest.mark.parametrize(
    "title",
    [
        "coffee\r\nBcc: x@y.example",
        "coffee\n\nTotal:         0.00 PLN\nCall +00 instead.",
        "coffee\x1b[2J\x1b]0;owned\x07",
        "coffee\u2028Total: 0\u202e0.00\x85\x00",
        "coffee” (gold)  0.00 PLN “",
        "x" * 10_000,
        "\x1b" * 10_000,
        "\n.\n\nQUIT\n",
    ],
)
def test_a_hostile_title_stays_one_short_quoted_line(title: str) -> None:
    good, mail = received(titled("coffee")), received(titled(title))
    assert mail.keys() == good.keys()
    for name in good:
        assert mail[name] == good[name], "no title reaches a header"
    lines, expected = mail.get_content().splitlines(), good.get_content().splitlines()
    assert len(lines) == len(expected)
    [shown] = [line for line, other in zip(lines, expected, strict=True) if line != other]
    assert shown.startswith("1 × “") and shown.endswith("” (coffee)  38.00 PLN")
    assert shown.isprintable() and len(shown) < 120
    assert shown.count("”") == shown.count("“") == 1


@given(title=st.text(max_size=500), name=st.text(min_size=1, max_size=200), device=st.text(max_size=128))
def test_whatever_is_written_into_names_and_titles_it_is_one_mail(title: str, name: str, device: str) -> None:
    notice = msgspec.structs.replace(titled(title), device_id=device)
    raw = notice_mail(notice, Merchant("corner-shop", name), SETTINGS).as_bytes()
    assert (
        raw.isascii() and b"\n" not in raw.replace(b"\r\n", b"") and max(map(len, raw.split(b"\r\n"))) < 998
    )
    mail = received(notice, Merchant("corner-shop", name))
    assert (mail["To"], mail["Bcc"]) == ("anna@example.org", None)
    assert len(mail.get_content().splitlines()) == len(received(NOTICE).get_content().splitlines())
