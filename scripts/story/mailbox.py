"""The owner's mailbox: a real SMTP server on the loopback that takes every mail and keeps it."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from order_backend.broker import free_port

PATIENCE_SECONDS = 240.0


class MailboxError(Exception):
    """A mail did not come."""


class Keeper:
    """What becomes of a mail: it is kept."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd calls it with each mail and sends what it returns."""
        self.envelopes.append(envelope)
        return "250 2.0.0 kept"


class Mailbox:
    """`with Mailbox() as mailbox:`, or close(). Its `port` stays when it is closed and opened again."""

    def __init__(self, keeper: Keeper | None = None, **smtp: Any) -> None:
        """`smtp` goes to aiosmtpd's server: tls_context, authenticator and the like."""
        self.keeper = keeper or Keeper()
        self.port = free_port()
        self._smtp = smtp
        self.open()

    def open(self) -> None:
        """Returns once it accepts connections."""
        self._controller = Controller(
            self.keeper, hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE_SECONDS, **self._smtp
        )
        self._controller.start()

    def close(self) -> None:
        """Nobody answers any more; the mails stay."""
        self._controller.stop(no_assert=True)

    def mails(self) -> list[EmailMessage]:
        """What came, oldest first."""
        return [_parsed(envelope) for envelope in self.keeper.envelopes]

    def wait_for(self, count: int) -> list[EmailMessage]:
        """What came, once it is that many. Raises MailboxError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.keeper.envelopes) < count:
            if time.monotonic() > deadline:
                raise MailboxError(f"{len(self.keeper.envelopes)} mails came; {count} were waited for")
            time.sleep(0.02)
        return self.mails()

    def __enter__(self) -> Mailbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _parsed(envelope: Envelope) -> EmailMessage:
    content = envelope.original_content or b""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message
