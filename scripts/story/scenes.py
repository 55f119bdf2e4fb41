"""The demo's scenes: what is said to the device, and what must have become of it in the journal and at the
shop."""

from __future__ import annotations

from agent.plumbing import operator
from scripts.story.acting import Scene, agree, enrol, expect, order
from scripts.story.customers import ANNA, GUEST, NEIGHBOUR, STRANGER, VISITOR
from scripts.story.stage import Stage
from scripts.story.trouble import code_in_sensors, code_in_voice, updates_while_an_order_waits

PIN = "4711"


def enrolment_and_order(stage: Stage) -> None:
    """A woman consents, enrols her voice, and orders."""
    enrol(stage)
    order(stage, ANNA, "order two bags of dark roast coffee.")
    expect(stage.decided()[-1] == "read_back", "basket and total are read back")
    expect(not stage.shop_orders(), "nothing is at the shop before she agrees")
    said = agree(stage)
    stage.settled()
    expect("order" in said, f"it says that it is ordered (it said: {said})")
    (placed,) = stage.shop_orders()
    expect(placed.lines == {"coffee?roast=dark": 2}, "the shop has two bags of dark roast coffee")


def other_assistant(stage: Stage) -> None:
    """Another assistant in the same kitchen is called; this one does not answer."""
    before = len(stage.decided())
    stage.says(GUEST, "alexa, order two bags of dark roast coffee.")
    stage.hears_nothing()
    expect(len(stage.decided()) == before, "nothing was decided")


def stranger(stage: Stage) -> None:
    """A stranger orders; then she orders and the stranger consents for her."""
    before = stage.shop_orders()
    said = order(stage, STRANGER, "order two bags of dark roast coffee.")
    expect(stage.decided()[-1] == "refused_unknown_voice", "a stranger's order is refused")
    expect("voice" in said, f"aloud, with the reason (it said: {said})")
    order(stage, ANNA, "order three boxes of green tea.")
    expect(stage.decided()[-1] == "read_back", "her own order is read back")
    agree(stage, STRANGER)
    expect(stage.decided()[-1] == "refused_other_voice", "a stranger's consent is refused")
    expect(stage.shop_orders() == before, "the shop has nothing new")


def broker_away(stage: Stage) -> None:
    """The broker is stopped; she orders; it is queued, and asked about when repeated; then it arrives,
    once."""
    before = len(stage.shop_orders())
    stage.stop_broker()
    order(stage, ANNA, "order three boxes of green tea.")
    said = agree(stage)
    expect("order is" in said, f"it says queued (it said: {said})")
    expect(stage.newest_order().state == "queued", "the journal has it as queued")
    order(stage, ANNA, "order three boxes of green tea.")
    expect(stage.decided()[-1] == "asked_another", "it asks whether she wants another")
    stage.says(ANNA, "no, thank you.")
    stage.answer()
    expect(stage.decided()[-1] == "declined_another", "she does not")
    expect(len(stage.shop_orders()) == before, "the shop has nothing yet")
    stage.start_broker()
    stage.answer()
    expect(stage.newest_order().state == "ordered", "the receipt came and was verified")
    expect(len(stage.shop_orders()) == before + 1, "exactly one order stands at the shop")


def not_sold_and_no(stage: Stage) -> None:
    """Somebody asks for what is not in the catalogue; somebody says yes and no in one breath."""
    before = stage.shop_orders()
    order(stage, NEIGHBOUR, "order four litres of dragon milk.")
    expect(stage.decided()[-1] == "not_understood", "what is not sold is not understood as something else")
    order(stage, ANNA, "order a carton of orange juice.")
    expect(stage.decided()[-1] == "read_back", "what is sold is read back")
    agree(stage, ANNA, "yes. no, cancel.")
    expect(stage.decided()[-1] == "cancelled", "a denial wins over a yes")
    order(stage, VISITOR, "order a carton of orange juice.")
    expect(stage.decided()[-1] == "refused_unknown_voice", "a visitor is refused")
    expect(stage.shop_orders() == before, "nothing is ordered")


def polish_chat(stage: Stage) -> None:
    """The dialogue typed in Polish: read back, refused to the keyboard, confirmed by her voice, ordered
    once."""
    before = len(stage.shop_orders())
    with stage.chat("pl") as chat:
        read_back = chat.types("poproszę dwie paczki ciemno palonej kawy")
        expect(
            "trzydzieści osiem złotych" in read_back,
            f"the total is read back in Polish (it said: {read_back})",
        )
        refused = chat.types("tak, złóż moje zamówienie")
        expect(stage.decided()[-1] == "refused_typed", "typed words confirm nothing")
        expect("Pisane słowa" in refused, f"and the reply says so (it said: {refused})")
        expect(len(stage.shop_orders()) == before, "nothing is at the shop")
        stage.says(ANNA, "okay nabu, yes, place my order.")
        stage.answer()
        expect(stage.decided()[-1] == "read_back", "her voice gets it read aloud before it may confirm")
        agree(stage)
        stage.settled()
        chat.wait_for("Zamówione")
    expect(len(stage.shop_orders()) == before + 1, "her voice placed it, once")


def falling_level(stage: Stage) -> None:
    """The coffee machine runs low: the device asks, a known voice agrees, and it does not ask again."""
    before = len(stage.shop_orders())
    stage.beans_fall_to(2.8)
    stage.beans_fall_to(0.6)
    said = stage.answer()
    expect(stage.decided()[-1] == "proposed", "a falling level is told")
    expect("coffee machine" in said, f"by its name (it said: {said})")
    stage.says(STRANGER, "okay nabu, yes, place my order.")
    stage.answer()
    expect(stage.decided()[-1] == "refused_unknown_voice", "a stranger cannot agree to it")
    stage.says(ANNA, "okay nabu, yes, place my order.")
    stage.answer()
    expect(stage.decided()[-1] == "read_back", "her voice gets it read back")
    expect(len(stage.shop_orders()) == before, "nothing is at the shop before she agrees")
    agree(stage)
    stage.settled()
    *_, placed = stage.shop_orders()
    expect(placed.lines == {"coffee?roast=light": 2}, "the shop has as much as fits in")
    stage.beans_fall_to(2.8)
    stage.beans_fall_to(0.3)
    stage.proposal("on_its_way", 0.1)
    stage.hears_nothing()
    expect(len(stage.shop_orders()) == before + 1, "what is on its way is not ordered again")


def above_the_tier(stage: Stage) -> None:
    """Anna sets a PIN at the keypad; then she orders more than a voice may, and the PIN confirms it."""
    before = len(stage.shop_orders())
    client = stage.connect()
    people: operator.PeopleShown = client.ask(operator.ShowPeople(), operator.PeopleShown)
    client.send(operator.SetFactor(people.people[0].person, "pin"))
    step: operator.EnrolStep = client.receive(operator.EnrolStep)
    stage.answer()
    while not step.done:
        stage.types_pin(PIN)
        step = client.receive(operator.EnrolStep)
        stage.answer()
    client.close()
    expect(step.learned, "the PIN is set, typed twice and never spoken")

    order(stage, ANNA, "order eight bags of dark roast coffee.")
    expect(stage.decided()[-1] == "asked_much", "she has never ordered nearly as much, so it is asked about")
    stage.says(ANNA, "yes, please.")
    stage.answer()
    expect(stage.decided()[-1] == "asked_factor", "more than a voice may order asks for the PIN")
    agree(stage)
    expect(len(stage.shop_orders()) == before, "a spoken consent is not enough")
    stage.types_pin("0000")
    stage.answer()
    expect(len(stage.shop_orders()) == before, "nor is a wrong PIN")
    stage.types_pin(PIN)
    stage.answer()
    stage.settled()
    expect(stage.decided()[-1] == "confirmed_by_pin", "the right one is")
    *_, placed = stage.shop_orders()
    expect(placed.lines == {"coffee?roast=dark": 8}, "the shop has eight bags")


SCENES = (
    Scene("Anna enrols and orders", enrolment_and_order),
    Scene("another assistant is called", other_assistant),
    Scene("a stranger orders, then consents", stranger),
    Scene("the broker is away", broker_away),
    Scene("not sold; yes... no, cancel", not_sold_and_no),
    Scene("typed in Polish", polish_chat),
    Scene("the coffee machine runs low", falling_level),
    Scene("updates while an order waits", updates_while_an_order_waits),
    Scene("sensors is taken over", code_in_sensors),
    Scene("voice is taken over", code_in_voice),
    Scene("more than a voice may order", above_the_tier),
)
