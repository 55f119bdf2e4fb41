"""From the first message to the signed bytes, over the till's own sockets: whatever happens, in whatever
order, nothing is signed but what was read back last, for whoever asked for it, within the limits, at the sum
of its prices. The witness knows sentences, voices and prices of its own, and nothing of the dialogue."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from operator import mul
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.bench.played_phone import PlayedPhone
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.intents import SignedIntent
from agent.deciding.basket import AgreedOrder, parts_of
from agent.deciding.replies import spoken_money
from agent.deciding.spoken_basket import spoken_basket
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages
from agent.plumbing.settings import Policy, Touch
from agent.plumbing.site_messages import BadgeRead, PinTyped
from agent.plumbing.speaker_models import GE2E, MEASURED
from agent.till import factors
from tests.committing.kit import CATALOGUE_FILE, DEVICE, Bench, make_bench
from tests.committing.test_intents import claims_of
from tests.till.kit import ANNA, BERT, Vector, utterance
from tests.till.wired import WiredTill

CARLA: Vector = (0.0, 0.0, 1.0)
VOICES = {"Anna": ANNA, "Bert": BERT, "Carla": CARLA}
PIN, BADGE = "4711", "44556677"
POLICY = Policy(
    voice_order_max_minor=60_00,
    voice_day_max_minor=100_00,
    factor_order_max_minor=120_00,
    factor_day_max_minor=200_00,
    largest_quantity=5,
    most_lines=3,
)
DAY_S = 24 * 3_600
ORDERS = (
    "two bags of dark roast coffee",
    "three cartons of whole milk",
    "a bottle of olive oil and two boxes of green tea",
    "five bags of coffee",
    "six bags of rice",
    "four bottles of olive oil",
    "a pack of butter and a bag of rice and a bag of sugar and a can of dog food",
)
CONSENTS = ("yes place my order", "yes order it", "yes order two bags")
OTHER_ANSWERS = (
    "yes",
    "no",
    "later",
    "help",
    "say that again",
    "and a bag of sugar",
    "make it three",
    "without the green tea",
    "",
)
ANOTHER = "Do you want another?"
OPEN = ("There is an open order first", "I am waiting for")
DENIED = ("no", "never place my order", "do not")
"""What the free decode may have heard beside a consent, and then it is none."""


def _prices() -> dict[tuple[str, str, str], int]:
    """(product, option, choice) to minor units, of the shop's file; option and choice '' for the product."""
    shop = json.loads(CATALOGUE_FILE.read_bytes())
    found = {(product["id"], "", ""): product["price_minor"] for product in shop["products"]}
    for product in shop["products"]:
        for option in shop["options"]:
            for choice in option["choices"] if option["id"] in product.get("options", ()) else ():
                found[product["id"], option["id"], choice["id"]] = choice.get("price_delta_minor", 0)
    return found


PRICES = _prices()


def price_of(sku: str) -> int:
    """Of one, in minor units."""
    product, options = parts_of(sku)
    return PRICES[product, "", ""] + sum(PRICES[product, name, choice] for name, choice in options.items())


class Signed(NamedTuple):
    """An order and what was signed for it, so many seconds after the beginning."""

    order: AgreedOrder
    intent: SignedIntent
    at_s: int


class Act(NamedTuple):
    """What was done: something was said, or somebody confirmed by `factor`."""

    said: messages.Utterance | None = None
    factor: str = ""


class NotedTill(WiredTill):
    """With every order that was signed."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.signed: list[Signed] = []
        self.now_s = 0
        super().__init__(bench, folder)

    def _note_orders(self) -> None:
        super()._note_orders()
        commit = self.desk.road.commit

        def noted(order: AgreedOrder) -> SignedIntent:
            signed = commit(order)
            self.signed.append(Signed(order, signed, self.now_s))
            return signed

        self.desk.road.commit = noted  # type: ignore[method-assign]


class Household:
    """Three people, of whom Anna has a PIN and a phone, and Carla a badge."""

    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(factors, "COST", 2)  # half of the time would go into PINs
        self.folder = Path(tempfile.mkdtemp(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        self.bench = bench = make_bench(self.folder)
        touch = Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")
        # No order expires, which would give back what it took of the limits.
        orders = msgspec.structs.replace(bench.settings.orders, intent_lifetime_seconds=604_800)
        bench.settings = msgspec.structs.replace(bench.settings, touch=touch, orders=orders, policy=POLICY)
        bench.restart_device()
        self.till = NotedTill(bench, self.folder)
        self.true_s = bench.clocks.wall_s
        self.people: dict[str, str] = {}
        self.asked_by: Vector | None = None  # what was asked for last
        for name, voice in VOICES.items():
            self.people[self.till.desk.people.add(name, Voiceprint(GE2E, voice), now_s=0).pseudonym] = name
        by_name = {name: person for person, name in self.people.items()}
        self.till.desk.factors.set(by_name["Anna"], "pin", PIN)
        self.till.desk.factors.set(by_name["Carla"], "badge", BADGE)
        self.phone = PlayedPhone(by_name["Anna"], "Anna")
        self.till.desk.phones.add(self.phone.pairing)

    def close(self) -> None:
        self.till.close()
        self.bench.desk.close()
        self.bench.journal.close()
        self.patch.undo()
        shutil.rmtree(self.folder)

    # --- what happens ---

    def orders(self, who: str, what: str) -> None:
        self._says(utterance(0, f"okay nabu order {what}", VOICES[who]))

    def consents(self, who: str, words: str) -> None:
        self._says(utterance(self.till.question, words, VOICES[who]))

    def a_whole_order(self, who: str, what: str, by: Vector | None, beside: str) -> None:
        """As far as it goes; sometimes somebody else answers, or it is denied in the same breath."""
        self.orders(who, what)
        if self.till.said and self.till.said[-1].text.endswith(ANOTHER):
            self.answers(VOICES[who], "yes", "", 0, -0.1)
        self.answers(by or VOICES[who], CONSENTS[0], beside, 0, -0.1)
        if who == "Anna":
            self.somebody_types(PIN)
        elif who == "Carla":
            self.a_badge_is_read(BADGE)

    def answers(self, voice: Vector | None, words: str, beside: str, late: int, gap: float) -> None:
        """Also to a question that is over, and with much else."""
        question = max(0, self.till.question - late)
        self._says(utterance(question, words, voice, open_words=f"{words} {beside}", gap=gap))

    def somebody_types(self, number: str) -> None:
        self._does(Act(factor="pin" if number == PIN else ""), lambda: self.till.from_touch(PinTyped(number)))

    def a_badge_is_read(self, number: str) -> None:
        act = Act(factor="badge" if number == BADGE else "")
        self._does(act, lambda: self.till.from_touch(BadgeRead(number)))

    def the_phone_answers(self, answer: str) -> None:
        asked = self.till.till._proofs.asked_of(self.phone.pairing.person)
        if asked:
            given = self.phone.answer(asked, answer, shop_id="corner-shop", now_s=self.till.desk.now_s())  # type: ignore[arg-type]
            act = Act(factor="phone" if answer == "approve" else "")
            self._does(act, lambda: self.till.from_broker(f"va/v1/d/{DEVICE}/dn/approval", given))

    def the_ear_reports(self, message: messages.Woken | type, late: int) -> None:
        sent = message(max(0, self.till.question - late)) if isinstance(message, type) else message
        self._does(Act(), lambda: self.till.from_voice(sent))

    def somebody_is_forgotten(self, index: int) -> None:
        self._does(Act(), lambda: self.till.forget(index))

    def the_till_restarts(self) -> None:
        self.bench.clocks.wall_s = self.true_s  # the shop has told the time again
        self._does(Act(), self.till.restart)

    def time_passes(self, seconds: int) -> None:
        self.till.pass_by(seconds)
        self.true_s += seconds
        self.till.now_s += seconds

    def somebody_sets_the_wall_clock(self, days: int) -> None:
        self.bench.clocks.wall_s += days * DAY_S

    # --- what has to be so ---

    def _says(self, said: messages.Utterance) -> None:
        self._does(Act(said), lambda: self.till.from_voice(said))

    def _does(self, act: Act, happens: Callable[[], None]) -> None:
        signed, question = len(self.till.signed), self.till.question
        read_back = next((say.text for say in reversed(self.till.said) if " in total" in say.text), "")
        people = {person.pseudonym for person in self.till.desk.people.all()}
        said = len(self.till.said)
        happens()
        if act.said is not None and act.said.listen_id == 0:
            asked = [say for say in self.till.said[said:] if say.then and not say.text.startswith(OPEN)]
            self.asked_by = act.said.embedding if asked else self.asked_by
        for new in self.till.signed[signed:]:
            assert new.order.person in people
            self._was_read_back(new.order, read_back)
            assert self.asked_by == VOICES[self.people[new.order.person]]
            self._was_agreed_to(new.order, act, question)
            self._is_the_sum_of_its_prices(new)
        self._is_within_the_limits()

    def _was_read_back(self, order: AgreedOrder, read_back: str) -> None:
        said = read_back.casefold()
        assert spoken_basket(order.basket, "en").casefold() in said
        assert f"{spoken_money(order.basket.total, 'en')} in total" in said

    def _was_agreed_to(self, order: AgreedOrder, act: Act, question: int) -> None:
        if act.said is None:
            assert act.factor
            assert order.factors == ("voice", act.factor)
            assert self.people[order.person] == ("Carla" if act.factor == "badge" else "Anna")
            return
        said = act.said
        assert order.factors == ("voice",)
        assert said.listen_id == question > 0
        assert said.words in CONSENTS and said.gap_per_token > -1
        assert not any(said.open_words.endswith(denied) for denied in DENIED)
        assert said.embedding is not None
        cosine = sum(map(mul, said.embedding, VOICES[self.people[order.person]]))
        assert cosine >= MEASURED["speaker-ge2e"].accept_consent_cosine

    def _is_the_sum_of_its_prices(self, new: Signed) -> None:
        lines = new.order.basket.lines
        total = sum(price_of(line.sku) * line.quantity for line in lines)
        data = decode_data(decode_event(new.intent.payload, INTENT), IntentData)
        payment, checkout = claims_of(self.bench, data.payment), claims_of(self.bench, data.checkout)
        [limit] = [each for each in payment["constraints"] if each["type"] == "payment.amount_range"]  # type: ignore[attr-defined]
        assert limit["max"] == new.order.basket.total.minor == total
        [items] = [each["items"] for each in checkout["constraints"] if "items" in each]  # type: ignore[attr-defined]
        signed = {item["acceptable_items"][0]["id"]: item["quantity"] for item in items}
        assert signed == {line.sku: line.quantity for line in lines}
        assert payment["sub"] == checkout["sub"] == new.order.person

    def _is_within_the_limits(self) -> None:
        for end in self.till.signed:
            day = [one for one in self.till.signed if end.at_s - DAY_S < one.at_s <= end.at_s]
            by_voice = [one for one in day if one.order.factors == ("voice",)]
            by_person = [one for one in day if one.order.person == end.order.person]
            assert _sum(by_voice) <= POLICY.voice_day_max_minor
            assert _sum(by_person) <= POLICY.factor_day_max_minor
            bound = POLICY.factor_order_max_minor if end.order.factors[1:] else POLICY.voice_order_max_minor
            assert _sum([end]) <= bound
            assert len(end.order.basket.lines) <= POLICY.most_lines
            assert max(line.quantity for line in end.order.basket.lines) <= POLICY.largest_quantity


def _sum(orders: list[Signed]) -> int:
    return sum(one.order.basket.total.minor for one in orders)


def _with(**how: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(how)


_MOVES = {
    Household.orders: _with(who=st.sampled_from(sorted(VOICES)), what=st.sampled_from(ORDERS)),
    Household.consents: _with(who=st.sampled_from(sorted(VOICES)), words=st.sampled_from(CONSENTS)),
    Household.a_whole_order: _with(
        who=st.sampled_from(sorted(VOICES)),
        what=st.sampled_from(ORDERS[:4]),
        by=st.sampled_from([*[None] * 12, *VOICES.values()]),
        beside=st.sampled_from((*[""] * 12, *DENIED)),
    ),
    Household.answers: _with(
        voice=st.sampled_from([ANNA, BERT, (0.6, 0.8, 0.0), None]),
        words=st.sampled_from((*CONSENTS, *OTHER_ANSWERS)),
        beside=st.sampled_from(("", *DENIED)),
        late=st.integers(0, 2),
        gap=st.sampled_from([-0.1, -5.0]),
    ),
    Household.somebody_types: _with(number=st.sampled_from([PIN, PIN, "4712"])),
    Household.a_badge_is_read: _with(number=st.sampled_from([BADGE, "44556678"])),
    Household.the_phone_answers: _with(answer=st.sampled_from(["approve", "refuse"])),
    Household.the_ear_reports: _with(
        message=st.sampled_from([messages.Woken(0.9), messages.Silence, messages.WentOn, messages.Spoken]),
        late=st.integers(0, 1),
    ),
    Household.somebody_is_forgotten: _with(index=st.integers(0, 2)),
    Household.the_till_restarts: st.just({}),
    Household.time_passes: _with(seconds=st.sampled_from([70, 3_700, 90_100])),
    Household.somebody_sets_the_wall_clock: _with(days=st.sampled_from([-400, -2, 2, 400])),
}
_OFTEN = (*_MOVES, *[Household.a_whole_order] * 16)


@settings(max_examples=25)
@given(
    st.lists(
        st.sampled_from(_OFTEN).flatmap(lambda move: st.tuples(st.just(move), _MOVES[move])),
        min_size=10,
        max_size=25,
    )
)
def test_nothing_is_signed_that_was_not_read_back_and_agreed_to(
    moves: list[tuple[Any, dict[str, Any]]],
) -> None:
    household = Household()
    try:
        for move, how in moves:
            move(household, **how)
    finally:
        household.close()


@pytest.fixture
def household() -> Iterator[Household]:
    household = Household()
    yield household
    household.close()


def test_the_witness_sees_orders_by_voice_pin_badge_and_phone(household: Household) -> None:
    """Or all of the above would prove nothing."""
    household.orders("Bert", ORDERS[2])
    household.answers(BERT, "say that again", "", 0, -0.1)
    household.consents("Bert", CONSENTS[0])
    household.orders("Anna", ORDERS[3])
    household.somebody_types(PIN)
    household.orders("Carla", ORDERS[3])
    household.a_badge_is_read(BADGE)
    household.time_passes(90_100)
    household.orders("Anna", ORDERS[3])
    if household.till.said[-1].text.endswith(ANOTHER):
        household.answers(ANNA, "yes", "", 0, -0.1)
    household.the_phone_answers("approve")
    signed = household.till.signed
    assert [one.order.factors[1:] for one in signed] == [(), ("pin",), ("badge",), ("phone",)]


@pytest.mark.parametrize("beside", DENIED)
def test_the_witness_would_see_a_consent_that_was_denied(household: Household, beside: str) -> None:
    household.orders("Anna", ORDERS[0])
    said = utterance(household.till.question, CONSENTS[0], ANNA)
    household.consents("Anna", CONSENTS[0])
    denied = msgspec.structs.replace(said, open_words=f"{CONSENTS[0]} {beside}")
    [signed] = household.till.signed
    household._was_agreed_to(signed.order, Act(said), said.listen_id)
    with pytest.raises(AssertionError):
        household._was_agreed_to(signed.order, Act(denied), said.listen_id)
