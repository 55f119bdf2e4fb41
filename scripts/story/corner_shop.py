"""The shop of the story: founded in a folder, with a private broker and the order service; and a device
admitted to it, all through the two commands that a person would use."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from order_backend.broker import PrivateBroker, ends_with_parent
from order_backend.folder import ShopFolder
from order_backend.shop import OrderRow, Shop

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "order_backend" / "catalogues" / "corner_shop.json"
DEVICE_ID = "kitchen-1"


class SetupError(Exception):
    """A command of the set-up failed; the message holds what it printed."""


@dataclass(frozen=True)
class ShopOrder:
    """One row of the shop's database; `lines` maps sku to quantity."""

    order_id: str
    lines: dict[str, int]


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
        self.open_broker()
        self._service: subprocess.Popen[bytes] | None = None
        if answers:
            self._serve()

    def _serve(self) -> None:
        command = [sys.executable, "-m", "order_backend.cli", "run", str(self._shop.path)]
        with (self._folder / "shop.log").open("ab") as log:
            self._service = subprocess.Popen(
                ends_with_parent([*command, "--port", str(self._broker.port)]),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def admit(self, *, extra_settings: str) -> Path:
        """A new device's settings file, provisioned by `earmark provision` and `earmark-backend admit`."""
        device, answer = self._folder / "device", self._folder / "answer"
        run("agent.cli", "provision", str(device), "--device-id", DEVICE_ID, "--environment", "demo")
        request = ["--device", DEVICE_ID, "--request", str(device / "request.pem"), "--out", str(answer)]
        run("order_backend.cli", "admit", str(self._shop.path), *request)
        given = ["--certificate", str(answer / "mqtt.crt"), "--trust", str(answer / "trust.json")]
        run("agent.cli", "provision", str(device), *given, "--catalogue", str(CATALOGUE))
        settings = device / "earmark.toml"
        text = settings.read_text(encoding="utf-8").replace("port = 8883", f"port = {self._broker.port}")
        settings.write_text(f"{text}reconnect_max_seconds = 2.0\n{extra_settings}", encoding="utf-8")
        return settings

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

    def close(self) -> None:
        """Ends service and broker."""
        if self._service is not None:
            self._service.terminate()
            self._service.wait()
        self._broker.stop()


def run(module: str, *arguments: str) -> None:
    """Runs `python -m module arguments`. Raises SetupError where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SetupError(f"{module} {arguments[0]}: {done.stdout}{done.stderr}")


def _shop_order(row: OrderRow) -> ShopOrder:
    lines = msgspec.json.decode(row.lines)
    return ShopOrder(row.order_id, {line["id"]: line["quantity"] for line in lines})
