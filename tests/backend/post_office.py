"""A real SMTP server that does what a test tells it, and the shop's mailer turned by the test's own hand."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509

from order_backend import certificates
from order_backend.folder import ShopFolder
from order_backend.mailer import Mailer
from order_backend.notices import Owner
from order_backend.shop import Shop
from scripts.story.mailbox import Keeper, Mailbox
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed

ADDRESS = "anna@example.org"


class Clerk(Keeper):
    """Answers MAIL, RCPT and DATA with what the test laid ready, and otherwise takes everything."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[str] = []
        self.answers: dict[str, list[str]] = {"MAIL": [], "RCPT": [], "DATA": []}
        self.at_mail: Callable[[], object] = lambda: None
        self.before_taking: Callable[[], object] = lambda: None
        self.after_taking: Callable[[], object] = lambda: None
        self.waits_for: threading.Event | None = None

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("MAIL")
        self.at_mail()
        if self.answers["MAIL"]:
            return self.answers["MAIL"].pop(0)
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.commands.append("RCPT")
        if self.answers["RCPT"]:
            return self.answers["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.commands.append("DATA")
        if self.waits_for is not None:
            await asyncio.to_thread(self.waits_for.wait)
        if self.answers["DATA"]:
            return self.answers["DATA"].pop(0)
        self.before_taking()
        answer = await super().handle_DATA(server, session, envelope)
        self.after_taking()
        return answer


@contextmanager
def post_office(**smtp: object) -> Iterator[tuple[Mailbox, Clerk]]:
    clerk = Clerk()
    with Mailbox(clerk, **smtp) as mailbox:
        yield mailbox, clerk


def write_mail(folder: ShopFolder, port: object, **changes: object) -> None:
    """The section `mail`, as somebody would write it into shop.json."""
    config = json.loads(folder.config_file.read_bytes())
    section = {"host": "127.0.0.1", "port": port, "security": "none"}
    config["mail"] = (
        section | {"sender": "orders@shop.example", "contact": "Call +48 22 555 01 23."} | changes
    )
    folder.config_file.write_text(json.dumps(config))


def tell(bench: Bench, address: str = ADDRESS, language: str = "en") -> int:
    """Names the owner."""
    with Shop.open(bench.folder.database) as shop:
        return shop.notices.set_owner(Owner(DEVICE, address, language), now_s=NOW_S)  # type: ignore[arg-type]


def place(bench: Bench, quantity: int = 2) -> str:
    """A real order; its number."""
    bench.trust_time()
    payload = bench.road.commit(agreed(quantity)).payload
    assert bench.desk.intent(DEVICE, payload, now_s=NOW_S).code == "ordered"
    return bench.desk._shop.orders(1)[0].order_id


def refuses(bench: Bench, table: str, where: str = "true") -> None:
    """From now on the database takes no new row of the table, or none like that, for a row's own fault."""
    run = bench.desk._shop._db.run
    if run.__self__.dialect == "sqlite":
        run(
            f"CREATE TRIGGER refuse_{table} AFTER INSERT ON {table} WHEN {where}"
            " BEGIN SELECT RAISE(ABORT, 'told to refuse'); END"
        )
        return
    run(
        f"CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE check_violation USING MESSAGE = 'told to refuse'; END $$"
    )
    run(
        f"CREATE TRIGGER refuse_{table} AFTER INSERT ON {table} FOR EACH ROW WHEN ({where})"
        f" EXECUTE FUNCTION refuse_{table}()"
    )


def takes_again(bench: Bench, table: str) -> None:
    run = bench.desk._shop._db.run
    of = "" if run.__self__.dialect == "sqlite" else f" ON {table}"
    run(f"DROP TRIGGER refuse_{table}{of}")


def patience(shop: Shop, milliseconds: int) -> None:
    """As long does this connection wait for others."""
    is_sqlite = shop._db.dialect == "sqlite"
    shop._db.run(f"{'PRAGMA busy_timeout' if is_sqlite else 'SET lock_timeout'} = {milliseconds}")


def takes_no_more(shop: Shop, so: bool) -> None:
    """Whatever this connection writes fails."""
    is_sqlite = shop._db.dialect == "sqlite"
    setting = "PRAGMA query_only" if is_sqlite else "SET default_transaction_read_only"
    shop._db.run(f"{setting} = {'on' if so else 'off'}")


class Blocker:
    """Somebody else who writes, and takes time over it."""

    def __init__(self, folder: ShopFolder) -> None:
        where = folder.database
        self._connection: Any
        if isinstance(where, Path):
            self._connection = sqlite3.connect(where, isolation_level=None, check_same_thread=False)
            self._begin = ["BEGIN IMMEDIATE"]
        else:
            self._connection = psycopg.connect(where, autocommit=True)
            self._begin = ["BEGIN", "LOCK TABLE notices IN EXCLUSIVE MODE"]

    def blocks(self) -> None:
        for statement in self._begin:
            self._connection.execute(statement)

    def lets_go(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


class Turned:
    """The mailer and its database, on a clock that the test sets."""

    def __init__(self, folder: ShopFolder) -> None:
        self.now_s = float(NOW_S)
        self.mailer = Mailer(folder, wall_clock=lambda: self.now_s, jitter=lambda: 1.0)
        self.shop = Shop.open(folder.database)

    def turn(self, later_s: float = 0.0) -> float:
        self.now_s += later_s
        return self.mailer.turn(self.shop)

    def rows(self) -> list[tuple[str, int, str]]:
        """state, attempts, reason of each notice, oldest first."""
        query = "SELECT state, attempts, reason FROM notices ORDER BY number"
        return [tuple(row) for row in self.shop._db.run(query)]


@contextmanager
def turned(folder: ShopFolder) -> Iterator[Turned]:
    by_hand = Turned(folder)
    try:
        yield by_hand
    finally:
        by_hand.shop.close()


class Authority:
    """A certificate authority of the test, with its file, that vouches for servers."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._name = folder, name
        self._key = certificates.new_key()
        self._certificate: x509.Certificate = certificates.authority(
            f"mail {name}", self._key, now=datetime.now(UTC)
        )
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(certificates.certificate_pem(self._certificate))

    def server_files(self, host: str) -> tuple[Path, Path]:
        """Certificate and key of a server that is reached as `host`."""
        key = certificates.new_key()
        certificate = certificates.server_certificate(
            [host], key.public_key(), self._certificate, self._key, now=datetime.now(UTC)
        )
        files = (self._folder / f"{self._name}-{host}.crt", self._folder / f"{self._name}-{host}.key")
        files[0].write_bytes(certificates.certificate_pem(certificate))
        files[1].write_bytes(certificates.private_pem(key))
        return files
