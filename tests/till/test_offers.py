"""DIRECT mode, as the person hears it: the shop's price is read back and agreed to, and whatever comes of an
offer, nothing is ordered that was not read back."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from agent.committing.direct_intents import TAKE_WITHIN_S
from agent.committing.offers import OFFER_LIFETIME_S
from agent.committing.read_back import closed_reference
from agent.deciding.conversation import Committing, Confirming, FactorGiven, Idle
from agent.deciding.offered import AwaitingOffer, OfferArrived, OfferLate
from agent.plumbing import messages
from agent.plumbing.settings import Settings
from agent.till.offers import OFFER_WAIT_MS, Offers
from agent.till.shop_link import ShopLink
from agent.till.typed import TypedDialogue
from tests.committing.kit import DEVICE, agreed
from tests.committing.test_offering import altered, at_the_shop, read
from tests.till.kit import ANNA, BERT, Till

TWO = "two bags of dark roast coffee"
YES = "yes place my order"
READ_BACK = "Two bags of dark roast coffee, thirty-eight zloty in total."


@pytest.fixture
def direct(till: Till) -> Till:
    """A till that asks for offers, and reaches the shop."""
    till.desk.settings = direct_mode(till.desk.settings)
    till.desk.road.link(True)
    return till


def direct_mode(settings: Settings) -> Settings:
    orders = msgspec.structs.replace(settings.orders, mode="direct")
    return msgspec.structs.replace(settings, orders=orders)


def offer_of(till: Till, number: int = -1) -> bytes:
    """The shop's answer to a request."""
    request = till.asked[number]
    assert isinstance(request, messages.Publish)
    return till.bench.desk.offer(DEVICE, request.payload, now_s=int(till.bench.clocks.wall_s)).payload


def at_price(till: Till, payload: bytes, minor: int) -> bytes:
    """The same offer at another price for one."""
    lines = msgspec.to_builtins(read(till.bench, payload))["line_items"]
    for line in lines:
        line["item"]["price"] = minor
        line["totals"] = [{"type": "total", "amount": minor * line["quantity"]}]
    total = sum(minor * line["quantity"] for line in lines)
    totals = [{"type": "total", "amount": total}]
    return altered(till.bench, payload, line_items=lines, totals=totals)


def sayings(till: Till) -> list[str]:
    return [message.text for message in till.sent if isinstance(message, messages.Say)]


def is_direct(till: Till) -> bool:
    """Whether the device closed the newest order itself."""
    [row, *_] = till.desk.journal.orders()
    return closed_reference(till.desk.journal.signed_bytes(row.intent_id)[1], row.sha256) != ""


def test_nothing_is_said_before_the_offer_and_its_price_is_read_back(direct: Till) -> None:
    direct.wake_and_say(TWO)
    assert sayings(direct) == [] and direct.decided == []
    direct.offers.received(at_price(direct, offer_of(direct), 1_850))
    assert direct.said.startswith("Two bags of dark roast coffee, thirty-seven zloty in total.")
    direct.answer(YES)
    assert is_direct(direct)
    direct.deliver()
    assert direct.said.startswith("Ordered: two bags of dark roast coffee.")
    [order] = direct.bench.desk.shop.orders()
    assert (order.total_minor, order.person) == (3_700, direct.desk.people.all()[0].pseudonym)
    assert direct.decided == ["read_back", "consented"]


def test_by_default_nobody_is_asked(till: Till) -> None:
    till.desk.road.link(True)
    till.wake_and_say(TWO)
    assert till.asked == [] and till.said.startswith(READ_BACK)
    till.answer(YES)
    assert not is_direct(till)


def test_where_the_shop_is_not_reached_nobody_is_asked(direct: Till) -> None:
    direct.desk.online = False
    direct.wake_and_say(TWO)
    assert direct.asked == [] and direct.said.startswith(READ_BACK)


def test_no_offer_in_time_and_the_catalogue_s_price_is_the_limit(direct: Till) -> None:
    direct.wake_and_say(TWO)
    late = offer_of(direct)
    direct.timers[-1]()
    assert direct.said.startswith(READ_BACK)
    direct.offers.received(late)
    assert sayings(direct) == [direct.said] and direct.offers.refused == {"offer_unasked": 1}
    direct.answer(YES)
    assert not is_direct(direct)
    direct.deliver()
    assert direct.said.startswith("Ordered")


def test_it_waits_for_a_moment_and_that_moment_ends_one_wait_only(till: Till) -> None:
    waits: list[int] = []

    def start_timer(ms: int, then: Callable[[], None]) -> None:
        waits.append(ms)
        till.timers.append(then)

    offers, told = Offers(till.desk, till.asked.append, start_timer), list[object]()
    for _ in range(2):
        offers.ask(agreed(2).basket, told.append)
    till.timers[0]()
    assert told == [], "whoever asked anew is not told that the first wait is over"
    till.timers[1]()
    till.timers[1]()
    assert len(told) == 1 and waits == [OFFER_WAIT_MS] * 2


def test_an_offer_that_comes_twice_counts_once(direct: Till) -> None:
    direct.wake_and_say(TWO)
    offer = offer_of(direct)
    for _ in range(2):
        direct.offers.received(offer)
    assert len(sayings(direct)) == 1 and direct.offers.refused == {"offer_unasked": 1}
    direct.timers[-1]()
    assert isinstance(direct.spoken._state, Confirming) and len(sayings(direct)) == 1


def test_offers_for_others_are_not_for_us(direct: Till) -> None:
    direct.wake_and_say(TWO)
    good = offer_of(direct)
    for changes in ({"aud": "device-2"}, {"catalogue_version": 9}, {"env": "production"}):
        direct.offers.received(altered(direct.bench, good, **changes))
    direct.offers.received(b"?")
    assert sayings(direct) == [] and isinstance(direct.spoken._state, AwaitingOffer)
    direct.offers.received(good)
    assert direct.said.startswith(READ_BACK)


def test_after_consent_and_after_cancel_an_offer_is_nothing(direct: Till) -> None:
    direct.wake_and_say(TWO)
    offer = offer_of(direct)
    direct.offers.received(offer)
    direct.answer("no")
    assert direct.said.startswith("Cancelled")
    direct.offers.received(offer)
    assert direct.said.startswith("Cancelled") and isinstance(direct.spoken._state, Idle)
    direct.wake_and_say(TWO)
    again = offer_of(direct)
    direct.offers.received(again)
    direct.answer(YES)
    said = sayings(direct)
    direct.offers.received(again)
    direct.offers.received(offer)
    assert isinstance(direct.spoken._state, Committing) and sayings(direct) == said
    assert len(direct.desk.journal.orders()) == 1


def test_somebody_else_s_consent_takes_no_offer(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.offers.received(offer_of(direct))
    direct.answer(YES, BERT)
    assert direct.desk.journal.orders() == [] and direct.decided[-1] == "refused_other_voice"


def test_a_device_that_dies_between_offer_and_consent_has_promised_nothing(direct: Till) -> None:
    direct.wake_and_say(TWO)
    offer = offer_of(direct)
    direct.offers.received(offer)
    direct.bench.restart_device()
    direct.bench.road.link(True)
    assert direct.bench.road.tick().publishes == [] and direct.bench.journal.orders() == []
    assert direct.bench.desk.shop.orders() == []


def test_what_is_added_is_offered_with_the_rest_at_the_catalogue_s_prices(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.offers.received(at_price(direct, offer_of(direct), 1_000))
    direct.answer("and one box of green tea")
    assert len(direct.asked) == 2
    direct.timers[-1]()
    heard = direct.spoken._state
    assert isinstance(heard, Confirming) and heard.offer is None
    assert heard.basket.lines[0].unit_price.minor == 1_900, (
        "of an offer that was for something else nothing is left"
    )
    direct.answer("and one box of green tea")
    direct.offers.received(offer_of(direct))
    assert direct.said.startswith("Two bags of dark roast coffee and two boxes of green tea")
    direct.answer(YES)
    assert is_direct(direct)


def test_what_was_typed_is_offered_to_the_voice_that_takes_it_over(direct: Till) -> None:
    replies: list[str] = []
    direct.typed = TypedDialogue(direct.desk, "en", replies.append, direct.what_is_low)
    direct.typed.typed(TWO)
    assert direct.asked == [] and "thirty-eight zloty" in replies[-1]
    direct.wake_and_say(YES)
    direct.offers.received(at_price(direct, offer_of(direct), 1_850))
    assert "thirty-seven zloty" in direct.said
    direct.answer(YES)
    assert is_direct(direct)


def test_an_offer_that_ends_while_they_talk_leaves_the_same_price_as_a_limit(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.offers.received(offer_of(direct))
    direct.bench.clocks.pass_by(OFFER_LIFETIME_S - TAKE_WITHIN_S + 1)
    direct.answer(YES)
    assert not is_direct(direct)
    direct.deliver()
    assert direct.said.startswith("Ordered")


def test_an_offer_of_another_price_that_ends_is_asked_for_and_read_back_anew(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.offers.received(at_price(direct, offer_of(direct), 1_850))
    direct.bench.clocks.pass_by(OFFER_LIFETIME_S - TAKE_WITHIN_S + 1)
    direct.answer(YES)
    assert direct.desk.journal.orders() == [] and len(direct.asked) == 2
    direct.offers.received(at_price(direct, offer_of(direct), 1_875))
    assert "thirty-seven zloty and fifty grosz" in direct.said
    assert direct.decided == ["read_back", "consented", "offer_over", "read_back"]
    direct.answer(YES)
    assert is_direct(direct) and direct.desk.journal.orders()[0].total.minor == 3_750


def test_a_link_that_goes_before_the_consent_leaves_a_limit_and_a_queued_order(direct: Till) -> None:
    direct.wake_and_say(TWO)
    direct.offers.received(offer_of(direct))
    link = ShopLink(direct.desk, lambda _: None, direct.spoken.receipt, lambda *_: None)
    link.lost()
    direct.answer(YES)
    assert direct.said.startswith("Your order is queued") and not is_direct(direct)
    [row] = direct.desk.journal.orders()
    assert row.exp - row.iat == direct.desk.settings.orders.intent_lifetime_seconds
    at_the_shop(direct.bench, direct.desk.journal.signed_bytes(row.intent_id)[1])
    assert len(direct.bench.desk.shop.orders()) == 1


def test_the_shop_s_dearer_offer_is_refused_where_the_voice_may_not_spend_that(direct: Till) -> None:
    direct.wake_and_say(TWO, ANNA)
    direct.offers.received(at_price(direct, offer_of(direct), 9_000))
    assert direct.decided == ["order_over_limit"] and isinstance(direct.spoken._state, Idle)


def test_a_screen_waits_for_nobody_who_speaks_and_nobody_who_speaks_for_a_screen(direct: Till) -> None:
    """One offer is awaited at a time, and each who asked for one is called back once."""
    offers, basket, other = direct.offers, agreed(2).basket, agreed(3).basket
    told: dict[str, list[object]] = {name: [] for name in ("aloud", "one screen", "another")}
    offers.ask(basket, told["aloud"].append)
    offers.ask_for_screen(other, told["one screen"].append)
    assert told["one screen"] == [OfferLate()] and not told["aloud"] and len(direct.asked) == 1
    offers.received(offer_of(direct))
    assert isinstance(told["aloud"][0], OfferArrived)
    offers.ask_for_screen(basket, told["one screen"].append)
    offers.ask_for_screen(basket, told["another"].append)
    assert told["one screen"] == [OfferLate(), OfferLate()] and not told["another"]
    offers.ask(other, told["aloud"].append)
    assert told["another"] == [OfferLate()]
    offers.received(offer_of(direct))
    for ring in direct.timers:
        ring()
    assert [len(each) for each in told.values()] == [2, 2, 1]


def test_what_is_typed_in_somebodys_name_is_ordered_at_the_offers_price(direct: Till) -> None:
    [anna] = direct.desk.people.all()
    touch = msgspec.structs.replace(direct.desk.settings.touch, keypad_device="/dev/input/event0")
    direct.desk.settings = msgspec.structs.replace(direct.desk.settings, touch=touch)
    direct.desk.factors.set(anna.pseudonym, "pin", "2468")
    shown: list[str] = []
    direct.typed = TypedDialogue(
        *(direct.desk, "en", shown.append, direct.what_is_low),
        person=anna.pseudonym,
        draw=lambda: "101",
        ask_for_offer=direct.offers.ask_for_screen,
    )
    direct.typed.typed(f"order {TWO}")
    assert shown == []
    direct.offers.received(at_price(direct, offer_of(direct), 1_850))
    assert "thirty-seven zloty" in shown[-1]
    direct.typed.factor(FactorGiven(anna.pseudonym, "pin"))
    assert is_direct(direct) and direct.desk.journal.orders()[0].total.minor == 3_700
