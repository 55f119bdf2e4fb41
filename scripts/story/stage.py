"""What the story plays on: a real shop with its broker, and a real device whose microphone is the simulated
room."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType

import numpy as np

from agent.commands.operators import OperatorClient
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.plumbing import operator
from agent.plumbing.errors import EarmarkError
from agent.plumbing.settings_file import load_settings
from agent.plumbing.state_dir import operator_socket
from agent.plumbing.supervisor import MODULES
from scripts.story.chat import Chat
from scripts.story.corner_shop import ROOT, CornerShop, ShopOrder, run
from scripts.story.customers import Customer
from scripts.story.device import Device
from scripts.story.keypad import Keypad
from scripts.story.kitchen import Kitchen, sensor_settings
from scripts.story.publisher import Publisher
from scripts.story.room import Room, RoomError

PATIENCE_SECONDS = 240.0


class Stage:
    """`with Stage(folder, tell) as stage:`; everything it starts ends with it. `tell(who, words)` gets the
    script."""

    def __init__(self, folder: Path, tell: Callable[[str, str], None], *, shop_answers: bool = True) -> None:
        """`shop_answers` False: the broker stands, but nobody serves orders or tells the time."""
        self._folder, self.tell, self._shop_answers = folder, tell, shop_answers
        self.room = Room()
        self._stack: list[Callable[[], object]] = [self.room.close]

    def __enter__(self) -> Stage:
        try:
            self._shop = CornerShop(self._folder, answers=self._shop_answers)
            self._stack.append(self._shop.close)
            self.kitchen = Kitchen(self._folder / "kitchen")
            self._stack.append(self.kitchen.close)
            self._keypad = Keypad(self._folder / "keypad")
            self._stack.append(self._keypad.close)
            self.publisher = Publisher(self._folder / "publisher")
            self._stack.append(self.publisher.close)
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._stack:
            self._stack.pop()()

    def says(self, who: Customer, words: str) -> None:
        """A customer speaks; returns when the device has heard all of it."""
        self.tell(who.name, words)
        self.room.say(who.says(words))
        self.room.wait_until_heard()

    def answer(self) -> str:
        """The device's next sentence, written down by a recogniser that knows no catalogue."""
        sound = self.room.answer(PATIENCE_SECONDS)
        words = self._listener.transcribe((sound / np.float32(32768)).astype(np.float32))
        self.tell("device", words)
        return words

    def overhears(self, seconds: float = 1.0) -> None:
        """What the device says within that time although nobody in the room asked, if anything."""
        try:
            sound = self.room.answer(seconds)
        except RoomError:
            return
        self.tell("device", self._listener.transcribe((sound / np.float32(32768)).astype(np.float32)))

    def hears_nothing(self) -> None:
        """The device has heard all that was said, and kept silent."""
        self.room.feed(self.room.silence(3.0))
        self.room.wait_until_heard()
        if not self.room.is_silent():
            raise RoomError(f"the device answered: {self.answer()}")
        self.tell("device", "(silence)")

    def connect(self) -> OperatorClient:
        """A new connection to the operator socket."""
        return OperatorClient(self._state_dir)

    def _shown(self) -> operator.OrdersShown:
        client = self.connect()
        try:
            shown: operator.OrdersShown = client.ask(operator.ShowOrders(100), operator.OrdersShown)
        finally:
            client.close()
        return shown

    def decided(self) -> list[str]:
        """The codes of the journal's decisions, oldest first."""
        return [row.code for row in reversed(self._shown().decisions)]

    def journal(self) -> operator.OrdersShown:
        """The journal as `earmark orders` shows it, newest first."""
        return self._shown()

    def newest_order(self) -> operator.OrderRow:
        """The newest order of the journal."""
        return self._shown().orders[0]

    def settled(self) -> None:
        """Waits until no order is open any more."""
        self.wait(
            lambda: all(row.settled_at is not None for row in self._shown().orders), "every order settled"
        )

    def kill(self, name: str) -> None:
        """kill -9 of 'voice', 'till', 'uplink' or 'sensors'; returns when the new one is ready."""
        before = self.device.kill(name)
        self.wait(lambda: self.device.pids().get(name, before) != before, f"a new {name}")
        self.wait(self._has_answered, "voice and clock")

    def restart(self, *, taken_over: str = "") -> None:
        """Stops the device and starts it from the slot that it is now, or with a process taken over."""
        self.device.stop()
        self.device.start(taken_over=taken_over)
        self.wait(self._has_answered, "voice and clock")

    def _has_answered(self) -> bool:
        if self.device.has_ended():
            raise RoomError(f"the device has ended: {self.device.log()[-2000:]}")
        try:
            health = self.health()
        except EarmarkError:
            return False
        return health.voice and (health.clock_trusted or not self._shop_answers)

    def memory(self) -> dict[str, float]:
        """Resident set of each process, in megabytes."""
        return {name: _resident_megabytes(pid) for name, pid in self.device.pids().items()}

    def calm(self) -> None:
        """After a scene that went wrong: lets open questions run out, so that the next one starts clean."""
        self.room.feed(self.room.silence(20.0))
        self.room.wait_until_heard()
        self.room.drop_answers()

    def beans_fall_to(self, kilograms: float) -> None:
        """The scale under the coffee machine reports what is left, until it has been believed."""
        self.tell("", f"the scale under the coffee machine: {kilograms:g} kg of beans left")
        self.kitchen.weigh(kilograms)
        for _ in range(2):  # one reading a second is taken, by the time at which a busy device comes to it
            time.sleep(1.1)
            self.kitchen.weigh(kilograms)

    def proposal(self, state: operator.ProposalState, level: float) -> None:
        """Waits until the device shows a proposal in that state, made at about that level."""
        self.wait(
            lambda: any(
                row.state == state and abs(row.level - level) < 0.01 for row in self._shown().proposals
            ),
            f"a proposal that is {state}",
        )

    def types_pin(self, number: str) -> None:
        """Somebody types at the keypad. The digits are not told."""
        self.tell("keypad", "* " * len(number) + "Enter")
        self._keypad.types(number)

    def targets(self) -> dict[str, object]:
        """What somebody who took a process over would want of this device and its neighbours."""
        state, keys = self._state_dir, Path(load_settings(self.settings_file).paths.keys_dir)
        stranger = self._folder / "stranger.txt"
        stranger.write_text("private", encoding="utf-8")
        return {
            "signing_key": str(keys / "signing.pem"),
            "mqtt_key": str(keys / "mqtt.key"),
            "voiceprint": str(next((state / "till" / "people").glob("p-*.json"))),
            "journal": str(state / "till" / "journal.db"),
            "stranger": str(stranger),
            "broker_port": self._shop.broker_port,
            "site_port": self.kitchen.port,
            "other_port": int(self.publisher.url.rpartition(":")[2]),
            "operator_socket": str(operator_socket(state)),
            "state": str(state / "till" / "attack"),
            "elsewhere": str(self._folder / "attack"),
            "code": str(ROOT / "agent" / "attack.txt"),
            "settings": str(self.settings_file),
            "neighbour": self.kitchen.pid,
        }

    def shop_orders(self) -> list[ShopOrder]:
        """What stands in the shop's database, oldest first."""
        return self._shop.orders()

    def mails(self) -> list[EmailMessage]:
        """What the owner was mailed, oldest first, once it is a mail for each order at the shop."""
        self.wait(lambda: len(self._shop.mails()) >= len(self._shop.orders()), "a mail for each order")
        return self._shop.mails()

    def stop_broker(self) -> None:
        """The broker is gone, and the device has noticed."""
        self.tell("", "the broker is stopped")
        self._shop.close_broker()
        self.wait(lambda: not self.health().broker, "the device offline")

    def start_broker(self) -> None:
        """The broker is back, and the device has noticed."""
        self.tell("", "the broker is back")
        self._shop.open_broker()
        self.wait(lambda: self.health().broker, "the device online")

    def chat(self, language: str) -> Chat:
        """`earmark chat` in a process of its own, its replies read aloud into the room."""
        return Chat(self.settings_file, language, self._folder / "chat", self.room, self.tell)

    def _start(self) -> None:
        audio = (
            f'\n[audio]\nsource = "fd:{self.room.microphone_fd}"\nsink = "fd:{self.room.loudspeaker_fd}"\n'
        )
        sensors = sensor_settings(self.kitchen.port, hold_seconds=1)
        touch = f'\n[touch]\nkeypad_device = "{self._keypad.path}"\n'
        update = f'\n[update]\nurl = "{self.publisher.url}"\n'
        # On a slow machine it would say "queued" first, and in the middle of what follows that it is ordered.
        orders = "\n[orders]\nreceipt_wait_ms = 60_000\n"
        self.settings_file = self._shop.admit(extra_settings=audio + sensors + touch + update + orders)
        settings = load_settings(self.settings_file)
        paths = settings.paths
        self._state_dir = Path(paths.state_dir)
        Path(paths.update_root_file).write_bytes(self.publisher.pinned_root.read_bytes())
        first = [str(self.publisher.build("0.1.0")), "--environment", sys.prefix]
        run("firmware_update.cli", "-s", str(self.settings_file), "install", *first)
        fds = (self.room.microphone_fd, self.room.loudspeaker_fd)
        self.device = Device(self.settings_file, Path(paths.slots_dir), self._folder / "device.log", fds)
        self._stack.append(self.device.stop)
        self.device.start()
        self._listener = Recogniser(Moonshine(Path(paths.models_dir)))
        self.wait(self._has_answered, "voice and clock")
        self.wait(lambda: self.health().broker, "the broker")
        self.wait(lambda: self.device.pids().keys() == MODULES.keys(), "every process")

    def health(self) -> operator.Health:
        """What the till knows of its neighbours."""
        client = self.connect()
        try:
            health: operator.Health = client.ask(operator.AskHealth(), operator.Health)
        finally:
            client.close()
        return health

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Raises RoomError where it does not come true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not until():
            if time.monotonic() > deadline:
                raise RoomError(f"waited {PATIENCE_SECONDS:g} s in vain for: {what}")
            time.sleep(0.1)


def _resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
