"""The operator's log: one line an event, a closed list of fields, nothing that a value could break out of."""

from __future__ import annotations

import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing import audit

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_line_reads_well() -> None:
    line = audit.format_line(
        NOON, "voice", "ipc_frame_invalid", {"peer": "till", "dropped": 3, "snr_db": 12.34567891}
    )
    assert line == "2026-03-01T12:00:00.000Z voice ipc_frame_invalid peer=till dropped=3 snr_db=12.3457"
    line = audit.format_line(
        NOON.astimezone(timezone(timedelta(hours=2))), "a", "b", {"detail": 'no "such" file'}
    )
    assert line == r'2026-03-01T12:00:00.000Z a b detail="no \"such\" file"'


@given(st.text(), st.text())
def test_a_value_stays_in_its_line_and_its_field(code: str, value: str) -> None:
    line = audit.format_line(NOON, "till", code, {"detail": value, "peer": "voice"})
    assert line.isprintable() and len(line.splitlines()) == 1
    if code.isidentifier() and code.isascii():
        words = shlex.split(line)
        assert words[2] == code and words[-1] == "peer=voice"
        assert len([word for word in words if word.startswith("detail=")]) == 1


def test_a_field_off_the_list_is_named_but_not_written() -> None:
    fields: dict[str, Any] = {"words": "two bags of coffee", "embedding": [0.1, 0.2], "peer": "till"}
    line = audit.format_line(NOON, "voice", "heard", fields)
    assert "coffee" not in line and "0.1" not in line
    assert line.endswith("peer=till refused_fields=words,embedding")


def test_no_field_has_a_name_for_what_is_spoken_or_secret() -> None:
    forbidden = {
        "words",
        "text",
        "transcript",
        "audio",
        "embedding",
        "template",
        "name",
        "person",
        "key",
        "pin",
    }
    assert not forbidden & set(audit.Fields.__annotations__)


def test_a_long_value_is_cut() -> None:
    assert len(audit.format_line(NOON, "till", "x", {"topic": "t" * 100_000})) < 500


def test_logging_survives_a_closed_stderr() -> None:
    code = "import os; from agent.plumbing import audit; os.close(2); audit.log('x'); print('alive')"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "alive\n"


def test_a_line_goes_to_stderr_with_the_processs_name(capfd: pytest.CaptureFixture[str]) -> None:
    audit.set_process("till")
    try:
        audit.log("till_ready", count=2)
    finally:
        audit.set_process("earmark")
    assert capfd.readouterr().err.endswith("Z till till_ready count=2\n")
