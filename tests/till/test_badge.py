"""A badge from the operator socket to the reader and back, through the real till."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.plumbing import messages, operator, site_messages
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.speaker_models import GE2E
from tests.till.till_process import TillProcess, running_till

BADGE = "0055555555"
READER = '\n[touch]\nbadge_device = "/dev/input/event1"\n'


@pytest.fixture
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    with running_till(tmp_path_factory.mktemp("till"), more_settings=READER) as till:
        till.voice.send(messages.VoiceReady(GE2E))
        till.trust_time()
        yield till


def _ask(till: TillProcess, request: messages.Message) -> messages.Message:
    with till.client() as client:
        client.send(request)
        answer: messages.Message = client.receive(operator.OperatorAnswer)[0]
    return answer


def _anna(till: TillProcess) -> operator.PersonRow:
    shown = _ask(till, operator.ShowPeople())
    assert isinstance(shown, operator.PeopleShown)
    [person] = shown.people
    return person


def test_a_badge_is_set_shown_and_taken_away_without_its_number_passing_the_socket(till: TillProcess) -> None:
    person = _anna(till).person
    touch = IpcConnection(till.hand_over("touch"), peer="till")
    with touch, till.client() as client:
        client.send(operator.SetFactor(person, "badge"))
        steps = [client.receive(operator.EnrolStep)[0]]
        while not steps[-1].done:
            touch.send(site_messages.BadgeRead(BADGE))
            steps.append(client.receive(operator.EnrolStep)[0])
    assert [step.learned for step in steps] == [False, False, True]
    assert not any(BADGE in step.text for step in steps)
    assert _anna(till).factors == ("badge",)
    stored = b"".join(path.read_bytes() for path in till.folder.rglob("*") if path.is_file())
    assert BADGE.encode() not in stored

    removed = operator.RemoveFactor(person, "badge")
    assert _ask(till, removed) == operator.Forgotten(found=True)
    assert _ask(till, removed) == operator.Forgotten(found=False)
    assert _anna(till).factors == ()
    assert [row.code for row in till.orders().decisions] == ["badge_removed", "badge_set"]


def test_a_pin_is_refused_where_only_a_badge_reader_is_set_up(till: TillProcess) -> None:
    refused = _ask(till, operator.SetFactor(_anna(till).person, "pin"))
    assert isinstance(refused, operator.Problem)
    assert refused.code == "no_keypad"
