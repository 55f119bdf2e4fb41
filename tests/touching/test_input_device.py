"""The process `touch` as it is started, named pipes for its devices: what is typed reaches the till alone."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Peer
from agent.plumbing.site_messages import BadgeRead, ButtonPressed, PinTyped, TouchToTill
from agent.touching.input_device import InputDevice
from agent.touching.input_events import DIGITS, KEY_ENTER, encode_key

CODES = {digit: code for code, digit in DIGITS.items()}


def press(fd: int, keys: str) -> None:
    for place, key in enumerate(keys):
        os.write(fd, encode_key(KEY_ENTER if key == "\n" else CODES[key], 100 + place * 0.1))


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[dict[str, int]]:
    opened = {}
    for name in ("keypad", "badge", "button"):
        os.mkfifo(tmp_path / name)
        opened[name] = os.open(tmp_path / name, os.O_RDWR)
    yield opened
    for fd in opened.values():
        os.close(fd)


def test_keypad_badge_and_button_reach_the_till_through_the_sandbox(
    tmp_path: Path, pipes: dict[str, int]
) -> None:
    settings = tmp_path / "earmark.toml"
    lines = [f'{name}_device = "{tmp_path / name}"' for name in pipes]
    settings.write_text("\n".join(["[touch]", *lines]) + "\n")
    control, theirs = socket.socketpair()
    command = [
        sys.executable,
        "-m",
        "agent.plumbing.launcher",
        "--profile",
        "touch",
        "--settings",
        str(settings),
    ]
    command += ["--pass-fd", str(theirs.fileno()), "--", sys.executable, "-m", "agent.touching.touch"]
    command += ["--settings", str(settings), "--control-fd", str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE)
    theirs.close()
    till, end = socket.socketpair()
    with IpcConnection(control) as supervisor, IpcConnection(till) as connection:
        supervisor.send(Peer("till"), [end.fileno()])
        end.close()
        readable: list[int] = []
        for _ in range(480):  # what is typed before there is a till is forgotten, so it is typed again
            press(pipes["keypad"], "4711\n")
            readable, _, _ = select.select([connection.fileno()], [], [], 0.5)
            if readable:
                break
        assert readable
        assert connection.receive(TouchToTill)[0] == PinTyped("4711")
        press(pipes["badge"], "0012345678\n")
        while (told := connection.receive(TouchToTill)[0]) == PinTyped("4711"):
            pass  # typed more than once
        assert told == BadgeRead("0012345678")
        press(pipes["button"], "1")
        assert connection.receive(TouchToTill)[0] == ButtonPressed()
    assert process.wait() == 0
    assert process.stderr is not None
    log = process.stderr.read().decode()
    assert "4711" not in log
    assert "0012345678" not in log


def test_a_device_that_is_unplugged_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "keypad"
    device = InputDevice(path)
    assert not device.open()
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    assert device.open()
    press(writer, "1")
    os.write(writer, encode_key(2, 1.0)[:7])
    assert [one.code for one in device.presses()] == [CODES["1"]]
    path.unlink()
    os.close(writer)
    assert device.presses() == []
    assert device.fileno() == -1
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    assert device.open()
    press(writer, "2")
    assert [one.code for one in device.presses()] == [CODES["2"]], "half an event of before is forgotten"
    device.close()
    os.close(writer)
