"""What others wrote cannot drive a terminal, and a fault of ours ends a process in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.errors import EarmarkError
from agent.plumbing.last_words import WORKER_DIED
from agent.plumbing.terminal import plain


@given(st.text(st.characters(codec=None)))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    shown = plain(text)
    assert shown.isprintable()
    shown.encode()


def test_what_was_there_can_still_be_told() -> None:
    assert plain("dwie paczki kawy, 38,00 zł") == "dwie paczki kawy, 38,00 zł"
    assert plain("\x1b[2J\nfake\u202e\udcff") == "\\x1b[2J\\nfake\\u202e\\udcff"


def test_an_error_keeps_its_lines_and_nothing_else() -> None:
    error = EarmarkError("some_code", "first\nsecond\x1b[2J", "earmark doctor")
    assert error.explained() == "first\nsecond\\x1b[2J\n  code: some_code\n  next: earmark doctor"


@pytest.mark.parametrize("where", ["fail()", "threading.Thread(target=fail).start(); time.sleep(60)"])
def test_an_exception_in_any_thread_ends_the_process_in_one_line_without_its_message(where: str) -> None:
    program = (
        "import threading, time\nfrom agent.plumbing.last_words import end_with_any_thread\n"
        f"def fail(): raise ValueError('what she said')\nend_with_any_thread()\n{where}\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == WORKER_DIED
    [line] = done.stderr.splitlines()
    assert "worker_died" in line
    assert "ValueError" in line
    assert "she said" not in line
