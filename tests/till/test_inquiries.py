"""Typed questions to the shop: answered, or said at once that they cannot be, and never at the cost of what
waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.committing.envelope import TOLD
from agent.deciding.ask_words import ASK_TEMPLATES
from agent.deciding.asked import asked_in
from agent.deciding.details import Details, Facts, Place
from agent.plumbing.messages import Publish
from agent.till.asks import Asks
from agent.till.house import HouseRules
from agent.till.typed import TypedDialogue
from tests.committing.kit import DEVICE, Bench, agreed, make_bench
from tests.till.kit import Till, make_till

RSP = f"va/v1/d/{DEVICE}/dn/rsp"
OFFLINE = "I cannot know that while I do not reach the shop."
SILENT = "The shop did not answer. Ask again in a moment, or ask in the shop."


class Chat:
    """`shown` is what whoever types sees; `sent` what is for the shop, which is on the other side of a
    test's hands."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench, self.till = bench, make_till(bench, folder)
        self.anna = self.till.desk.people.all()[0].pseudonym
        self.shown: list[str] = []
        self.sent: list[Publish] = []
        self.timers: list[Callable[[], None]] = []
        self.asks = Asks(self.till.desk, self.sent.append, lambda _, then: self.timers.append(then))  # type: ignore[arg-type]
        self.till.typed = TypedDialogue(
            self.till.desk, "en", self.shown.append, self.till.what_is_low, self.asks
        )

    def type(self, text: str) -> str:
        """What is shown at once; '' where nothing is yet."""
        before = len(self.shown)
        assert self.till.typed is not None
        self.till.typed.typed(text)
        return " ".join(self.shown[before:])

    def answer(self) -> bytes:
        """The shop's, to the last question."""
        now_s = int(self.bench.clocks.wall_s)
        return self.bench.desk.query(DEVICE, self.sent[-1].payload, now_s=now_s).payload

    def asked(self, text: str) -> str:
        """A question and its answer."""
        assert self.type(text) == ""
        payload, before = self.answer(), len(self.shown)
        assert self.asks.takes(RSP, payload)
        self.asks.received(payload)
        return " ".join(self.shown[before:])


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    bench = make_bench(tmp_path)
    yield Chat(bench, tmp_path)
    bench.desk.close()
    bench.journal.close()


def placed(chat: Chat) -> str:
    """An order of Anna's that the shop has."""
    signed = chat.bench.road.commit(agreed(person=chat.anna))
    chat.till.deliver()
    return signed.intent_id


def test_stock_is_told_as_the_shop_counts_it(chat: Chat) -> None:
    chat.bench.desk.shop.stock.count("rice", 1)
    assert chat.asked("is coffee in stock?") == "In stock: one bag of medium roast coffee."
    assert (
        chat.asked("have you got two bags of rice?")
        == "Of two bags of rice the shop has only one bag of rice."
    )
    assert chat.till.decided == []


def test_offline_it_is_said_at_once_and_nobody_waits(chat: Chat) -> None:
    chat.till.desk.online = False
    assert chat.type("is coffee in stock") == OFFLINE
    assert not chat.sent and not chat.timers


def test_a_shop_that_is_silent_did_not_answer_and_what_comes_later_is_not_told(chat: Chat) -> None:
    chat.type("is coffee in stock")
    [late] = chat.timers
    late()
    assert chat.shown == [SILENT]
    chat.asks.received(chat.answer())
    late()
    assert chat.shown == [SILENT] and chat.asks.refused == {"told_unasked": 1}


def test_only_answers_to_questions_are_taken_from_the_road(chat: Chat) -> None:
    chat.type("is coffee in stock")
    payload = chat.answer()
    assert not chat.asks.takes(RSP.replace("rsp", "ack"), payload)
    assert not chat.asks.takes(RSP, payload.replace(TOLD.encode(), b"earmark.answer.v1"))
    assert not chat.asks.takes(RSP, b"\xff")


def test_asked_in_the_middle_of_a_read_back_the_basket_stays_and_is_asked_about_again(chat: Chat) -> None:
    read_back = chat.type("order two bags of coffee")
    answer = chat.asked("are they in stock?")
    assert answer == f"In stock: two bags of medium roast coffee. {read_back}"
    chat.till.desk.online = False
    assert chat.type("where is my order") == f"I know of no order yet. {read_back}"
    assert chat.type("is rice in stock") == f"{OFFLINE} {read_back}"
    chat.till.wake_and_say("okay nabu yes place my order")
    assert chat.till.said.startswith("Two bags of medium roast coffee, thirty-eight zloty in total.")


def test_an_answer_that_comes_after_the_basket_was_taken_over_asks_nothing(chat: Chat) -> None:
    chat.type("order two bags of coffee")
    chat.type("is rice in stock?")
    chat.till.wake_and_say("okay nabu yes place my order")
    before = len(chat.shown)
    chat.asks.received(chat.answer())
    assert chat.shown[before:] == ["In stock: one bag of rice."]


def test_where_an_order_is_comes_from_the_journal_until_the_shop_has_it(chat: Chat) -> None:
    assert chat.type("where is my order") == "I know of no order yet."
    placed(chat)
    [order] = chat.bench.desk.shop.orders()
    said = chat.asked("where is my order")
    assert said.startswith(
        f"The shop has your last order, number {order.order_id}: two bags of dark roast coffee."
    )
    chat.bench.road.commit(agreed(1, person=chat.anna))
    assert chat.type("where is my order").startswith(
        "Your last order waits for the shop: one bag of dark roast"
    )


def test_an_order_is_taken_back_after_a_yes_and_only_then(chat: Chat) -> None:
    intent = placed(chat)
    cancelled = chat.bench.journal.cancel
    asked = chat.type("cancel my last order")
    assert asked.startswith(
        "Take back your last order: two bags of dark roast coffee, thirty-eight zloty in total?"
    )
    assert chat.type("no") == "All right, the order stays: two bags of dark roast coffee."
    assert chat.type("yes").startswith("There is nothing to confirm")
    chat.type("cancel my last order")
    chat.type("how much is rice")
    chat.type("yes")
    assert cancelled(intent) is None, "a yes to something else"
    chat.type("cancel my last order")
    assert chat.type("yes").startswith("I have asked the shop to cancel: two bags of dark roast coffee.")
    assert cancelled(intent) is not None and chat.till.decided[-1] == "cancel_asked"


def test_what_never_left_is_cancelled_here_and_what_is_over_is_not_asked_about(chat: Chat) -> None:
    chat.bench.road.commit(agreed())
    chat.type("cancel my last order")
    assert chat.type("yes, please").startswith("Cancelled before it had left")
    assert chat.type("cancel my last order").startswith("There is nothing to take back")


def test_with_a_basket_in_hand_the_word_cancel_is_about_that_basket(chat: Chat) -> None:
    intent = placed(chat)
    chat.type("order a bag of rice")
    assert chat.type("cancel my last order") == "Cancelled. Nothing is ordered."
    assert chat.type("yes").startswith("There is nothing to confirm")
    assert chat.bench.journal.cancel(intent) is None


def test_what_is_asked_about_is_what_it_means_afterwards(chat: Chat) -> None:
    assert chat.type("is it in stock").startswith("About what?")
    chat.asked("is rice in stock")
    assert chat.asked("is it in stock") == "In stock: one bag of rice."


def test_in_polish(chat: Chat) -> None:
    assert isinstance(chat.till, Till)
    chat.till.typed = TypedDialogue(chat.till.desk, "pl", chat.shown.append, chat.till.what_is_low, chat.asks)
    assert chat.asked("czy jest kawa na stanie?") == "Sklep ma: jedną paczkę średnio palonej kawy."


def test_what_the_details_tell_needs_no_shop(chat: Chat) -> None:
    chat.till.desk.online = False
    facts = {"coffee": Facts(place=Place("3", "B2"), goes_with=("milk",), fits=("M8",))}
    source = chat.till.desk.edition.source
    chat.till.desk.house = HouseRules(details=Details(1, "corner-shop", 1, source, facts))
    said = [
        chat.type(text)
        for text in ("where is coffee?", "what goes with it", "does M8 fit?", "what does a bag of rice fit?")
    ]
    assert said == [
        "One bag of medium roast coffee: aisle 3, bin B2.",
        "Goes with one bag of medium roast coffee: milk.",
        "Yes, that fits M8: one bag of medium roast coffee.",
        "The shop's details do not say that of one bag of rice. Ask in the shop.",
    ]
    chat.till.desk.house = HouseRules(details=Details(1, "corner-shop", 1, "0" * 64, facts))
    assert chat.type("where is coffee").startswith("The shop's details do not say")


def test_delivery_and_offers_are_the_shop_s_and_offline_nobody_knows(chat: Chat) -> None:
    chat.bench.desk.shop.promotions.add("", {"en": "rice for less"}, "")
    assert chat.asked("when would a bag of rice come?").startswith("Ordered now, it would be there on ")
    assert chat.asked("any offers?") == "On offer: rice for less."
    chat.till.desk.online = False
    assert chat.type("when would it come") == chat.type("any offers") == OFFLINE


def told_later(chat: Chat) -> str:
    """What is shown when the shop answers what the road has sent."""
    before = len(chat.shown)
    chat.till.desk.road.link(True)
    for publish in chat.till.desk.road.tick().publishes:
        reply = chat.bench.desk.query(DEVICE, publish.payload, now_s=int(chat.bench.clocks.wall_s))
        chat.asks.received(reply.payload)
    return " ".join(chat.shown[before:])


def test_who_wants_to_talk_to_a_person_gets_a_number_and_the_shop_no_word(chat: Chat) -> None:
    chat.till.desk.online = False
    chat.type("my secret is a dragon")
    kept = chat.type("I want to talk to a person")
    assert kept.startswith("I have written that down: you want to talk to a person.")
    said = told_later(chat)
    [ticket] = chat.bench.desk.shop.requests.of_kind("ticket", closed=False, limit=9)
    assert said.startswith(f"Number {ticket.reference}:")
    assert "not_understood" in ticket.about
    assert "secret" not in ticket.about and "dragon" not in ticket.about
    assert chat.till.decided[-1] == "ticket_taken"


def test_a_ticket_in_the_middle_of_an_order_leaves_it_as_it_is(chat: Chat) -> None:
    read_back = chat.type("order two bags of coffee")
    assert chat.type("talk to a person") == ""
    said = told_later(chat)
    assert said.startswith("Number T-") and said.endswith(read_back)
    [ticket] = chat.bench.desk.shop.requests.of_kind("ticket", closed=False, limit=9)
    assert "coffee?roast=medium" in ticket.about


def test_what_the_shop_does_not_answer_at_once_is_said_to_be_kept_and_told_later(chat: Chat) -> None:
    assert chat.type("talk to a person") == ""
    [late] = chat.timers
    late()
    assert chat.shown[-1].startswith("I have written that down")
    assert told_later(chat).startswith("Number T-")
    late()
    assert chat.shown[-1].startswith("Number T-"), "and that is the end of it"


def test_what_was_handed_over_goes_back_after_a_yes(chat: Chat) -> None:
    placed(chat)
    [order] = chat.bench.desk.shop.orders()
    really = chat.type("I want to return it")
    assert really.startswith("Send back your last order: two bags of dark roast coffee,")
    assert chat.type("no") == "All right, nothing goes back."
    chat.type("I want to return it")
    chat.type("yes")
    assert told_later(chat).startswith("It is not handed over yet.")
    chat.bench.desk.shop.ends.put(order.order_id, "accepted", now_s=0)
    chat.type("I want to send it back")
    chat.type("yes")
    assert "two bags of dark roast coffee" in told_later(chat)
    requests = chat.bench.desk.shop.requests.of_kind("return", closed=False, limit=9)
    assert [request.order_id for request in requests] == [order.order_id]


def test_above_the_limit_a_quote_is_offered_and_given(chat: Chat) -> None:
    refused = chat.type("order forty bags of coffee")
    assert refused.endswith("Or ask for a quote: give me a quote.")
    assert chat.type("give me a quote") == ""
    said = told_later(chat)
    assert said.startswith("Quote Q-")
    assert "forty bags of medium roast coffee for seven hundred and sixty zloty" in said
    assert chat.bench.desk.shop.orders() == []


def test_a_full_journal_keeps_no_ticket_and_says_so(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.committing.journal_requests.MOST_OPEN_REQUESTS", 0)
    assert chat.type("talk to a person").startswith("I could not write that down")
    assert chat.bench.journal.open_requests() == []


@pytest.mark.parametrize("language", ["en", "pl"])
def test_no_kind_of_question_is_left_without_an_answer(chat: Chat, language: str) -> None:
    shown: list[str] = []
    typed = TypedDialogue(chat.till.desk, language, shown.append, chat.till.what_is_low, chat.asks)
    thing = {"en": "two bags of rice", "pl": "dwie paczki ryżu"}[language]
    typed.typed({"en": "how much is rice", "pl": "ile kosztuje ryż"}[language])
    frames = {frame.kind: frame for frame in chat.till.desk.edition.questions[language]}
    for kind in ASK_TEMPLATES[language]:
        frame = frames[kind]
        before = len(shown) + len(chat.sent) + len(chat.bench.journal.open_requests())
        typed.typed(f"{frame.before} {'' if frame.whole else thing} {frame.after}")
        after = len(shown) + len(chat.sent) + len(chat.bench.journal.open_requests())
        assert after > before, kind
        assert not any("nothing I can order" in text or "Tego nie mogę" in text for text in shown), kind


def test_it_is_what_the_price_was_asked_of(chat: Chat) -> None:
    chat.type("how much are two bags of rice?")
    assert chat.type("how much is it").startswith("Two bags of rice: eleven zloty")
    assert chat.asked("is it in stock") == "In stock: two bags of rice."


def test_what_is_in_hand_is_read_back_with_its_price_once(chat: Chat) -> None:
    read_back = chat.type("order two bags of coffee")
    assert chat.type("how much is it?") == read_back


def test_how_many_there_are_is_told_as_the_shop_counts_it(chat: Chat) -> None:
    stock = chat.bench.desk.shop.stock
    stock.count("rice", 7)
    assert chat.asked("how many bags of rice do you have?") == "The shop has seven bags of rice."
    stock.count("rice", 0)
    assert chat.asked("how much rice is left") == "Out of stock: one bag of rice."
    assert chat.asked("how much butter is there") == "In stock: one pack of butter."


def test_what_could_be_had_instead_is_told_as_far_as_it_is_there(chat: Chat) -> None:
    assert chat.type("what can I use instead of rice?").startswith("The shop's details name nothing instead")
    source = chat.till.desk.edition.source
    facts = {"rice": Facts(substitutes=("pasta",))}
    chat.till.desk.house = HouseRules(details=Details(1, "corner-shop", 1, source, facts))
    assert chat.asked("what can I use instead of rice?").startswith("Would one pack of pasta do")
    chat.bench.desk.shop.stock.count("pasta", 0)
    assert chat.asked("what do you have instead of rice").endswith(
        "does not have either, or not so much of it."
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [("what's on offer", "offers"), ("Where's the rice?", "where"), ("where’s my order", "status")],
)
def test_what_is_said_short_is_what_it_is_in_full(chat: Chat, text: str, kind: str) -> None:
    edition = chat.till.desk.edition
    asked = asked_in(edition.parser("en"), edition.catalogue, edition.questions["en"], text)
    assert asked is not None and asked.kind == kind
