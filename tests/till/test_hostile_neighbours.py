"""The real till, its neighbours taken over: whatever they send, it goes on and orders nothing that was not
agreed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from agent.plumbing import messages, operator
from agent.plumbing.speaker_models import GE2E
from tests.committing.kit import DEVICE
from tests.till.kit import ANNA, EDITION, phrase, utterance
from tests.till.till_process import TillProcess, running_till

ORDER, CONSENT = "okay nabu order two bags of dark roast coffee", "yes place my order"
LARGEST = 2**64 - 1


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    with running_till(tmp_path_factory.mktemp("till")) as till:
        till.voice.send(messages.VoiceReady(GE2E))
        till.trust_time()
        yield till


@pytest.mark.parametrize(
    "embedding",
    [(), (math.nan,) * 3, (math.inf, -math.inf, 0.0), (1.7e308,) * 3, (5e-324,) * 3, (1.0,) * 5000],
)
def test_numbers_that_are_no_voice_are_nobodys(till: TillProcess, embedding: tuple[float, ...]) -> None:
    till.voice.send(utterance(0, ORDER, embedding))
    assert till.next_said().text.startswith("I do not know this voice")
    assert till.health().queued == 0


@pytest.mark.parametrize("embedding", [(), (math.nan,) * 3, (0.0,) * 3, (1e308,) * 3])
def test_numbers_that_are_no_voice_are_not_learned(till: TillProcess, embedding: tuple[float, ...]) -> None:
    with till.client() as client:
        client.send(operator.Enrol("Eve"))
        till.voice.send(utterance(_asked(till), "yes learn my voice"))
        for _ in range(3):
            till.voice.send(utterance(_asked(till), phrase(0), embedding))
        assert till.next_said().text.startswith("I could not hear you well enough")
        client.send(operator.ShowPeople())
        steps = iter(lambda: client.receive(operator.OperatorAnswer)[0], None)
        shown = next(step for step in steps if isinstance(step, operator.PeopleShown))
    assert [person.name for person in shown.people] == ["Anna"]


def _asked(till: TillProcess) -> int:
    say = till.next_said()
    assert say.then is not None, say.text
    return say.then.listen_id


def test_guessed_listen_ids_and_impossible_numbers_do_no_harm(till: TillProcess) -> None:
    for listen_id in (*range(1, 50), -1, LARGEST):
        till.voice.send(utterance(listen_id, CONSENT))
        till.voice.send(messages.Silence(listen_id))
        till.voice.send(messages.Spoken(listen_id))
        till.voice.send(messages.WentOn(listen_id))
    assert till.health().queued == 0
    for ended_ns, gap, snr_db in ((LARGEST, math.inf, math.nan), (-(2**63), -math.inf, None)):
        till.voice.send(
            messages.Utterance(0, ORDER, "", gap, ANNA, LARGEST, snr_db, ended_ns, EDITION.grammar_id)
        )
        said = till.next_said().text
        assert said.startswith(("It is too noisy", "That is nothing I can order", "I heard a lot of talk"))
    assert till.health().queued == 0


def test_words_of_a_whole_frame_and_of_other_scripts_are_only_not_understood(till: TillProcess) -> None:
    for words in ("yes " * 15_000, "\0\u202e\U0001f600 zażółć", "a" * 60_000, "{items}"):
        till.voice.send(utterance(0, words))
        assert "nothing I can order" in till.next_said().text


def test_a_taken_over_uplink_makes_nobody_say_ordered(till: TillProcess) -> None:
    till.uplink.send(messages.LinkState(connected=True))
    till.voice.send(utterance(0, ORDER))
    till.voice.send(utterance(_asked(till), CONSENT))
    received = (till.uplink.receive(messages.TillToUplink)[0] for _ in range(2))
    [publish] = [message for message in received if isinstance(message, messages.Publish)]
    till.uplink.send(messages.Published(publish.ref))
    for payload in (b"", b"\xff" * 60_000, b"[" * 60_000, publish.payload):
        for topic in ("ack", "rsp", "time", "offer", "../ack", "ack/"):
            till.uplink.send(messages.Received(f"va/v1/d/{DEVICE}/dn/{topic}", payload))
    for number in range(200):
        till.uplink.send(messages.LinkState(connected=bool(number % 2), reason="\x1b[2J" * 1000))
    till.uplink.send(messages.Published("\0" * 60_000))
    [order] = till.orders().orders
    assert (order.intent_id, order.state) == (publish.ref, "sent")
    assert till.next_said().text.startswith("Your order is queued")
    reply = till.shop.intent(DEVICE, publish.payload, now_s=order.queued_at)
    till.voice.send(messages.Spoken(LARGEST))
    till.uplink.send(messages.Received(f"va/v1/d/{DEVICE}/dn/ack", reply.payload))
    while till.orders().orders[0].state == "sent":
        pass
    assert till.orders().orders[0].state == "ordered"
