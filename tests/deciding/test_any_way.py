"""Whatever happens, in whatever order: no way leads to a signed order but over an order of that person, a
read-back of just that basket at that total, and an agreement to it after that, within the limits and rules
of that moment."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.deciding import challenge_answers, dialogue, permitting, reading_back, step_up
from agent.deciding import conversation as talk
from agent.deciding.basket import Basket, Line, Offer
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.dialogue import step
from agent.deciding.feedback_given import WasWrong
from agent.deciding.money import Money
from agent.deciding.offered import AwaitingOffer, OfferArrived, OfferLate, OfferOver
from agent.deciding.placed import Committed, NotCommitted, ReceiptArrived, ReceiptLate
from agent.deciding.policy import Circumstances, Decision
from agent.deciding.replies import render, spoken_money
from agent.deciding.reply_words import REPLIES
from agent.deciding.rules import House, Judgement, Person, Rule
from agent.deciding.surroundings import Surroundings
from agent.deciding.understanding import Answer
from agent.deciding.verification import TYPED, Verdict, typed_by
from agent.plumbing.settings import Policy
from scripts.dialogue_cases import CASES
from tests.deciding.conftest import HEARS

POLICY = Policy(
    voice_order_max_minor=500,
    voice_day_max_minor=900,
    factor_order_max_minor=1_500,
    factor_day_max_minor=2_600,
    largest_quantity=4,
    most_lines=2,
)
TIGHT = Policy(
    voice_order_max_minor=250,
    voice_day_max_minor=250,
    factor_order_max_minor=550,
    factor_day_max_minor=900,
    largest_quantity=2,
    most_lines=1,
)


def _line(sku: str, quantity: int, minor: int) -> Line:
    return Line(sku, sku, (), sku, quantity, "bag", Money(minor, "PLN"))


COFFEE, TEA = _line("coffee", 2, 100), _line("tea", 3, 100)
SAFE, VAULT, SALT = _line("safe", 1, 600), _line("vault", 1, 1_600), _line("salt", 5, 1)
BASKETS = [
    Basket(lines, 1)
    for lines in ((COFFEE,), (TEA,), (COFFEE, TEA), (SAFE,), (VAULT,), (SALT,), (COFFEE, TEA, SAFE))
]
PEOPLE = {"anna": Person("Anna"), "bert": Person("Bert"), "carla": Person("Carla")}
ANNA, BERT = Verdict("anna"), Verdict("bert")
SPEAKERS = [ANNA, BERT, TYPED, typed_by("anna"), Verdict("bert", "shift"), Verdict(reason="unknown_voice")]
ANSWERS = [
    *(Answer("consent"), Answer("consent", 2, "bag"), Answer("consent", 3), Answer("bare")),
    *(Answer("denial"), Answer("later")),
]
HOUSES: list[tuple[Rule, ...]] = [
    (),
    (Rule("r", "challenge"),),
    (Rule("r", "factor", over_minor=250),),
    (Rule("r", "phone", over_minor=250),),
    (Rule("r", "second", over_minor=250),),
    (Rule("r", "second"), Rule("no-bert", "deny", people=("Bert",))),
    (Rule("r", "phone"), Rule("two", "second", products=("tea",))),
    (Rule("r", "challenge"), Rule("no-tea", "deny", products=("tea",))),
]
ANYTHING: list[talk.Event] = [case.event for cases in CASES.values() for case in cases]
CALLED_OFF = (talk.FactorLate, talk.PhoneRefused, WasWrong)


class Walk:
    """A dialogue from its start, what its orders have spent, and what may be signed by now."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rules = self.random.choice(HOUSES)
        self.state: talk.State = talk.Idle()
        self.path: list[talk.Event] = []
        self.signed: list[talk.Commit] = []
        self.placed: list[talk.Commit] = []
        self._offers: dict[Offer, Basket] = {}
        self._forget()

    def _forget(self) -> None:
        """Nothing is open: whatever was said before counts for nothing any more."""
        self._asked: set[tuple[Verdict, Basket]] = set()
        self._said: talk.Say | None = None
        self._words: tuple[int, ...] = ()
        self._given: list[tuple[str, str]] = []

    def run(self, steps: int) -> Walk:
        for _ in range(steps):
            self.happens(self._event())
        return self

    def happens(self, event: talk.Event) -> None:
        """One event, and all that has to hold of what comes of it."""
        self.path.append(event)
        before, around = self.state, self._around(event)
        self._note(before, event)
        self.state, effects = step(before, event, around)
        commits = [effect for effect in effects if isinstance(effect, talk.Commit)]
        if not isinstance(before, talk.Idle | talk.Committing) and _calls_off(before, event):
            assert self.state == talk.Idle() and not commits, self.path
        for effect in effects:
            if isinstance(effect, talk.Say):
                self._hears(effect)
        for commit in commits:
            assert commits == [commit] and isinstance(self.state, talk.Committing), self.path
            self._may_be_signed(commit, event, around)
            self.signed.append(commit)
        if isinstance(self.state, talk.Idle):
            self._forget()
        for commit in commits:
            ends = [Committed(True), Committed(False), NotCommitted("journal_full"), OfferOver()]
            outcome = self.random.choice(ends)
            if isinstance(outcome, Committed):
                self.placed.append(commit)
            self.happens(outcome)

    def _note(self, before: talk.State, event: talk.Event) -> None:
        match event:
            case talk.OrderHeard(basket, speaker, runner_up):
                self._asked |= {(speaker, one) for one in (basket, runner_up) if one}
            case talk.Changed(basket, speaker, same) if same or speaker == TYPED:
                self._asked.add((speaker, basket))
            case talk.Chosen(basket) if isinstance(before, talk.Choosing):
                self._asked.add((before.speaker, basket))
            case OfferArrived(basket, offer):
                self._offers[offer] = basket
            case talk.FactorGiven(person, factor):
                self._given.append((person, factor))

    def _hears(self, say: talk.Say) -> None:
        """The person does: a basket with its total, or things without one."""
        words = REPLIES["en"][say.key]
        things = any(f"{{{name}}}" in words for name in ("items", "Items", "one"))
        if things and say.basket != (self._said.basket if self._said else None):
            self._given.clear()
            self._said = None
        if things and "{total}" in words:
            self._said = say
        if say.challenge:
            self._words = say.challenge

    def _around(self, event: talk.Event) -> Surroundings:
        rare = self.random.random
        if rare() < 0.03:
            self.rules = self.random.choice(HOUSES)
        speaker = getattr(event if isinstance(event, talk.OrderHeard) else self.state, "speaker", None)
        person = speaker.person if speaker else ""
        spent = sum(one.basket.total.minor for one in self.placed if one.speaker.person == person)
        by_voice = sum(one.basket.total.minor for one in self.placed if one.factors == ("voice",))
        pin = rare() < 0.8
        circumstances = Circumstances(
            Money(spent, "PLN"),
            queued_same=rare() < 0.1,
            clock_trusted=rare() > 0.03,
            factor_ready=pin,
            spent_by_voice=Money(by_voice, "PLN"),
            phone_ready=rare() < 0.8,
            second_ready=rare() < 0.8,
            pin_ready=pin,
        )
        return Surroundings(
            TIGHT if rare() < 0.05 else POLICY,
            circumstances,
            offers=rare() < 0.3,
            house=House(self.rules, PEOPLE.get(person, Person(""))),
            second=PEOPLE.get(event.person) if isinstance(event, talk.FactorGiven) else None,
            much={"coffee": 1} if rare() < 0.1 else {},
            delivery="2026-11-24" if rare() < 0.3 else "",
            delivery_stands=rare() > 0.05,
            chance=self.random.randbytes(16) if rare() > 0.1 else b"",
        )

    def _event(self) -> talk.Event:
        """Mostly what leads on from here, so that ways are long; else anything."""
        pick = self.random.choice
        if self.random.random() < 0.15:
            return pick(ANYTHING)
        order = talk.OrderHeard(pick(BASKETS), pick(SPEAKERS), pick([*(None,) * 20, *BASKETS]))
        state = self.state
        if isinstance(state, talk.Idle) or self.random.random() < 0.1:
            return order
        whose = state.speaker if self.random.random() < 0.7 else pick(SPEAKERS)
        same = self.random.random() < 0.85
        match state:
            case talk.Choosing(choice):
                return talk.Chosen(pick(choice))
            case AwaitingOffer(basket):
                prices = [line.unit_price * pick([1, 1, 2]) for line in basket.lines]
                offer = Offer(str(len(self.path)), "intent", 1, pick([basket, basket, *BASKETS]))
                return pick([OfferArrived(basket.at(prices), offer), OfferLate()])
            case Challenged(words=words):
                return ChallengeAnswered(pick([words, words, words, self._words, words[::-1]]), whose, same)
            case talk.AwaitingFactor():
                person = pick([state.speaker.person, state.speaker.person, *PEOPLE])  # carla is only a second
                return talk.FactorGiven(person, pick(["pin", "badge", "phone"]))
            case talk.Committing():
                return pick([ReceiptArrived("x"), ReceiptLate()])
        changed = talk.Changed(pick(BASKETS), whose, same)
        answered = talk.Answered(pick(ANSWERS), whose, same)
        return pick([changed, answered, *(talk.Answered(pick(ANSWERS[:2]), whose, same),) * 5])

    def _may_be_signed(self, commit: talk.Commit, event: talk.Event, around: Surroundings) -> None:
        basket, owner, path = commit.basket, commit.speaker.person, self.path
        assert self._said is not None and self._said.basket == basket, path
        assert commit.said == basket.digest, path
        _tells_all_of(self._said, basket)
        catalogue = commit.offer.heard if commit.offer else basket
        assert (commit.speaker, catalogue.coming("")) in self._asked, path
        if commit.offer:
            assert basket.lines == self._offers[commit.offer].lines, path
        assert around.circumstances.clock_trusted and around.delivery_stands, path
        others = tuple(factor for factor in commit.factors if factor != "voice")
        assert ("voice" in commit.factors) == (commit.speaker.reason != "typed"), path
        assert set(others) <= {factor for person, factor in self._given if person == owner}, path
        self._is_agreed_to(commit, event, around)
        self._is_within(basket, owner, others, around)

    def _is_agreed_to(self, commit: talk.Commit, event: talk.Event, around: Surroundings) -> None:
        path, owner = self.path, commit.speaker.person
        needed = _needed(around.house, commit.basket)
        others = set(commit.factors) - {"voice"}
        assert "deny" not in needed, path
        assert "phone" not in needed or "phone" in others, path
        assert "factor" not in needed or others, path
        assert "challenge" not in needed or others or isinstance(event, ChallengeAnswered), path
        denied = {rule.people for rule in around.house.rules if rule.require == "deny"}
        seconds = {
            person
            for person, _ in self._given
            if person != owner and person in PEOPLE and (PEOPLE[person].name,) not in denied
        }
        assert "second" not in needed or seconds, path
        match event:
            case talk.Answered(answer, speaker, same) | ChallengeAnswered(answer, speaker, same):
                assert speaker == commit.speaker and same and owner and speaker.reason != "typed", path
                if isinstance(event, ChallengeAnswered):
                    assert self._words and event.words == self._words, path
                    self._words = ()
                else:
                    assert answer.kind == "consent", path
                    assert answer.quantity is None or len(commit.basket.lines) == 1, path
                    assert answer.quantity in (None, commit.basket.lines[0].quantity), path
            case talk.FactorGiven(person):
                assert person == owner or person in seconds, path
                assert others or commit.speaker.reason != "typed", path
            case _:
                raise AssertionError(path)

    def _is_within(self, basket: Basket, owner: str, others: tuple[str, ...], around: Surroundings) -> None:
        limits = around.policy
        day = basket.total.minor + around.circumstances.spent.minor
        assert len(basket.lines) <= limits.most_lines, self.path
        assert max(line.quantity for line in basket.lines) <= limits.largest_quantity, self.path
        if others:
            assert basket.total.minor <= limits.factor_order_max_minor, self.path
            assert day <= limits.factor_day_max_minor, self.path
            return
        by_voice = sum(one.basket.total.minor for one in self.placed if one.factors == ("voice",))
        assert basket.total.minor <= limits.voice_order_max_minor, self.path
        assert max(day, by_voice + basket.total.minor) <= limits.voice_day_max_minor, self.path


def _calls_off(before: talk.State, event: talk.Event) -> bool:
    if isinstance(event, talk.Answered):
        return event.answer.kind in ("denial", "later")
    return isinstance(event, CALLED_OFF) and (type(before), type(event)) in dialogue.TABLE


def _needed(house: House, basket: Basket) -> set[str]:
    """What the few kinds of rules here ask for."""
    return {
        rule.require
        for rule in house.rules
        if (not rule.people or house.person.name in rule.people)
        and sum(
            line.quantity * line.unit_price.minor
            for line in basket.lines
            if not rule.products or line.product_id in rule.products
        )
        > rule.over_minor
    }


def _tells_all_of(say: talk.Say, basket: Basket) -> None:
    """In words: every thing, and the sum of what all of them cost."""
    said = render(say, "en", "PLN", HEARS)
    sum_minor = sum(line.quantity * line.unit_price.minor for line in basket.lines)
    assert spoken_money(Money(sum_minor, "PLN"), "en") in said
    assert all(line.title in said.lower() for line in basket.lines)


STEPS = 40


@settings(max_examples=150)
@given(st.integers(0, 2**64 - 1))
def test_whatever_happens_only_what_was_agreed_to_is_signed_and_within_all_limits(seed: int) -> None:
    Walk(seed).run(STEPS)


def _walks(count: int) -> Iterator[Walk]:
    return (Walk(seed).run(STEPS) for seed in range(count))


def test_ways_to_a_signed_order_of_every_kind_are_walked() -> None:
    """Or the property above would prove nothing."""
    signed = [commit for walk in _walks(300) for commit in walk.signed]
    assert {commit.factors for commit in signed} >= {
        *((("voice",), ("voice", "pin"), ("voice", "badge"), ("voice", "phone"))),
        *((("pin",), ("badge",), ("phone",))),
    }
    assert {commit.speaker.reason for commit in signed} == {"", "typed", "shift"}
    assert {commit.offer is None for commit in signed} == {True, False}
    assert {len(commit.basket.lines) for commit in signed} == {1, 2}


ALLOWED = Decision()


@pytest.mark.parametrize(
    ("module", "guard", "gone"),
    [
        (dialogue, "fits", True),
        (dialogue, "permit", ALLOWED),
        (challenge_answers, "words_are_enough", True),
        (step_up, "permit", ALLOWED),
        (step_up, "wanted", ""),
        (step_up, "may_be_second", True),
        (permitting, "judge", Judgement()),
        (reading_back, "wanted", ""),
    ],
)
def test_without_one_of_its_guards_something_else_is_signed(
    monkeypatch: pytest.MonkeyPatch, module: Any, guard: str, gone: object
) -> None:
    """Or that guard would not be seen to be there."""
    monkeypatch.setattr(module, guard, lambda *_, **__: gone)
    with pytest.raises(AssertionError):
        for walk in _walks(300):
            assert walk
