"""What a person may type by mistake or malice at `earmark enrol|chat|orders|people`: an answer, never a
traceback, never an endless wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.plumbing import operator
from tests.till.till_process import TillProcess, running_till


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    root = tmp_path_factory.mktemp("till")
    with running_till(root) as device:
        (root / "state" / "operator.sock").symlink_to(root / "operator.sock")
        yield device


def _earmark(device: TillProcess, *words: str | bytes, typed: bytes = b"") -> tuple[int, str]:
    command = [
        sys.executable,
        "-m",
        "agent.cli",
        "-s",
        str(device.folder.parents[1] / "earmark.toml"),
        *words,
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    done = subprocess.run(command, input=typed, capture_output=True, check=False, env=environment)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize(
    "words",
    [
        ("enrol", "x" * 41),
        ("enrol", ""),
        ("enrol", b"\xff"),
        ("enrol", "Eve\x1b]0;own\x07"),
        ("enrol", "Eve\u202eeve"),
        ("orders", "--limit", "9" * 30),
        ("people", "--forget", b"p\xff"),
    ],
)
def test_what_the_device_does_not_take_is_said_at_once(
    device: TillProcess, words: tuple[str | bytes, ...]
) -> None:
    status, shown = _earmark(device, *words)
    assert status == 1
    not_text = any(isinstance(word, bytes) for word in words)
    assert f"code: {'words_not_utf8' if not_text else 'operator_request'}\n" in shown
    assert "Traceback" not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("typed", [b"\xff\xfe\n", b"a\0b\n", "zażółć\u202e\n".encode(), b"x" * 5000 + b"\n"])
def test_any_typed_line_gets_a_reply(device: TillProcess, typed: bytes) -> None:
    status, shown = _earmark(device, "chat", typed=typed)
    assert status == 0
    assert "I did not understand that" in shown


@pytest.mark.parametrize("name", ["Anna", "Łucja Żak-Nowak", "O'Brien", "2Pac", "名前"])
def test_names_of_people_are_names(name: str) -> None:
    request = msgspec.msgpack.encode(operator.Enrol(name))
    assert msgspec.msgpack.decode(request, type=operator.OperatorRequest) == operator.Enrol(name)
