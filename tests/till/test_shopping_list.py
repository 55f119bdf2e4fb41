"""The shopping list in the till: typed, kept, spoken of when it was to be, and never an order by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.committing.journal import FILE_NAME, Journal
from agent.committing.journal_lists import Reminder
from agent.deciding.edition import Edition
from agent.deciding.shopping_list import ANSWERED_WITHIN_S
from agent.plumbing import messages, operator
from agent.plumbing.settings import Proposals, Sensor
from agent.plumbing.site_messages import SensorState
from agent.plumbing.speaker_models import GE2E
from agent.till.sensing import Sensing
from agent.till.shopping_list import ShoppingList
from agent.till.typed import TypedDialogue
from agent.till.waiting import WaitingBaskets
from tests.committing.kit import CATALOGUE_FILE, make_bench
from tests.till.kit import ANNA, BERT, Till, edition_of, make_till
from tests.till.low_sensors import ANY_HOUR, BEANS, CONSENT, LOW, REST_S, TAKE, look, with_sensors
from tests.till.till_process import TillProcess, running_till

DAY_S = 24 * 3600
EMPTY = "Nothing is on the list. Put something there, for example: add two bags of coffee to the list."


class Device:
    """A till with a list, and Anna typing."""

    def __init__(self, folder: Path, *sensors: Sensor, limits: Proposals = ANY_HOUR) -> None:
        bench = make_bench(folder)
        self.till: Till = make_till(with_sensors(bench, *sensors, limits=limits), folder)
        self.list = ShoppingList(self.till.desk)
        self.till.spoken._waiting = WaitingBaskets(
            lambda: [self.till.typed] if self.till.typed else [], self.till.proposals, self.list
        )
        self.till.sensing = Sensing(
            *(self.till.proposals, self.till.silences, self.till.spoken, lambda: True, lambda *_: None),
            self.list,
        )
        [anna] = self.till.desk.people.all()
        self.anna = anna.pseudonym
        self.shown: list[str] = []
        self.type_as(self.anna)

    def type_as(self, person: str, language: str = "en") -> None:
        self.till.typed = TypedDialogue(
            self.till.desk, language, self.shown.append, self.till.what_is_low, person=person
        )

    def type(self, text: str) -> str:
        before = len(self.shown)
        assert self.till.typed is not None
        self.till.typed.typed(text)
        return " ".join(self.shown[before:])

    def pass_by(self, seconds: float) -> None:
        self.till.bench.clocks.pass_by(seconds)
        self.till.bench.trust_time()

    def look(self) -> bool:
        return look(self.till)

    def close(self) -> None:
        self.till.bench.desk.close()
        self.till.bench.journal.close()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    device = Device(tmp_path)
    yield device
    device.close()


def test_things_are_put_on_it_shown_taken_off_and_it_is_cleared(device: Device) -> None:
    assert device.type("what is on the list?") == EMPTY
    assert device.type("add two bags of rice and a box of green tea to the list") == (
        "On the list: two bags of rice and one box of green tea."
    )
    device.type("put rice on my shopping list")
    assert device.type("show me the list").startswith(
        "The list: three bags of rice and one box of green tea, twenty-nine"
    )
    assert device.type("take the coffee off the list").startswith(
        "That is not on the list: one bag of medium"
    )
    assert device.type("take rice off the list") == "Off the list: three bags of rice."
    assert device.type("clear the list") == "The list is empty now. On it was: one box of green tea."
    assert device.type("clear the list") == EMPTY
    assert device.type("add a dragon to the list").startswith("I know no single thing of that name")
    assert device.till.decided == []


def test_it_is_ordered_like_anything_typed_and_what_was_ordered_is_off_it(device: Device) -> None:
    device.type("add two bags of rice to the list")
    device.type("add green tea to the list")
    said = device.type("order the list")
    assert said.startswith("Two bags of rice and one box of green tea, ")
    assert "somebody I know says to the device" in said and device.till.desk.journal.orders() == []
    device.till.wake_and_say(TAKE)
    device.till.answer("without the green tea")
    device.till.answer(CONSENT)
    assert [row.basket_key for row in device.till.desk.journal.orders()] == ["rice*2"]
    assert device.type("what is on the list").startswith("The list: one box of green tea,")
    device.till.deliver()
    assert device.type("what is on the list").startswith("The list: one box of green tea,")


def test_what_the_shop_refuses_stands_on_it_again(device: Device) -> None:
    device.type("add rice to the list")
    device.till.bench.desk.shop.stock.count("rice", 0)
    device.type("order the list")
    device.till.wake_and_say(TAKE)
    device.till.answer(CONSENT)
    assert device.type("what is on the list") == EMPTY
    device.till.deliver()
    assert device.till.desk.journal.orders()[0].state == "refused"
    assert device.type("what is on the list").startswith("The list: one bag of rice,")


def test_in_the_middle_of_an_order_it_is_noted_and_the_order_is_asked_about_again(device: Device) -> None:
    read_back = device.type("order two bags of coffee")
    assert device.type("add rice to the list") == f"On the list: one bag of rice. {read_back}"
    assert device.type("add it to the list") == (
        "On the list: two bags of medium roast coffee. All right, later. Nothing is ordered."
    )
    assert device.till.decided == ["read_back", "postponed"]
    device.till.wake_and_say(TAKE)
    assert device.till.said.startswith("There is nothing to confirm")
    assert [entry.sku for entry in device.list.entries()] == ["rice", "coffee?roast=medium"]


def test_it_means_what_was_asked_about(device: Device) -> None:
    assert device.type("add it to the list").startswith("What should be on the list?")
    device.type("is rice in stock")
    assert device.type("add it to the list") == "On the list: one bag of rice."


def test_on_its_day_it_is_said_aloud_and_a_known_voice_may_take_it(device: Device) -> None:
    device.type("add two bags of rice to the list")
    told = device.type("order the list on Friday")
    at = device.list.reminds_at()
    assert at is not None and f"On Friday, {at.date()}, from 09:00" in told
    assert "Nothing is ordered by itself" in told
    assert device.type("what is on the list").endswith("If not: do not remind me.")
    assert not device.look()
    device.pass_by(8 * DAY_S)
    assert device.look() and device.till.said.startswith("I was to remind you of the list: two bags of rice,")
    assert device.till.listening is None and device.till.desk.journal.orders() == []
    assert not device.look(), "once"
    device.till.wake_and_say(TAKE, BERT)
    assert device.till.decided[-1] == "refused_unknown_voice"
    device.till.wake_and_say(TAKE)
    assert device.till.said.startswith("Two bags of rice,")
    device.till.answer(CONSENT)
    device.till.deliver()
    [order] = device.till.desk.journal.orders()
    assert order.state == "ordered" and device.list.entries() == []
    assert device.till.desk.journal.reminder() is None


def test_a_reminder_outlives_a_restart_and_waits_half_a_day_for_an_answer(device: Device) -> None:
    device.type("add rice to the list and order it tomorrow")
    device.pass_by(2 * DAY_S)
    assert device.look()
    assert ShoppingList(device.till.desk).awaiting() is not None, "also in another process"
    device.pass_by(ANSWERED_WITHIN_S)
    device.till.wake_and_say(TAKE)
    assert device.till.said.startswith("There is nothing to confirm")
    assert [entry.sku for entry in device.list.entries()] == ["rice"], "it stays on the list"


def test_no_and_later(device: Device) -> None:
    device.type("add rice to the list and order it tomorrow")
    device.pass_by(2 * DAY_S)
    assert device.look()
    device.till.wake_and_say("okay nabu later")
    device.pass_by(REST_S - 1)
    assert not device.look()
    device.pass_by(1)
    assert device.look()
    device.till.wake_and_say("okay nabu no")
    assert device.till.decided[-1] == "proposal_declined"
    device.till.wake_and_say(TAKE)
    assert device.till.said.startswith("There is nothing to confirm")
    device.type("order the list tomorrow")
    assert device.type("do not remind me").startswith("All right")
    device.pass_by(2 * DAY_S)
    assert not device.look()


def test_what_was_said_last_is_what_a_yes_takes(tmp_path: Path) -> None:
    device = Device(tmp_path, BEANS)
    device.type("add rice to the list and order it tomorrow")
    device.pass_by(2 * DAY_S)
    device.till.sensing.received(SensorState("beans", 0, 0.5, {}))
    assert device.look()
    device.pass_by(REST_S)
    assert look(device.till, LOW)
    device.till.wake_and_say(TAKE)
    assert device.till.said.startswith("Two bags of dark roast coffee")
    device.till.answer("no")
    device.till.wake_and_say(TAKE)
    assert device.till.said.startswith("One bag of rice")
    device.close()


def test_nothing_is_said_in_quiet_hours_without_the_time_or_of_an_empty_list(tmp_path: Path) -> None:
    device = Device(tmp_path, limits=Proposals(quiet_from="00:00", quiet_until="23:59"))
    device.type("add rice to the list and order it tomorrow")
    device.pass_by(2 * DAY_S)
    assert not device.look()
    desk = device.till.desk
    bench = device.till.bench
    bench.settings = desk.settings = msgspec.structs.replace(desk.settings, proposals=ANY_HOUR)
    device.type("clear the list")
    assert not device.look() and desk.journal.reminder() is None
    bench.clocks.boot_id = "boot-2"
    bench.restart_device()
    again = make_till_without_time(device, tmp_path)
    again.journal.remind(Reminder("", 0, None))
    again.journal.add_to_list([("rice", 1, "rice")], person="", now_s=0)
    assert ShoppingList(again).due() is None
    device.till.desk = again
    device.till.typed = TypedDialogue(again, "en", device.shown.append, device.till.what_is_low)
    assert device.type("order the list tomorrow").startswith("I do not know the time yet")
    assert device.type("add it to the list and order tomorrow").startswith("What should be on the list?")
    assert device.type("add green tea to the list and order tomorrow").startswith(
        "I do not know the time yet"
    )
    assert [entry.sku for entry in again.journal.on_list()] == ["rice"]
    device.close()


def make_till_without_time(device: Device, folder: Path):  # type: ignore[no-untyped-def]
    """Its desk after a restart, before the shop was reached."""
    from agent.till.desk import Desk

    bench, before = device.till.bench, device.till.desk
    return Desk(
        *(bench.settings, before.edition, bench.journal, bench.road, before.people, before.factors),
        lambda: bench.clocks.wall_s,
    )


def test_what_is_not_sold_any_more_is_said_and_the_rest_ordered(device: Device) -> None:
    device.type("add rice to the list")
    device.type("add green tea to the list")
    device.till.desk.edition = without_tea()
    assert device.type("what is on the list").startswith(
        "The shop does not sell this any more: 1 × green tea. It stays on the list until it is"
        " cleared. The list: one bag of rice,"
    )
    assert "One bag of rice," in device.type("order the list")
    device.type("no")
    device.type("take rice off the list")
    assert device.type("order the list").startswith("The shop does not sell this any more: 1 × green tea.")
    assert device.till.decided[-1] == "cancelled"
    assert device.type("clear the list") == "The list is empty now. On it was: 1 × green tea."


def without_tea() -> Edition:
    source = msgspec.json.decode(CATALOGUE_FILE.read_bytes())
    source["products"] = [product for product in source["products"] if product["id"] != "green-tea"]
    source["version"] += 1
    return edition_of(msgspec.json.encode(source))


def test_a_full_disk_is_said_before_anything_is_promised(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_back = device.type("order two bags of coffee")
    monkeypatch.setattr(device.till.desk.journal._reserve, "take", lambda: False)
    assert device.type("add it to the list").startswith(
        "I could not write that down, so the list is as it was."
    )
    assert device.shown[-1].endswith(read_back), "and the order is still open"
    assert device.type("add rice to the list and order it tomorrow").startswith("I could not write that down")
    assert device.list.entries() == [] and device.list.reminds_at() is None


def test_in_polish(device: Device) -> None:
    device.type_as("", "pl")
    assert device.type("dopisz dwie paczki ryżu do listy") == "Na liście mam: dwie paczki ryżu."
    assert device.type("co jest na liście?").startswith("Na liście mam: dwie paczki ryżu, dziś razem")
    assert device.type("zamów listę w piątek").startswith("W piątek, 20")
    assert device.type("skreśl ryż z listy") == "Skreśliłem z listy: dwie paczki ryżu."


def test_an_export_names_what_one_put_there(device: Device) -> None:
    from agent.till.people_asked import everything_about

    device.type("add rice to the list")
    person = device.till.desk.people.get(device.anna)
    assert person is not None
    known = everything_about(device.till.desk, person)
    assert known["list"] == [{"what": "rice", "sku": "rice", "quantity": 1}]
    assert known["reminder_of_the_list"] is None
    device.type("order the list tomorrow")
    assert everything_about(device.till.desk, person)["reminder_of_the_list"].startswith("20")
    device.till.desk.forget(device.anna, at_once=True)
    assert device.list.entries() == []
    device.type("add rice to the list and order it tomorrow")
    device.type("order the list tomorrow")
    journal = device.till.desk.journal
    assert [entry.person for entry in journal.on_list()] == [""]
    assert journal.reminder() is not None and journal.list_of(device.anna) == []
    assert [each.person for each in (journal.reminder(),) if each] == [""]


def test_a_list_never_becomes_an_order_without_the_voice_that_took_it(device: Device) -> None:
    device.type("add rice to the list")
    device.type("order the list")
    device.type("yes place my order")
    device.till.wake_and_say(TAKE)
    device.till.answer(CONSENT, BERT)
    assert device.till.decided[-1] == "refused_other_voice" and device.till.desk.journal.orders() == []
    assert [entry.sku for entry in device.list.entries()] == ["rice"]
    assert ANNA != BERT


def test_a_list_that_is_longer_than_an_order_is_ordered_in_parts(device: Device) -> None:
    most = device.till.desk.policy.most_lines
    things = ("rice", "green tea", "butter", "sugar", "coffee", "milk", "olive oil")[: most + 1]
    for thing in things:
        assert device.type(f"add {thing} to the list").startswith("On the list:"), thing
    assert len(device.list.entries()) == most + 1
    said = device.type("order the list")
    assert said.startswith(
        "The list is more than fits into one order. The rest stays on it: order the list again. One"
    )
    device.till.wake_and_say(TAKE)
    device.till.answer(CONSENT)
    [order] = device.till.desk.journal.orders()
    assert order.basket_key.count("|") == most - 1
    assert len(device.list.entries()) == 1


def test_a_denial_is_of_what_is_being_asked_and_not_of_the_reminder(device: Device) -> None:
    device.type("add rice to the list and order it tomorrow")
    device.type("order the list")
    assert device.type("do not order the list") == "Cancelled. Nothing is ordered."
    assert device.list.reminds_at() is not None
    assert device.type("do not order the list").startswith("All right, I do not speak")
    assert device.list.reminds_at() is None


def test_a_real_till_keeps_the_list_and_says_it_on_its_day(tmp_path: Path) -> None:
    """The real process, wired as it is."""
    any_hour = '[proposals]\nquiet_from = "00:00"\nquiet_until = "00:00"\n'

    def typed(till: TillProcess, text: str) -> str:
        with till.client() as connection:
            connection.send(operator.ChatLine("en", text, "Anna"))
            answer, _ = connection.receive(operator.ChatReply)
        return answer.text

    with running_till(tmp_path, more_settings=any_hour) as till:
        assert typed(till, "add two bags of rice to the list") == "On the list: two bags of rice."
        assert typed(till, "what is on the list").startswith("The list: two bags of rice,")
        with Journal(till.folder / FILE_NAME) as journal:
            journal.remind(Reminder("", int(time.time()) - 60, None))
        till.voice.send(messages.VoiceReady(GE2E))
        till.trust_time()
        assert till.next_said().text.startswith("I was to remind you of the list: two bags of rice,")
        assert till.orders().orders == []
