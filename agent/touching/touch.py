"""The process `touch`: keypad, badge reader and button. It knows numbers and no names, and decides nothing.

python -m agent.touching.touch --settings FILE --control-fd N
"""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Settings, Touch
from agent.plumbing.site_messages import BadgeRead, ButtonPressed, EnterPressed, PinTyped
from agent.plumbing.till_link import News, TillLink
from agent.touching.entry import NumberEntry
from agent.touching.input_device import InputDevice
from agent.touching.input_events import KeyPress

LOOK_AGAIN_S = 2.0
"""How often a device that is away is looked for."""


class TouchPanel:
    """The devices that the settings name, and what their keys mean."""

    def __init__(self, settings: Touch) -> None:
        self._pin = NumberEntry(pause_s=settings.key_pause_seconds, fewest=4)
        self._badge = NumberEntry(pause_s=settings.key_pause_seconds, fewest=6)
        named = {
            settings.keypad_device: self._keypad_pressed,
            settings.badge_device: self._badge_pressed,
            settings.button_device: self._button_pressed,
        }
        self._devices = [(InputDevice(Path(path)), meaning) for path, meaning in named.items() if path]

    def open(self) -> list[int]:
        """Opens what is there; the descriptors to wait for."""
        return [device.fileno() for device, _ in self._devices if device.open()]

    def messages(self) -> list[Message]:
        """What was meant by the keys pressed since the last call."""
        meant = [meaning(press) for device, meaning in self._devices for press in device.presses()]
        return [message for message in meant if message is not None]

    def _keypad_pressed(self, press: KeyPress) -> Message | None:
        number = self._pin.push(press)
        if number is None:
            return None
        return PinTyped(number) if number else EnterPressed()

    def _badge_pressed(self, press: KeyPress) -> Message | None:
        number = self._badge.push(press)
        return BadgeRead(number) if number else None

    def _button_pressed(self, _: KeyPress) -> Message | None:
        return ButtonPressed()


def run(panel: TouchPanel, till: TillLink, stepped: Callable[[], None]) -> None:
    """Until the supervisor says stop or goes away. What nobody hears is forgotten: a PIN is never kept.

    `stepped` is called after each look at the devices (the watchdog's heartbeat).
    """
    while till.attend() is not News.END:
        waiting = [till.fileno(), *panel.open()]
        ready, _, _ = select.select(waiting, [], [], LOOK_AGAIN_S)
        for message in panel.messages() if ready else ():
            till.tell(message)
        stepped()


def _prepare(settings: Settings, control: IpcConnection, alive: Callable[[], None]) -> Callable[[], None]:
    return partial(run, TouchPanel(settings.touch), TillLink(control), alive)


def main(arguments: list[str] | None = None) -> int:
    """`python -m agent.touching.touch --settings FILE (--control-fd N | --till PATH)`, by the launcher."""
    return run_process("touch", _prepare, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
