"""`earmark shift`: who is on, in a sentence and as data."""

from __future__ import annotations

import json

import pytest

from agent.cli import main
from agent.commands import shift
from agent.plumbing.messages import Message
from agent.plumbing.operator_shift import EndShift, ShiftShown, ShowShift

ON = ShiftShown(True, "m-1f9a03c2", "Mona", 1_796_000_000, 1_796_036_000)


@pytest.mark.parametrize(
    ("words", "shown", "printed", "status"),
    [
        ((), ON, "Mona is on since ", 0),
        (("--end",), ON, "Mona was on since ", 0),
        ((), ShiftShown(used=True), "Nobody is on.", 1),
        (("--end",), ShiftShown(used=True), "Nobody is on.", 1),
        ((), ShiftShown(used=False), "There are no shifts here", 1),
    ],
)
def test_who_is_on_is_said(
    words: tuple[str, ...],
    shown: ShiftShown,
    printed: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[Message] = []

    class Client:
        def ask(self, request: Message, _: object) -> ShiftShown:
            asked.append(request)
            return shown

    monkeypatch.setattr(shift, "connect", lambda _: Client())
    assert main(["shift", *words]) == status
    assert capsys.readouterr().out.startswith(printed)
    assert asked == [EndShift() if words else ShowShift()]
    assert main(["shift", *words, "--json"]) == status
    assert json.loads(capsys.readouterr().out)["name"] == shown.name
