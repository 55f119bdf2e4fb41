"""A typed question through the real till, uplink, broker and order service, and back."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from agent.plumbing import operator
from agent.plumbing.ipc import IpcConnection
from order_backend.shop import Shop
from tests.committing.network import serving
from tests.plumbing.stand_ins import comes_true
from tests.till.whole_road import PATIENCE_S, WholeRoad, whole_road


class Typist:
    """One `earmark chat`."""

    def __init__(self, road: WholeRoad) -> None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(road._operator))
        sock.settimeout(PATIENCE_S)
        self.connection = IpcConnection(sock, peer="till")

    def type(self, text: str) -> str:
        self.connection.send(operator.ChatLine("en", text))
        return self.connection.receive(operator.ChatReply)[0].text


@pytest.mark.slow
def test_it_is_answered_by_the_shop_and_a_ticket_gets_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with whole_road(tmp_path, monkeypatch) as road, Shop.open(road.folder.database) as shop:
        shop.stock.count("rice", 1)
        road.retained.close()  # the order service has that name
        typist = Typist(road)
        with typist.connection, serving(road.folder, road._broker.port):
            stock = "Of two bags of rice the shop has only one bag of rice."
            assert comes_true(lambda: typist.type("do you have two bags of rice?") == stock)
            said = typist.type("talk to a person")
            [ticket] = shop.requests.of_kind("ticket", closed=True, limit=9)
            assert said.startswith(f"Number {ticket.reference}:")
