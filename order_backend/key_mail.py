"""The mail about a device's signing key: a pure function of the notice and the shop's own settings. It names
no person and asks for nothing to be clicked."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from agent.committing.mandates import Merchant
from agent.plumbing.terminal import plain
from order_backend.key_notices import KeyNotice
from order_backend.mail_queue import Language
from order_backend.mail_settings import MailSettings
from order_backend.mail_text import LONGEST_NAME, message_id, one_line

_SUBJECT: dict[Language, str] = {
    "en": "{shop}: your device {device} gets another key",
    "pl": "{shop}: Twoje urządzenie {device} otrzymuje inny klucz",
}

_HOW: dict[Language, dict[str, str]] = {
    "en": {
        "asked": "The device has asked for it itself, with the key that it had.",
        "admitted": "The shop has admitted the device with it, in the place of the one before.",
    },
    "pl": {
        "asked": "Urządzenie samo o to poprosiło, kluczem używanym dotychczas.",
        "admitted": "Sklep przyjął z nim urządzenie, w miejsce poprzedniego klucza.",
    },
}

_BODY: dict[Language, str] = {
    "en": """\
From now on another key may sign orders of your device {device} at {shop}.
{how}

Key:     {key}
When:    {when} UTC
Device:  {device}

If you, or whoever looks after the device, have just made it a new key or set it up anew, all is well. Compare
the key with what it shows: earmark keys show

If not, somebody else may have the device's key, and could order in its name. Tell the shop at once:

  {contact}

The shop can drop that key, or revoke the device: nothing more can be ordered with it then.

Sent by the shop itself, past the device, for every change of its key.
""",
    "pl": """\
Od tej chwili zamówienia z Twojego urządzenia {device} w sklepie {shop} może podpisywać inny klucz.
{how}

Klucz:       {key}
Kiedy:       {when} UTC
Urządzenie:  {device}

Jeśli Ty lub ktoś, kto opiekuje się urządzeniem, właśnie utworzył dla niego nowy klucz albo skonfigurował je
od nowa, wszystko jest w porządku. Porównaj klucz z tym, co pokazuje urządzenie: earmark keys show

Jeśli nie, ktoś inny może mieć klucz urządzenia i zamawiać w jego imieniu. Od razu zawiadom sklep:

  {contact}

Sklep może usunąć ten klucz albo unieważnić urządzenie: nic więcej nie da się wtedy z niego zamówić.

Wiadomość wysyła sam sklep, z pominięciem urządzenia, po każdej zmianie jego klucza.
""",
}


def key_mail(notice: KeyNotice, merchant: Merchant, settings: MailSettings) -> EmailMessage:
    """Ready to be sent; made twice it is the same to the byte, as long as the settings are."""
    language = notice.language
    at = datetime.fromtimestamp(notice.at, UTC)
    words = {
        "shop": one_line(merchant.name, LONGEST_NAME),
        "device": one_line(notice.device_id, LONGEST_NAME),
        "how": _HOW[language][notice.about],
        "key": notice.kid,
        "when": at.strftime("%Y-%m-%d %H:%M"),
        "contact": plain(settings.contact),
    }
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(words["shop"], addr_spec=settings.sender)
    mail["To"] = notice.email
    mail["Subject"] = _SUBJECT[language].format(**words)
    mail["Date"] = at
    mail["Message-ID"] = message_id(f"key.{notice.number}.{notice.kid}", merchant.id, settings.sender)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    mail.set_content(_BODY[language].format(**words), cte="quoted-printable")
    mail["Content-Language"] = language
    return mail
