"""Sends what is due, of orders and of keys: the process behind `earmark-backend mail`, one a shop.

It has a connection to the database of its own and holds no transaction while it talks to the mail server, so
no order waits for a mail. Every attempt is counted before it is made. A mail that was accepted just before
the process was killed is sent once more, with the same Message-ID; that is the most that can happen.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from agent.plumbing.errors import ConfigurationError, EarmarkError
from order_backend.database import DatabaseError, reason
from order_backend.folder import ShopFolder, claim
from order_backend.key_mail import key_mail
from order_backend.key_notices import KeyNotice
from order_backend.mail_queue import LONGEST_WAIT_S, MailQueue, Waiting
from order_backend.mail_server import MailServerError, MailSession
from order_backend.mail_settings import MailSettings, read_password
from order_backend.mail_text import notice_mail
from order_backend.notices import Notice
from order_backend.shop import Shop

LOOK_EVERY_S = 1.0
PAUSE_AFTER_FAULT_S = 5.0
FIRST_RETRY_S = 10
MOST_IN_A_SESSION = 100

log = logging.getLogger("order_backend.mail")


class Mailer:
    """`run` in one thread; `stop` from any."""

    def __init__(
        self,
        folder: ShopFolder,
        *,
        wall_clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """Raises ConfigurationError mail_missing, mail_host, mail_sender, mail_insecure, mail_password."""
        config = folder.config()
        self._folder, self._merchant = folder, config.merchant
        self._settings = checked_settings(folder)
        self._wall_clock, self._jitter, self._look_every_s = wall_clock, jitter, look_every_s
        self._accepted: list[Waiting] = []
        """Sent, and not yet on disk as sent."""
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`. Raises ConfigurationError mail_running, mail_lock, shop_database."""
        lock = claim_mail(self._folder)
        try:
            with Shop.open(self._folder.database) as shop:
                log.info("sending through %s:%d", self._settings.host, self._settings.port)
                while not self._stopping.is_set():
                    self._stopping.wait(self.turn(shop))
        finally:
            os.close(lock)

    def stop(self) -> None:
        """Lets `run` return after the mail under way."""
        self._stopping.set()

    def turn(self, shop: Shop) -> float:
        """Tries what is due, at most one session long; seconds until the next turn."""
        try:
            self._keep_accepted(shop)
            due = self._next(shop)
            if due is not None:
                self._send(shop)
        except DatabaseError as error:
            log.error("mail_database %s", reason(error))
            return PAUSE_AFTER_FAULT_S
        except EarmarkError as error:
            log.warning("%s %s", error.code, error.detail)
            return PAUSE_AFTER_FAULT_S
        return 0.0 if due is not None else self._look_every_s

    def _send(self, shop: Shop) -> None:
        try:
            session = MailSession(self._settings, self._folder.path)
        except EarmarkError as error:
            # Nothing that is due now can go: all of it waits, and not each for a connection of its own.
            for queue in _queues(shop):
                waiting = queue.due(self._now_s())
                queue.attempt({one.number: self._next_due_at(one) for one in waiting}, error.code)
            raise
        with session:
            for _ in range(MOST_IN_A_SESSION):
                # One by one: an address may be corrected, or taken away, while others are being sent.
                due = self._next(shop)
                if due is None or self._stopping.is_set():
                    return
                self._deliver(shop, session, due)

    def _next(self, shop: Shop) -> Waiting | None:
        return next((one for queue in _queues(shop) for one in queue.due(self._now_s(), 1)), None)

    def _deliver(self, shop: Shop, session: MailSession, notice: Waiting) -> None:
        queue = _queue_of(shop, notice)
        next_due_at = self._next_due_at(notice)
        if not queue.attempt({notice.number: next_due_at}, "interrupted"):
            return  # dropped meanwhile
        try:
            mail = self._written(notice).as_bytes()
        except Exception as error:  # one order's mail must not stop the others; the words may hold an address
            log.error("mail_unwritable %s %s", notice.named, type(error).__name__)
            queue.waits(notice.number, "mail_unwritable")
            return
        try:
            verdict = session.send(notice.email, mail)
        except MailServerError as error:
            queue.waits(notice.number, error.code)
            raise
        match verdict.outcome:
            case "accepted":
                self._accepted.append(notice)
                self._keep_accepted(shop)
            case "later":
                queue.waits(notice.number, verdict.reason)
                wait_s = next_due_at - self._now_s()
                log.warning("mail_later %s %s next=%ds", notice.named, verdict.reason, wait_s)
            case "never":
                queue.settle(notice, "failed", verdict.reason)
                log.error("mail_failed %s %s", notice.named, verdict.reason)

    def _written(self, notice: Waiting) -> EmailMessage:
        if isinstance(notice, KeyNotice):
            return key_mail(notice, self._merchant, self._settings)
        assert isinstance(notice, Notice)  # noqa: S101  (there are no others)
        return notice_mail(notice, self._merchant, self._settings)

    def _keep_accepted(self, shop: Shop) -> None:
        """Before anything else is sent: while that cannot be written, nothing is."""
        for notice in list(self._accepted):
            _queue_of(shop, notice).settle(notice, "sent")
            self._accepted.remove(notice)
            log.info("mail_sent %s", notice.named)

    def _next_due_at(self, notice: Waiting) -> int:
        longest_s = min(FIRST_RETRY_S * 2 ** min(notice.attempts, 20), LONGEST_WAIT_S)
        wait_s: float = longest_s * (0.5 + self._jitter() / 2)
        return self._now_s() + round(wait_s)

    def _now_s(self) -> int:
        return int(self._wall_clock())


def _queues(shop: Shop) -> tuple[MailQueue[Any], ...]:
    """What may be an alarm first."""
    return shop.key_notices, shop.notices


def _queue_of(shop: Shop, notice: Waiting) -> MailQueue[Any]:
    return shop.key_notices if isinstance(notice, KeyNotice) else shop.notices


def checked_settings(folder: ShopFolder) -> MailSettings:
    """The section `mail` of shop.json, with which a session can be tried.

    Raises ConfigurationError mail_missing, mail_host, mail_sender, mail_insecure, mail_password.
    """
    settings = folder.config().mail
    if settings is None:
        raise ConfigurationError(
            "mail_missing",
            f"{folder.config_file} has no section mail",
            "write one as docs/provisioning.md shows",
        )
    settings.check()
    if settings.password_file:
        read_password(folder.path / settings.password_file)
    return settings


def claim_mail(folder: ShopFolder) -> int:
    """A descriptor that keeps every other mail process of this shop out until it is closed or this process
    ends. Raises ConfigurationError mail_running, mail_lock."""
    try:
        descriptor = claim(folder.mail_lock)
    except OSError as error:
        raise ConfigurationError(
            "mail_lock", f"{folder.mail_lock}: {error.strerror}", f"ls -ld {folder.path} {folder.mail_lock}"
        ) from error
    if descriptor is None:
        raise ConfigurationError(
            "mail_running", f"another process sends the mails of {folder.path}", "end that one first"
        )
    return descriptor
