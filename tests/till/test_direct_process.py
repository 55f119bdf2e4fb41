"""DIRECT mode all the way: the till's process, the real uplink, a real broker and the order service."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.committing.journal import FILE_NAME
from agent.committing.read_back import closed_reference
from agent.plumbing import messages
from agent.plumbing.child import Child, Program, start_child
from agent.plumbing.speaker_models import GE2E
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.shop import OrderRow, Shop
from tests.committing.kit import joined_shop
from tests.committing.network import eventually, serving
from tests.till.kit import utterance
from tests.till.till_process import PATIENCE_S, TillProcess

ORDERS = tuple(f"okay nabu order {number} bags of dark roast coffee" for number in ("two", "three", "four"))
CONSENT = "yes place my order"


class Shelf:
    """A device with its uplink, and the shop's database."""

    def __init__(self, root: Path, folder: ShopFolder, port: int, till: TillProcess) -> None:
        self.till, self._folder, self._port = till, folder, port
        self._service = contextlib.ExitStack()
        self.shop_comes_back()
        (root / "state" / "uplink").mkdir(exist_ok=True)
        self.uplink = self._start_uplink()
        self.till.voice.send(messages.VoiceReady(GE2E))
        self.until_online()

    def _start_uplink(self) -> Child:
        program = Program("uplink", "agent.committing.uplink")
        uplink = start_child("uplink", program, self.till.settings_file, time.monotonic())
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.till.child.control.send(messages.Peer("uplink"), (ours.fileno(),))
            uplink.control.send(messages.Peer("till"), (theirs.fileno(),))
        return uplink

    def until_online(self) -> None:
        """It is connected, and knows the time."""
        eventually(lambda: (health := self.till.health()).broker and health.clock_trusted, "online")

    def says(self, words: str, listen_id: int = 0) -> messages.Say:
        """What it says to that, once it was played."""
        self.till.voice.send(utterance(listen_id, words))
        return self.next_said()

    def next_said(self) -> messages.Say:
        said = self.till.next_said()
        self.till.voice.send(messages.Spoken(said.say_id))
        return said

    def is_direct(self) -> bool:
        """Whether the device closed the newest order itself: on a busy machine an offer may come too late,
        and that is no fault."""
        with contextlib.closing(sqlite3.connect(self.till.folder / FILE_NAME)) as journal:
            newest = "SELECT payload, sha256 FROM orders ORDER BY number DESC LIMIT 1"
            return closed_reference(*journal.execute(newest).fetchone()) != ""

    def placed(self) -> list[OrderRow]:
        """The shop's orders."""
        with contextlib.closing(Shop.open(self._folder.database)) as shop:
            return shop.orders()

    def shop_goes(self) -> None:
        """The broker is there, and nobody answers."""
        self._service.close()

    def shop_comes_back(self) -> None:
        self._service.enter_context(serving(self._folder, self._port))

    def kill_uplink(self) -> None:
        self.uplink.process.kill()
        self.uplink.end(PATIENCE_S)

    def restart_till(self) -> None:
        """As its supervisor does, with all that hang on it."""
        self.kill_uplink()
        self.till.kill_and_start_again()
        self.uplink = self._start_uplink()
        self.till.voice.send(messages.VoiceReady(GE2E))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    folder = joined_shop(tmp_path)
    with PrivateBroker(folder) as broker:
        settings = (
            '[orders]\nmode = "direct"\nresend_min_seconds = 0.5\nresend_max_seconds = 2.0\n'
            f"[broker]\nport = {broker.port}\nkeepalive_seconds = 5\nreconnect_min_seconds = 0.1\n"
            "reconnect_max_seconds = 1.0\nreconnect_spread_seconds = 0.1\n"
        )
        till = TillProcess(tmp_path, shop=folder, more_settings=settings)
        try:
            shelf = Shelf(tmp_path, folder, broker.port, till)
            yield shelf
            shelf.kill_uplink()
            shelf.shop_goes()
        finally:
            till.close()


def test_an_order_by_an_offer_from_the_voice_to_the_shop_and_back(shelf: Shelf) -> None:
    for order in ORDERS:
        read_back = shelf.says(order)
        assert read_back.then is not None and "zloty in total" in read_back.text
        assert shelf.says(CONSENT, read_back.then.listen_id).text.startswith("Ordered: ")
        if shelf.is_direct():
            break
    [shown, *_] = shelf.till.orders().orders
    [placed] = [one for one in shelf.placed() if one.intent_id == shown.intent_id]
    assert placed.order_id == shown.order_id
    assert placed.open_checkout == "" and placed.closed_checkout != "", "the device closed it itself"


def test_with_the_shop_away_it_is_the_catalogue_s_price_and_a_limit(shelf: Shelf) -> None:
    shelf.shop_goes()
    read_back = shelf.says(ORDERS[0])
    assert read_back.then is not None
    shelf.says(CONSENT, read_back.then.listen_id)
    shelf.shop_comes_back()
    eventually(lambda: shelf.till.orders().orders[0].state == "ordered", "the device has its receipt")
    [order] = shelf.placed()
    assert order.open_checkout != "" and not shelf.is_direct()


def test_killed_between_offer_and_consent_nothing_was_promised(shelf: Shelf) -> None:
    assert shelf.says(ORDERS[0]).then is not None
    shelf.restart_till()
    shelf.until_online()
    assert list(shelf.till.orders().orders) == [] and shelf.placed() == []


def test_killed_after_the_consent_the_same_bytes_go_on(shelf: Shelf) -> None:
    for number, order in enumerate(ORDERS, 1):
        read_back = shelf.says(order)
        assert read_back.then is not None
        shelf.shop_goes()  # it has offered; what takes the offer waits at the broker, or in the outbox
        shelf.till.voice.send(utterance(read_back.then.listen_id, CONSENT))
        eventually(lambda: len(shelf.till.orders().orders) == number, "it is on disk")  # noqa: B023
        if shelf.is_direct():
            break
        shelf.shop_comes_back()
        shelf.next_said()
    shelf.restart_till()
    shelf.shop_comes_back()
    shelf.until_online()
    eventually(lambda: shelf.till.orders().orders[0].state == "ordered", "the device has its receipt")
    [shown, *_] = shelf.till.orders().orders
    [placed] = [one for one in shelf.placed() if one.intent_id == shown.intent_id]
    assert placed.open_checkout == "" and shelf.is_direct()
