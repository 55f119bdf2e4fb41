"""The real till under its launcher; a test is its supervisor, `voice`, `uplink` and operators."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from agent.deciding.verification import Voiceprint
from agent.plumbing import messages, operator
from agent.plumbing.child import Program, start_child
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.speaker_models import GE2E
from agent.till.people import People
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from tests.committing import network
from tests.committing.kit import CATALOGUE_FILE, DEVICE, joined_shop
from tests.till.kit import ANNA

PATIENCE_S = network.PATIENCE_S
"""A deadline for a hang, not a measure of speed."""


class TillProcess:
    """`voice` and `uplink` are the test's ends of those connections; Anna is enrolled, the shop admits."""

    def __init__(
        self,
        root: Path,
        *,
        catalogue: bytes | None = None,
        more_settings: str = "",
        shop: ShopFolder | None = None,
    ) -> None:
        """`shop` is one that is there already, and has admitted the device."""
        self.shop = OrderDesk(shop or joined_shop(root))
        self.folder = root / "state" / "till"
        (root / "state").mkdir(mode=0o700)
        self.folder.mkdir(mode=0o700)
        people = People(self.folder / "people")
        people.add("Anna", Voiceprint(GE2E, ANNA), now_s=0)
        self.catalogue_file = root / "catalogue.json"
        self.catalogue_file.write_bytes(catalogue or CATALOGUE_FILE.read_bytes())
        settings = root / "earmark.toml"
        settings.write_text(
            f'[device]\nid = "{DEVICE}"\nenvironment = "test"\n[paths]\nstate_dir = "state"\n'
            'keys_dir = "keys"\ntrust_file = "keys/trust.json"\ncatalogue_file = "catalogue.json"\n'
            + more_settings
        )
        self.settings_file, self._path = settings, root / "operator.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen(64)
        self._start()

    def _start(self) -> None:
        self.child = start_child("till", Program("till", "agent.till"), self.settings_file, time.monotonic())
        self.child.control.send(messages.OperatorListener(), (self._listener.fileno(),))
        self.voice_socket = self.hand_over("voice")
        self.voice = IpcConnection(self.voice_socket, peer="till")
        self.uplink = IpcConnection(self.hand_over("uplink"), peer="till")

    def new_voice(self) -> None:
        """The one before is gone, another has come."""
        self.voice.close()
        self.voice_socket = self.hand_over("voice")
        self.voice = IpcConnection(self.voice_socket, peer="till")

    def kill_and_start_again(self) -> None:
        """As its supervisor does; its neighbours get new connections."""
        self.child.process.kill()
        self.child.end(PATIENCE_S)
        self.voice.close()
        self.uplink.close()
        self._start()

    def hand_over(self, name: str) -> socket.socket:
        """The test's end of a new connection, on which it is the neighbour of that name."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.child.control.send(messages.Peer(name), (theirs.fileno(),))  # type: ignore[arg-type]
        ours.settimeout(PATIENCE_S)
        return ours

    def operator_socket(self) -> socket.socket:
        """A fresh connection, for frames of any kind."""
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(self._path))
        return sock

    def client(self) -> IpcConnection:
        """A fresh connection of a well-behaved client."""
        connection = IpcConnection(self.operator_socket(), peer="till")
        connection._sock.settimeout(PATIENCE_S)
        return connection

    def health(self) -> operator.Health:
        """What the till says about itself; fails where it is dead or does not answer."""
        with self.client() as connection:
            connection.send(operator.AskHealth())
            answer, _ = connection.receive(operator.Health)
        assert self.child.process.poll() is None
        return answer

    def orders(self) -> operator.OrdersShown:
        with self.client() as connection:
            connection.send(operator.ShowOrders(100))
            answer, _ = connection.receive(operator.OrdersShown)
        return answer

    def resident_kib(self) -> int:
        """Its memory."""
        status = Path(f"/proc/{self.child.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def trust_time(self) -> None:
        """The shop tells the time, as it does after a birth."""
        payload = self.shop.time(now_s=int(time.time()))
        self.uplink.send(messages.Received(f"va/v1/d/{DEVICE}/dn/time", payload))
        while not self.health().clock_trusted:
            time.sleep(0.01)

    def next_said(self) -> messages.Say:
        """The next sentence that `voice` is told to speak."""
        while True:
            message, fds = self.voice.receive(messages.TillToVoice)
            for fd in fds:
                socket.close(fd)
            if isinstance(message, messages.Say):
                return message

    def close(self) -> None:
        with contextlib.suppress(EOFError):
            self.child.control.send(messages.Stop())
        self.child.end(PATIENCE_S)
        self.voice.close()
        self.uplink.close()
        self._listener.close()
        self.shop.close()


@contextlib.contextmanager
def running_till(
    root: Path, *, catalogue: bytes | None = None, more_settings: str = ""
) -> Iterator[TillProcess]:
    till = TillProcess(root, catalogue=catalogue, more_settings=more_settings)
    try:
        yield till
    finally:
        till.close()
