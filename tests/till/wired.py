"""The till's real wiring in the test's own process: `voice` and `touch` speak over their sockets, and nothing
runs but what the test lets run."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, cast

from agent.bench.played_phone import PlayedPhone
from agent.deciding.policy_file import parse_policy
from agent.plumbing import messages
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message
from agent.plumbing.speaker_models import GE2E
from agent.till.catalogue_store import CatalogueStore
from agent.till.compiler import Compiler
from agent.till.desk import Desk
from agent.till.events import EventLoop
from agent.till.factors import Factors
from agent.till.house import HouseRules
from agent.till.part_store import PartStore
from agent.till.people import People
from agent.till.phones import Phones
from agent.till.process import Till
from tests.committing.kit import Bench
from tests.till.kit import EDITION

OnMessage = Callable[[Message, tuple[int, ...]], None]


class StillLoop(EventLoop):
    """Reads when it is told to; timers never ring."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: list[tuple[IpcConnection, type[Message] | UnionType, OnMessage]] = []

    def after(self, delay_ms: int, action: Callable[[], None]) -> None:
        if delay_ms == 0:
            self.post(action)

    def read(
        self,
        connection: IpcConnection,
        types: type[Message] | UnionType,
        on_message: OnMessage,
        on_close: Callable[[], None],
    ) -> None:
        self._readers.append((connection, types, on_message))

    def turn(self) -> None:
        """Everything that has been sent, and what comes of it."""
        for connection, types, on_message in self._readers:
            while select.select([connection._sock], [], [], 0)[0]:
                message, fds = connection.receive(types)
                on_message(message, fds)
        while not self._actions.empty():
            self._actions.get()()


class WiredTill:
    """`said` is what `voice` was told to say, oldest first; `spent` (minor units, factors) of each order."""

    def __init__(self, bench: Bench, folder: Path, policy: str = "") -> None:
        self._bench, self._folder, self.policy = bench, folder, parse_policy(policy)
        self.said: list[messages.Say] = []
        self.spent: list[tuple[int, tuple[str, ...]]] = []
        self.phone: PlayedPhone | None = None
        self._start()

    def _start(self) -> None:
        bench, folder = self._bench, self._folder
        bench.trust_time()
        people = People(folder / "people")
        factors = Factors(folder / "factors.json", bench.journal, lambda: bench.clocks.boot_s)
        self.desk = Desk(
            *(bench.settings, EDITION, bench.journal, bench.road, people, factors),
            lambda: bench.clocks.wall_s,
            HouseRules(self.policy),
            Phones(folder / "phones.json", bench.journal),
        )
        self._note_orders()
        self.loop = StillLoop()
        no_compiler = cast(Compiler, None)  # no catalogue arrives
        (folder / "till").mkdir(exist_ok=True)
        parts, store = PartStore(folder / "parts"), CatalogueStore(folder / "till")
        self.till = Till(self.desk, self.loop, no_compiler, store, bench.live, parts)
        self.voice, self.touch = self._hand_over("voice"), self._hand_over("touch")
        self.from_voice(messages.VoiceReady(GE2E))

    def _note_orders(self) -> None:
        commit = self.desk.road.commit

        def noted(order: Any) -> Any:
            signed = commit(order)
            self.spent.append((order.basket.total.minor, order.factors))
            return signed

        self.desk.road.commit = noted  # type: ignore[method-assign]

    def _hand_over(self, name: str) -> IpcConnection:
        ours, theirs = socket.socketpair()
        self.till.control(messages.Peer(name), (theirs.detach(),))  # type: ignore[arg-type]
        return IpcConnection(ours, peer="till")

    def restart(self) -> None:
        """The process dies and another begins with what is on disk."""
        self.close()
        self._bench.restart_device()
        self._start()

    def close(self) -> None:
        for connection in (self.voice, self.touch, *(reader[0] for reader in self.loop._readers)):
            connection.close()

    def from_voice(self, message: Message) -> None:
        self.voice.send(message)
        self._turn()

    def from_touch(self, message: Message) -> None:
        self.touch.send(message)
        self._turn()

    def from_broker(self, topic: str, payload: bytes) -> None:
        """What `uplink` would hand over."""
        self.till._from_uplink(messages.Received(topic, payload))
        self._turn()

    def enrol(self, name: str) -> None:
        """An operator has somebody's voice learned; what `voice` makes of it is its own affair."""
        self.till._begin_enrolment(cast(Any, _Session()), name)
        self._turn()

    def forget(self, index: int) -> None:
        """An operator has somebody forgotten, as `earmark people --forget` does."""
        everybody = self.desk.people.all()
        if everybody:
            pseudonym = everybody[index % len(everybody)].pseudonym
            self.desk.people.forget(pseudonym)
            self.desk.factors.forget(pseudonym)
            self.desk.phones.forget(pseudonym)
            self.till._people_changed()
            self._turn()

    def pass_by(self, seconds: int) -> None:
        """On all clocks."""
        self._bench.clocks.pass_by(seconds)

    @property
    def question(self) -> int:
        """The number of what was asked last; 0 where nothing was."""
        asked = [say.then.listen_id for say in self.said if say.then is not None]
        return asked[-1] if asked else 0

    def _turn(self) -> None:
        self.loop.turn()
        while select.select([self.voice._sock], [], [], 0)[0]:
            message, fds = self.voice.receive(messages.TillToVoice)
            for fd in fds:
                os.close(fd)
            if isinstance(message, messages.Say):
                self.said.append(message)


class _Session:
    """An operator who does not listen."""

    answer = staticmethod(partial(lambda *_: None))
