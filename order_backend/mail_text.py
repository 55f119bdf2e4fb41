"""The mail about one order: a pure function of the notice and the shop's own settings.

Titles are the device's words: a line each, of bounded length, in quotation marks. What the shop has checked
itself (item number, quantity, price) stands beside them. No person is named in it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import msgspec

from agent.committing.mandates import Merchant
from agent.plumbing.currencies import on_a_bill
from agent.plumbing.terminal import plain
from order_backend.checks import PricedLine
from order_backend.mail_settings import MailSettings
from order_backend.notices import Language, Notice

LONGEST_TITLE = 80
LONGEST_NAME = 60

_SUBJECT: dict[Language, str] = {
    "en": "{shop}: order {order} over {total}",
    "pl": "{shop}: zamówienie {order} na kwotę {total}",
}

_BODY: dict[Language, str] = {
    "en": """\
An order was placed at {shop} with your device {device}.

{lines}

Total:         {total}
Order number:  {order}
Placed:        {placed} UTC
Device:        {device}
Confirmed by:  {confirmed}
Delivery:      expected on {delivery}
{warning}
If it was neither you nor somebody you trust with this device, tell the shop at once, with the order number:

  {contact}

The shop can revoke the device: nothing more can be ordered with it then.

Sent by the shop itself, past the device, for every order. Names in quotation marks are the device's words;
what stands in brackets is the shop's own number for the item.
""",
    "pl": """\
W sklepie {shop} złożono zamówienie z Twojego urządzenia {device}.

{lines}

Razem:             {total}
Numer zamówienia:  {order}
Złożono:           {placed} UTC
Urządzenie:        {device}
Potwierdzono:      {confirmed}
Dostawa:           przewidywana {delivery}
{warning}
Jeśli nie zamawiasz tego ani Ty, ani nikt, komu powierzasz to urządzenie, od razu zawiadom sklep i podaj numer
zamówienia:

  {contact}

Sklep może unieważnić urządzenie: nic więcej nie da się wtedy z niego zamówić.

Wiadomość wysyła sam sklep, z pominięciem urządzenia, po każdym zamówieniu. Nazwy w cudzysłowie pochodzą z
urządzenia; w nawiasie stoi numer towaru nadany przez sklep.
""",
}

_CANCELLED_SUBJECT: dict[Language, str] = {
    "en": "{shop}: order {order} over {total} was cancelled",
    "pl": "{shop}: anulowano zamówienie {order} na kwotę {total}",
}

_CANCELLED_BODY: dict[Language, str] = {
    "en": """\
An order that was placed at {shop} with your device {device} was cancelled with it. Nothing is delivered, and
nothing is owed for it.

{lines}

Total:         {total}
Order number:  {order}
Placed:        {placed} UTC
Device:        {device}
Cancelled by:  {confirmed}

If it was neither you nor somebody you trust with this device, tell the shop at once, with the order number:

  {contact}

Sent by the shop itself, past the device, for every order. Names in quotation marks are the device's words;
what stands in brackets is the shop's own number for the item.
""",
    "pl": """\
Zamówienie złożone w sklepie {shop} z Twojego urządzenia {device} zostało z niego anulowane. Nic nie zostanie
dostarczone i nic za nie nie trzeba zapłacić.

{lines}

Razem:             {total}
Numer zamówienia:  {order}
Złożono:           {placed} UTC
Urządzenie:        {device}
Anulowano:         {confirmed}

Jeśli nie anulujesz tego ani Ty, ani nikt, komu powierzasz to urządzenie, od razu zawiadom sklep i podaj numer
zamówienia:

  {contact}

Wiadomość wysyła sam sklep, z pominięciem urządzenia, po każdym zamówieniu. Nazwy w cudzysłowie pochodzą z
urządzenia; w nawiasie stoi numer towaru nadany przez sklep.
""",
}

_QUOTED: dict[Language, str] = {"en": "“{}”", "pl": "„{}”"}

_QUOTES = str.maketrans(dict.fromkeys('"“”„«»', "'"))
"""A title cannot close its own quotation marks."""

_WARNING: dict[Language, str] = {
    "en": "\nA voice can be recorded and imitated. Nothing but a voice confirmed this order.\n",
    "pl": "\nGłos można nagrać i podrobić. Tego zamówienia nie potwierdziło nic poza głosem.\n",
}

_FACTORS: dict[Language, dict[str, str]] = {
    "en": {
        "voice": "voice",
        "pin": "PIN",
        "badge": "badge",
        "phone": "phone",
        "operator": "whoever looks after the device",
    },
    "pl": {
        "voice": "głosem",
        "pin": "PIN-em",
        "badge": "kartą",
        "phone": "telefonem",
        "operator": "przez opiekuna urządzenia",
    },
}
_AND: dict[Language, str] = {"en": " and ", "pl": " i "}
_ALONE: dict[Language, str] = {"en": "voice alone", "pl": "samym głosem"}


def notice_mail(notice: Notice, merchant: Merchant, settings: MailSettings) -> EmailMessage:
    """Ready to be sent; made twice it is the same to the byte, as long as the settings are."""
    language = notice.language
    factors = msgspec.json.decode(notice.amr, type=list[str])
    lines = msgspec.json.decode(notice.lines, type=list[PricedLine])
    by_voice_alone = factors == ["voice"]
    named = _AND[language].join(_FACTORS[language].get(factor, factor) for factor in factors)
    words = {
        "shop": one_line(merchant.name, LONGEST_NAME),
        "device": one_line(notice.device_id, LONGEST_NAME),
        "lines": "\n".join(_item(line, notice) for line in lines),
        "total": price(notice.total_minor, notice.currency, language),
        "order": notice.order_id,
        "placed": datetime.fromtimestamp(notice.placed_at, UTC).strftime("%Y-%m-%d %H:%M"),
        "confirmed": _ALONE[language] if by_voice_alone else named,
        "delivery": notice.delivery_date,
        "warning": _WARNING[language] if by_voice_alone else "",
        "contact": plain(settings.contact),
    }
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(words["shop"], addr_spec=settings.sender)
    mail["To"] = notice.email
    cancelled = notice.about == "cancelled"
    mail["Subject"] = (_CANCELLED_SUBJECT if cancelled else _SUBJECT)[language].format(**words)
    mail["Date"] = datetime.fromtimestamp(notice.placed_at, UTC)
    mail["Message-ID"] = message_id(
        notice.order_id + (".cancelled" if cancelled else ""), merchant.id, settings.sender
    )
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    body = (_CANCELLED_BODY if cancelled else _BODY)[language]
    mail.set_content(body.format(**words), cte="quoted-printable")
    mail["Content-Language"] = language
    return mail


def message_id(order_id: str, shop_id: str, sender: str) -> str:
    """The same for every attempt at one order, so that a repeated mail can be known as one."""
    left = re.sub(r"[^A-Za-z0-9]+", "-", f"order.{order_id}.{shop_id}")
    return f"<{left}@{sender.rpartition('@')[2]}>"


def price(minor: int, currency: str, language: Language = "en") -> str:
    """'38.00 PLN', or '38,00 PLN' in Polish."""
    return on_a_bill(minor, currency, {"en": ".", "pl": ","}[language])


def _item(line: PricedLine, notice: Notice) -> str:
    title = _QUOTED[notice.language].format(one_line(line.title, LONGEST_TITLE).translate(_QUOTES))
    cost = price(line.unit_price * line.quantity, notice.currency, notice.language)
    return f"{line.quantity} × {title} ({line.id})  {cost}"


def one_line(text: str, longest: int) -> str:
    """What others wrote, in one line and not too long."""
    line = plain(text)
    return line if len(line) <= longest else line[: longest - 1] + "…"
