"""The shop of the story: founded in a folder, with a private broker, the order service and the mailer; and a
device admitted to it, all through the two commands that a person would use."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import msgspec

from order_backend.broker import PrivateBroker, ends_with_parent
from order_backend.folder import ShopFolder
from order_backend.shop import OrderRow, Shop
from scripts.story.mailbox import Mailbox

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "order_backend" / "catalogues" / "corner_shop.json"
DEVICE_ID = "kitchen-1"
OWNER = "anna@example.org"


class SetupError(Exception):
    """A command of the set-up failed; the message holds what it printed."""


@dataclass(frozen=True)
class ShopOrder:
    """One row of the shop's database; `lines` maps sku to quantity."""

    order_id: str
    lines: dict[str, int]
    total_minor: int


class CornerShop:
    """Founds the shop in `folder` / 'shop' and opens it."""

    def __init__(self, folder: Path, *, answers: bool = True) -> None:
        """`answers` False: the order service is not started.

        Raises SetupError, ConfigurationError broker_missing or broker_start.
        """
        self._folder = folder
        self._shop = ShopFolder(folder / "shop")
        name = ["--name", "The Corner Shop", "--environment", "demo"]
        run("order_backend.cli", "init", str(self._shop.path), "--catalogue", str(CATALOGUE), *name)
        self._broker = PrivateBroker(self._shop)
        with ExitStack() as started:
            started.callback(self._broker.stop)
            self.open_broker()
            self._mailbox = started.enter_context(Mailbox())
            self._write_mail_settings()
            started.callback(_end, self._serve("mail"))
            if answers:
                started.callback(_end, self._serve("run", "--port", str(self._broker.port)))
            self._started = started.pop_all()

    def _write_mail_settings(self) -> None:
        config = json.loads(self._shop.config_file.read_bytes())
        config["mail"] = {
            "host": "127.0.0.1",
            "port": self._mailbox.port,
            "security": "none",
            "sender": "orders@corner-shop.example",
            "contact": "Call The Corner Shop: +48 22 555 01 23.",
        }
        self._shop.config_file.write_text(json.dumps(config, indent=1), encoding="utf-8")

    def _serve(self, command: str, *arguments: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "order_backend.cli", command, str(self._shop.path), *arguments]
        with (self._folder / "shop.log").open("ab") as log:
            return subprocess.Popen(
                ends_with_parent(words), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def admit(self, *, extra_settings: str) -> Path:
        """A new device's settings file, provisioned by `earmark provision` and `earmark-backend admit`; its
        owner is told of its orders."""
        device, answer = self._folder / "device", self._folder / "answer"
        run("agent.cli", "provision", str(device), "--device-id", DEVICE_ID, "--environment", "demo")
        request = ["--device", DEVICE_ID, "--request", str(device / "request.pem"), "--out", str(answer)]
        run("order_backend.cli", "admit", str(self._shop.path), *request)
        run("order_backend.cli", "owner", str(self._shop.path), "--device", DEVICE_ID, "--email", OWNER)
        given = ["--certificate", str(answer / "mqtt.crt"), "--trust", str(answer / "trust.json")]
        run("agent.cli", "provision", str(device), *given, "--catalogue", str(CATALOGUE))
        settings = device / "earmark.toml"
        text = settings.read_text(encoding="utf-8").replace("port = 8883", f"port = {self._broker.port}")
        settings.write_text(
            f"{text}reconnect_max_seconds = 2.0\nreconnect_spread_seconds = 1.0\n{extra_settings}",
            encoding="utf-8",
        )
        return settings

    @property
    def broker_port(self) -> int:
        return self._broker.port

    def orders(self) -> list[ShopOrder]:
        """What stands in the shop's database, oldest first."""
        with Shop.open(self._shop.database) as shop:
            return [_shop_order(row) for row in reversed(shop.orders(100))]

    def open_broker(self) -> None:
        """Starts the broker, on the port that it had before."""
        self._broker.start()

    def close_broker(self) -> None:
        """Stops the broker; the order service waits for it."""
        self._broker.stop()

    def mails(self) -> list[EmailMessage]:
        """What the owner was mailed, oldest first. A mail follows its order within seconds."""
        return self._mailbox.mails()

    def close(self) -> None:
        """Ends service, mailer, mailbox and broker."""
        self._started.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def run(module: str, *arguments: str) -> None:
    """Runs `python -m module arguments`. Raises SetupError where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SetupError(f"{module} {arguments[0]}: {done.stdout}{done.stderr}")


def _shop_order(row: OrderRow) -> ShopOrder:
    lines = msgspec.json.decode(row.lines)
    return ShopOrder(row.order_id, {line["id"]: line["quantity"] for line in lines}, row.total_minor)
