"""A screen's digits before a PIN; and that, like a shift, through the real till."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agent.deciding.reply_words import REPLIES
from agent.deciding.said import READS_BACK
from agent.plumbing import messages, operator
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.operator_policy import ShopPolicyShown, ShowShopPolicy
from agent.plumbing.operator_shift import EndShift, ShiftShown, ShowShift
from agent.plumbing.site_messages import BadgeRead, PinTyped
from agent.plumbing.speaker_models import GE2E
from agent.till import factors
from agent.till.proofs import Proofs
from agent.till.screen_number import AT_THE_KEYPAD, LIFETIME_S, ScreenNumber, drawn
from agent.till.touching import Touching
from agent.till.typed import TypedDialogue
from tests.till.kit import utterance
from tests.till.test_shifts import BADGE, ORDER, OTHER, POLICY, Hall
from tests.till.till_process import TillProcess, running_till


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    root = tmp_path_factory.mktemp("till")
    (root / "policy.toml").write_text(POLICY)
    touch = '\n[touch]\nbadge_device = "/dev/input/event1"\nkeypad_device = "/dev/input/event0"\n'
    with running_till(root, more_settings=touch) as till:
        till.voice.send(messages.VoiceReady(GE2E))
        till.trust_time()
        yield till


@pytest.fixture(scope="module")
def touch(device: TillProcess) -> Iterator[IpcConnection]:
    """Anna has a badge and a PIN."""
    with IpcConnection(device.hand_over("touch"), peer="till") as touch:
        for kind, message in (("badge", BadgeRead(BADGE)), ("pin", PinTyped("2468"))):
            with device.client() as client:
                client.send(operator.SetFactor(_anna(device), kind))  # type: ignore[arg-type]
                while not client.receive(operator.EnrolStep)[0].done:
                    touch.send(message)
        yield touch


def _anna(device: TillProcess) -> str:
    [path] = (device.folder / "people").glob("p-*.json")
    return path.stem


def _asked(device: TillProcess, request: messages.Message) -> messages.Message:
    with device.client() as client:
        client.send(request)
        answer: messages.Message = client.receive(operator.OperatorAnswer)[0]
    return answer


def test_a_shift_from_the_reader_to_the_socket_through_the_real_till(
    device: TillProcess, touch: IpcConnection
) -> None:
    assert _asked(device, ShowShift()) == ShiftShown(used=True)
    for number in (OTHER, BADGE):  # another one first: hers was held up right now, when it was set
        touch.send(BadgeRead(number))
    while not (said := device.next_said().text).startswith("Anna, you are on now."):
        assert "on now" not in said
    shown = _asked(device, ShowShift())
    assert isinstance(shown, ShiftShown)
    assert (shown.person, shown.name, shown.until_s - shown.since_s) == (_anna(device), "Anna", 36_000)
    device.voice.send(utterance(0, ORDER, None))
    question = device.next_said().then
    assert question is not None
    device.voice.send(utterance(question.listen_id, "yes place my order", None))
    assert device.next_said().text.startswith("Your order is queued")
    assert device.orders().decisions[0].code == "consented_on_shift"
    assert isinstance(_asked(device, EndShift()), ShiftShown)
    assert _asked(device, ShowShift()) == ShiftShown(used=True)


def test_what_is_typed_is_placed_by_a_pin_through_the_real_till(
    device: TillProcess, touch: IpcConnection
) -> None:
    with device.client() as client:

        def reply() -> str:
            return str(client.receive(operator.ChatReply)[0].text)

        client.send(operator.ChatLine("en", "order a pack of pasta", "anna"))
        digits = re.search(r"type (\d{3}) and right after it your PIN", reply())
        assert digits is not None
        client.send(operator.ChatLine("en", f"{digits[1]}2468", "anna"))
        assert reply().startswith("Typed words cannot place it.")
        touch.send(PinTyped("2468"))
        assert reply().startswith("That was not right.")
        touch.send(PinTyped(f"{digits[1]}2468"))
        assert reply().startswith("Your order is queued")
    shown = device.orders()
    assert shown.orders[0].person == _anna(device) and "pasta" in shown.orders[0].title
    assert shown.decisions[0].code == "confirmed_by_pin"


def test_the_till_tells_what_the_shop_lets_it_order(device: TillProcess) -> None:
    assert _asked(device, ShowShopPolicy()) == ShopPolicyShown(0, 0, {}, "[]")


def test_digits_of_a_screen_are_for_one_basket_and_for_some_minutes() -> None:
    now, numbers = [0.0], iter(["111", "222", "333"])
    number = ScreenNumber(lambda: now[0], lambda: next(numbers))
    assert number.pin_in("1112468", "a") is None, "nothing is shown yet"
    assert number.of("a") == number.of("a") == "111"
    assert number.pin_in("1112468", "a") == "2468"
    assert number.pin_in("2468", "a") is None
    assert number.pin_in("1112468", "b") is None
    assert number.of("b") == "222"
    assert number.pin_in("1112468", "a") is None, "another basket stands there now"
    now[0] = LIFETIME_S - 0.1
    assert number.pin_in("2222468", "b") == "2468"
    now[0] = LIFETIME_S
    assert number.pin_in("2222468", "b") is None
    assert number.of("b") == "333"


def test_digits_are_drawn_and_are_three() -> None:
    found = {drawn() for _ in range(200)}
    assert all(len(one) == 3 and one.isdecimal() for one in found) and len(found) > 20


def test_a_pin_without_a_screens_digits_is_tried_for_no_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it with the digits of another."""
    monkeypatch.setattr(factors, "COST", 2)
    hall = Hall(tmp_path)
    hall.desk.factors.set(hall.mona, "pin", "2468")
    shown: list[list[str]] = [[], []]
    screens = [
        TypedDialogue(
            *(hall.desk, "en", lines.append, hall.till.what_is_low), person=hall.mona, draw=partial(str, n)
        )
        for n, lines in zip(("111", "222"), shown, strict=True)
    ]
    touching = Touching(
        *(hall.desk, hall.till.spoken, lambda *_: None),
        Proofs(hall.desk, lambda: [hall.till.spoken, *screens]),
    )
    for screen, words in zip(screens, ("two bags of coffee", "a pack of pasta"), strict=True):
        screen.typed(f"order {words}")
    touching.received(PinTyped("2468"))
    touching.received(PinTyped("3332468"))
    assert not hall.desk.journal.orders()
    touching.received(PinTyped("2222468"))
    [order] = hall.desk.journal.orders()
    assert "pasta" in order.title and shown[1][-1].startswith("Your order is queued")
    assert hall.desk.journal.spent_by_voice_since(0, "PLN") == 0
    hall.bench.desk.close()
    hall.bench.journal.close()


def test_what_a_screen_reads_back_names_as_much_as_what_is_said_aloud() -> None:
    assert all(shown in READS_BACK for aloud, shown in AT_THE_KEYPAD.items() if aloud in READS_BACK)
    assert all("{text}" in REPLIES[language][key] for language in REPLIES for key in AT_THE_KEYPAD.values())
