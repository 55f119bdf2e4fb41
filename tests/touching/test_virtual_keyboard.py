"""A PIN on a keyboard that the kernel knows, through the real `touch` process under its launcher."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.child import Program, start_child
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Peer, Stop
from agent.plumbing.site_messages import PinTyped, TouchToTill
from agent.touching.input_device import InputDevice
from agent.touching.input_events import DIGITS, KEY_ENTER
from tests.touching.virtual_keyboard import _SETUP, UINPUT, VirtualKeyboard

CODES = {digit: code for code, digit in DIGITS.items()}
PATIENCE_S = 240.0


@pytest.fixture
def keyboard() -> Iterator[VirtualKeyboard]:
    if not UINPUT.exists():
        pytest.skip("this kernel has no /dev/uinput (modprobe uinput)")
    if not os.access(UINPUT, os.W_OK):
        pytest.skip("/dev/uinput may not be used by this user")
    keyboard = VirtualKeyboard("earmark test keypad", [*CODES.values(), KEY_ENTER])
    yield keyboard
    keyboard.close()


def type_number(keyboard: VirtualKeyboard, number: str) -> None:
    for code in [*(CODES[digit] for digit in number), KEY_ENTER]:
        keyboard.press(code)


def has_open(pid: int, path: Path) -> bool:
    """Also true where only root may look: the process has tightened itself, and opens the device next."""
    opened = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                opened.add(descriptor.readlink())
    except PermissionError:
        return True
    return path in opened


def test_a_pin_typed_on_a_keyboard_of_the_kernel_reaches_the_till(
    keyboard: VirtualKeyboard, tmp_path: Path
) -> None:
    settings = tmp_path / "earmark.toml"
    settings.write_text(f'[touch]\nkeypad_device = "{keyboard.path}"\n')
    child = start_child("touch", Program("touch", "agent.touching.touch"), settings, time.monotonic())
    ours, theirs = socket.socketpair()
    with IpcConnection(ours, peer="touch") as till:
        with theirs:
            child.control.send(Peer("till"), (theirs.fileno(),))
        deadline, ready = time.monotonic() + PATIENCE_S, False
        while not has_open(child.process.pid, keyboard.path):  # before, it would be typed into the desktop
            assert time.monotonic() < deadline
            time.sleep(0.05)
        while not ready:  # what is typed before there is a till is forgotten
            assert time.monotonic() < deadline
            type_number(keyboard, "4711")
            ready = bool(select.select([till.fileno()], [], [], 0.5)[0])
        assert till.receive(TouchToTill)[0] == PinTyped("4711")
        child.control.send(Stop())
        assert child.end(PATIENCE_S) == 0


def test_what_is_typed_there_is_ours_alone(keyboard: VirtualKeyboard) -> None:
    ours = InputDevice(keyboard.path)
    assert ours.open()
    other = os.open(keyboard.path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        type_number(keyboard, "4711")
        assert select.select([ours.fileno()], [], [], PATIENCE_S)[0]
        assert [DIGITS.get(press.code) for press in ours.presses()] == ["4", "7", "1", "1", None]
        with pytest.raises(BlockingIOError):
            os.read(other, 1_024)
    finally:
        os.close(other)
        ours.close()


def test_the_set_up_has_the_size_that_its_request_names() -> None:
    assert _SETUP.size == 92
