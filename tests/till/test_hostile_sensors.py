"""The real till, its `sensors` taken over: it can make the device ask what the settings allow, no more."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from agent.plumbing import messages, operator, site_messages
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.speaker_models import GE2E
from scripts.story.kitchen import sensor_settings
from tests.committing.kit import DEVICE
from tests.till.kit import ANNA, BERT, utterance
from tests.till.till_process import PATIENCE_S, TillProcess, running_till

TAKE, CONSENT = "okay nabu yes place my order", "yes place my order"
LOW = site_messages.Proposal("beans", 0.2, wanted=True)


@pytest.fixture
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    with running_till(tmp_path_factory.mktemp("till"), more_settings=sensor_settings(1)) as till:
        till.voice.send(messages.VoiceReady(GE2E))
        till.trust_time()
        yield till


def consents() -> list[messages.Message]:
    """Everything by which another neighbour of the till would order, confirm or learn something."""
    return [
        messages.VoiceReady(GE2E),
        messages.Woken(1.0),
        utterance(0, "okay nabu order two bags of dark roast coffee"),
        utterance(0, TAKE),
        *(utterance(listen_id, CONSENT) for listen_id in range(1, 6)),
        messages.Spoken(1),
        messages.LinkState(connected=True),
        messages.Published("x"),
        messages.Received(f"va/v1/d/{DEVICE}/dn/ack", b"{}"),
        messages.Publish("x", f"va/v1/d/{DEVICE}/up/intent", b"{}"),
        messages.Stop(),
        operator.ChatLine("en", "order two bags of dark roast coffee"),
        operator.Enrol("Eve"),
        operator.Forget("p-00000000"),
        operator.ShowPeople(),
    ]


def test_sensors_can_neither_sign_nor_confirm_nor_learn_anything(till: TillProcess) -> None:
    ours = till.hand_over("sensors")
    sensors = IpcConnection(ours, peer="till")
    till.voice.send(utterance(0, "okay nabu order a pack of butter"))
    assert till.next_said().then is not None, "a question is open that could be confirmed"
    for message in consents():
        sensors.send(message)
    packed = msgspec.msgpack.encode
    for frame in (
        packed({"type": "Proposal", "sensor": "beans", "level": float("nan"), "wanted": True}),
        packed({"type": "Proposal", "sensor": "beans", "level": -1.0, "wanted": True}),
        packed({"type": "Proposal", "sensor": "beans", "level": 2.0, "wanted": True}),
        packed({"type": "Proposal", "sensor": "b" * 65, "level": 0.2, "wanted": True}),
        packed({"type": "Proposal", "sensor": "beans", "level": 0.2, "wanted": True, "quantity": 99}),
        packed({"type": "Proposal", "sensor": "beans", "level": 0.2, "wanted": True, "person": "p-1"}),
        b"",
        b"\xff" * 1_000,
        b"\x91" * 60_000,
    ):
        ours.sendall(struct.pack(">I", len(frame)) + frame)
    sensors.send(site_messages.Proposal("someone else", 0.0, wanted=True))
    shown = till.orders()
    assert not shown.orders
    assert not shown.proposals
    assert [row.code for row in shown.decisions] == ["read_back"], "the question is as it was"
    with till.client() as client:
        client.send(operator.ShowPeople())
        people, _ = client.receive(operator.PeopleShown)
    assert [person.name for person in people.people] == ["Anna"]


def test_a_true_proposal_is_a_question_and_the_consent_is_a_known_voices(till: TillProcess) -> None:
    sensors = IpcConnection(till.hand_over("sensors"), peer="till")
    sensors.send(LOW)
    said = till.next_said()
    assert said.text.startswith("The coffee machine is down to a fifth. Order two bags of light roast coffee")
    assert said.then is None, "a sensor cannot open the microphone"
    for message in consents():
        sensors.send(message)
    till.voice.send(utterance(0, TAKE, BERT))
    assert till.next_said().text.startswith("I do not know this voice")
    assert not till.orders().orders
    till.voice.send(utterance(0, TAKE, ANNA))
    read_back = till.next_said()
    assert read_back.then is not None
    sensors.send(utterance(read_back.then.listen_id, CONSENT))
    assert not till.orders().orders
    till.voice.send(utterance(read_back.then.listen_id, CONSENT))
    till.next_said()
    [order] = till.orders().orders
    assert order.title == "two bags of light roast coffee"


def test_a_flood_of_proposals_is_one_question_and_keeps_nobody_waiting(till: TillProcess) -> None:
    ours = till.hand_over("sensors")
    sensors = IpcConnection(ours, peer="till")
    for number in range(20_000):
        sensors.send(site_messages.Proposal("beans", (number % 100) / 100, wanted=bool(number % 2)))
        if number % 5_000 == 0:
            assert till.health().voice, "others are served meanwhile"
    sensors.send(LOW)
    deadline = time.monotonic() + PATIENCE_S
    while not any(row.level == LOW.level for row in till.orders().proposals):
        assert time.monotonic() < deadline
    assert [row.code for row in till.orders().decisions].count("proposed") <= 1
    assert not till.orders().orders


def test_claimed_silences_are_one_sentence_whatever_the_numbers(till: TillProcess) -> None:
    ours = till.hand_over("sensors")
    sensors = IpcConnection(ours, peer="till")
    packed = msgspec.msgpack.encode
    fields = {"type": "SensorState", "sensor": "beans", "age_s": 90_000, "level": 0.2, "refused": {}}
    for wrong in (
        {"sensor": "b" * 65},
        {"age_s": -1},
        {"age_s": 1 << 40},
        {"age_s": float("nan")},
        {"level": 2.0},
        {"refused": {f"code_{number}": 1 for number in range(17)}},
        {"refused": {"\x1b[31m": 1}},
        {"refused": {"c": -1}},
        {"bus_fault": "x" * 41},
        {"silent": True},
    ):
        frame = packed(fields | wrong)
        ours.sendall(struct.pack(">I", len(frame)) + frame)
    sensors.send(site_messages.SensorState("someone else", 90_000, 0.2, {}))
    before_kib = till.resident_kib()
    for number in range(20_000):
        sensors.send(
            site_messages.SensorState("beans", (number % 2) * 90_000, 0.2, {"c": number}, f"f{number}")
        )
        if number % 5_000 == 0:
            assert till.health().voice, "others are served meanwhile"
    assert till.resident_kib() - before_kib < 8_192
    assert sum(file.stat().st_size for file in till.folder.glob("journal.db*")) < 16_000_000
    sensors.send(site_messages.SensorState("beans", 90_000, 0.2, {}))
    assert till.next_said().text.startswith("I have not heard from the coffee machine's sensor since ")
    till.voice.send(messages.Spoken(1))
    for age_s in (0, 90_000, 0, 90_000):  # it comes back and falls silent again, as fast as it can
        sensors.send(site_messages.SensorState("beans", age_s, 0.2, {}))
        deadline = time.monotonic() + PATIENCE_S
        while till.orders().sensors[0].silent != (age_s > 0):
            assert time.monotonic() < deadline
        threading.Event().wait(1.1)  # the till has looked at it meanwhile
    sensors.send(LOW)
    threading.Event().wait(1.1)
    assert [row.code for row in till.orders().decisions] == ["sensor_silent"]
    assert not till.orders().orders
