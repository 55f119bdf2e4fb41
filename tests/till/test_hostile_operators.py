"""The operator socket under a local user who means no good: the device goes on serving the room."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing import messages, operator
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.speaker_models import GE2E
from agent.till.events import MOST_UNREAD, EventLoop
from agent.till.operator_door import MOST_OPERATORS
from tests.committing.kit import CATALOGUE_FILE
from tests.committing.network import eventually
from tests.till.kit import ANNA, BERT, Till, phrase, utterance
from tests.till.till_process import TillProcess, running_till

ORDER = "order two bags of dark roast coffee"


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    catalogue = json.loads(CATALOGUE_FILE.read_bytes())
    coffee = next(product for product in catalogue["products"] if product["id"] == "coffee")
    coffee["words"]["en"] = {"say": " ".join(["coffee", *["ż" * 50] * 9]), "hear": ["coffee"]}
    with running_till(tmp_path_factory.mktemp("till"), catalogue=json.dumps(catalogue).encode()) as device:
        device.voice.send(messages.VoiceReady(GE2E))
        device.trust_time()
        yield device


def _ask(client: IpcConnection, request: messages.Message) -> messages.Message:
    client.send(request)
    answer: messages.Message = client.receive(operator.OperatorAnswer)[0]
    return answer


@pytest.mark.parametrize(
    "frames",
    [b"\0\0\0\1\xff", b"\0\0\0\0" * 500, b"\0\1\0\1" + b"x" * 65_537, b"\xff\xff\xff\xff", b"\0\0"],
)
def test_garbage_is_dropped_and_others_are_served(device: TillProcess, frames: bytes) -> None:
    with device.operator_socket() as sock:
        sock.sendall(frames)
        device.health()


def test_odd_requests_get_an_answer(device: TillProcess) -> None:
    with device.client() as client:
        for language in ("xx", "", "\x1b[2J", "e" * 5000):
            assert isinstance(_ask(client, operator.ChatLine(language, ORDER)), operator.Problem)
        for limit in (0, -5, 2**63 - 1):
            assert isinstance(_ask(client, operator.ShowOrders(limit)), operator.OrdersShown)
        for person in ("../../etc/passwd", "p-\0", "p-00000000"):
            assert _ask(client, operator.Forget(person)) == operator.Forgotten(found=False)


def _seated(device: TillProcess) -> IpcConnection | None:
    client = device.client()
    with contextlib.suppress(EOFError):
        if isinstance(_ask(client, operator.AskHealth()), operator.Health):
            return client
    client.close()
    return None


def test_one_operator_too_many_is_told_so_and_a_seat_becomes_free_again(device: TillProcess) -> None:
    clients = [eventually(lambda: _seated(device), "a seat") for _ in range(MOST_OPERATORS)]
    with device.client() as late:
        refusal, _ = late.receive(operator.OperatorAnswer)
        assert isinstance(refusal, operator.Problem)
        assert refusal.code == "operators_too_many"
    for client in clients:
        client.close()
    eventually(lambda: _seated(device), "a free seat").close()


def test_more_rows_than_fit_into_a_frame_are_cut_to_the_newest(device: TillProcess) -> None:
    with device.client() as client:
        for _ in range(100):
            _ask(client, operator.ChatLine("en", ORDER))
            _ask(client, operator.ChatLine("en", "no"))
        shown = _ask(client, operator.ShowOrders(100))
    assert isinstance(shown, operator.OrdersShown)
    assert 10 < len(shown.decisions) < 100
    assert shown.decisions[0].code == "cancelled"


def test_an_operator_who_does_not_read_is_given_up(device: TillProcess) -> None:
    stuck = device.client()
    with pytest.raises(EOFError):
        while True:
            stuck.send(operator.ShowOrders(100))
    device.health()


def test_a_flood_does_not_keep_others_from_being_heard() -> None:
    loop, heard = EventLoop(), []
    connections = [socket.socketpair() for _ in range(2)]
    flood, other = (IpcConnection(ours) for ours, _ in connections)

    def listen(sock: socket.socket, name: str) -> None:
        def note(message: messages.Message, _: tuple[int, ...]) -> None:
            heard.append(name)
            if name == "other":
                loop.stop()

        loop.read(IpcConnection(sock), operator.OperatorRequest, note, lambda: None)

    listen(connections[0][1], "flood")
    for _ in range(100):
        flood.send(operator.AskHealth())
    eventually(lambda: loop._actions.qsize() >= MOST_UNREAD, "the flood")
    listen(connections[1][1], "other")
    other.send(operator.AskHealth())
    eventually(lambda: loop._actions.qsize() > MOST_UNREAD, "the other")
    loop.run()
    assert heard.count("other") == 1
    assert heard.count("flood") <= 2 * MOST_UNREAD
    flood.close()
    other.close()


def _enrol(till: Till, voice: tuple[float, ...]) -> None:
    assert till.spoken.begin_enrolment("Eve")
    till.answer("yes learn my voice", voice)
    for number in range(till.desk.settings.speaker.enrolment_sentences):
        till.answer(phrase(number), voice)
    till.finish_speaking()


def test_a_voice_enrolled_twice_would_have_the_cap_twice(till: Till) -> None:
    _enrol(till, ANNA)
    assert till.said.startswith("I know this voice already")
    assert till.steps[-1][1:] == (True, False)
    assert [person.name for person in till.desk.people.all()] == ["Anna"]


def test_beside_voices_of_another_model_nobody_is_enrolled_and_the_operator_is_told_whom_to_forget(
    tmp_path: Path,
) -> None:
    """Anna could not be told from the newcomer: she might enrol again, and have the cap twice."""
    with running_till(tmp_path) as device, device.client() as client:
        device.voice.send(messages.VoiceReady("speaker-ecapa:0575cb64845e"))
        eventually(lambda: device.health().voices_of_another_model == 1, "the other model")
        shown = _ask(client, operator.ShowPeople())
        assert isinstance(shown, operator.PeopleShown)
        [anna] = shown.people
        assert anna.other_model == GE2E
        refused = _ask(client, operator.Enrol("Eve"))
        assert isinstance(refused, operator.Problem)
        assert refused.code == "voice_model_changed"
        assert f"earmark people forget {anna.person}" in refused.next_step
        assert _ask(client, operator.Forget(anna.person)) == operator.Forgotten(found=True)
        assert device.health().voices_of_another_model == 0
        client.send(operator.Enrol("Eve"))
        assert device.next_said().text.startswith("Eve")


def test_who_was_enrolled_stands_in_the_journal(till: Till) -> None:
    _enrol(till, BERT)
    [decision] = till.desk.journal.decisions()
    assert decision.code == "enrolled"
    assert decision.person in till.desk.people.voiceprints()
    assert "Eve" not in repr(decision)


def test_a_disk_that_takes_nothing_ends_an_enrolment_and_not_the_till(till: Till) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
    try:
        _enrol(till, BERT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert till.said.startswith("I could not hear you well enough")
    assert till.steps[-1][1:] == (True, False)
    assert len(till.desk.people) == 1
    assert len(list(till.desk.people._folder.iterdir())) == 2


def test_forgetting_while_a_question_is_open_ends_it_and_the_listening_for_voices(
    device: TillProcess,
) -> None:
    device.voice.send(utterance(0, ORDER, grammar_id=device.health().grammar))
    say = device.next_said()
    with device.client() as client:
        shown = _ask(client, operator.ShowPeople())
        assert isinstance(shown, operator.PeopleShown)
        [anna] = shown.people
        assert _ask(client, operator.Forget(anna.person)) == operator.Forgotten(found=True)
    assert device.voice.receive(messages.TillToVoice)[0] == messages.ListenPolicy(embed=False)
    for _ in range(3):  # nobody is known any more, so no yes is taken, and it asks again before it gives up
        assert say.then is not None
        device.voice.send(utterance(say.then.listen_id, "yes place my order"))
        say = device.next_said()
        if say.then is None:
            break
    assert "so I have ordered nothing" in say.text
    shown_orders = device.orders()
    assert not shown_orders.orders
    assert "forgotten" in [decision.code for decision in shown_orders.decisions]
