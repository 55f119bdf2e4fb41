"""A house's own rules beside the limits of the tiers: who, what, how much, when, and what is asked for then.

A rule can only ask for more. `judge` gives what the tiers ask for and whatever any rule asks for besides, so
more rules, whosoever, never make an order easier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import msgspec

from agent.deciding.basket import Basket, Line
from agent.deciding.details import Facts, Hazard
from agent.deciding.policy import Circumstances, decide
from agent.deciding.products import Identifier
from agent.deciding.unusual import NO_PAST, Past, Unusual, unusual
from agent.plumbing.settings import Policy

Need = Literal["challenge", "factor", "phone", "second"]
"""Words that are read out and said again; a PIN or badge; the phone's approval; another person's."""

NEEDS: tuple[Need, ...] = get_args(Need)

Requirement = Literal["challenge", "factor", "phone", "second", "trained", "deny"]
"""A need, or that whoever orders is trained for these goods, or that it is not ordered at all."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)

TimeOfDay = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]

SHOP_WHO = "shop-who"
"""The id of the rule that a product's own facts are: which roles may order it."""

Standing = Literal[
    "applies", "applies_unknown", "other_person", "other_goods", "other_time", "as_usual", "less"
]
"""Whether a rule is about this order, or what it is not about. `applies_unknown`: nothing is known of the
goods that would say whether it is."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """Everything that is given must be so, and of a list one. Days and hours are local; where `until` is the
    earlier, it is that of the next day. `over_minor` and `over_packs` count what the rule is about: the
    products, categories and hazards that it names, else all. 'trained' is about the hazards that it names.
    `unusual` is about what is so for who orders, and of new goods these are counted. `say` tells the person
    why."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]
    require: Requirement
    people: tuple[Name, ...] = ()
    roles: tuple[Identifier, ...] = ()
    cost_centres: tuple[Name, ...] = ()
    products: tuple[Identifier, ...] = ()
    categories: tuple[Identifier, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    days: tuple[Day, ...] = ()
    from_: TimeOfDay | None = None
    until: TimeOfDay | None = None
    unusual: tuple[Unusual, ...] = ()
    over_minor: Annotated[int, msgspec.Meta(ge=0, le=10_000_000_00)] = 0
    over_packs: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    say: Annotated[str, msgspec.Meta(max_length=200)] = ""

    @property
    def names_goods(self) -> bool:
        """Whether it is about some goods only, and not about single products."""
        return bool(self.categories or self.hazards)

    @property
    def names_people(self) -> bool:
        """Whether it is about some people only."""
        return bool(self.people or self.roles or self.cost_centres)


class Person(msgspec.Struct, frozen=True):
    """Who orders, as the rules see it. `trained`: for which hazards."""

    name: str
    roles: frozenset[str] = frozenset()
    cost_centres: frozenset[str] = frozenset()
    trained: frozenset[str] = frozenset()


class Moment(msgspec.Struct, frozen=True):
    """Local time: `day` counts from Monday, 0; `minute` from midnight."""

    day: int
    minute: int


class House(msgspec.Struct, frozen=True):
    """What an order is judged by beside the limits: the rules, who orders, when, what they have ordered
    before, and what the shop tells of its products, by their ids. `lost`: it has told more than is known
    here, of another catalogue or in a document that cannot be read."""

    rules: tuple[Rule, ...] = ()
    person: Person = Person("")
    moment: Moment = Moment(0, 0)
    facts: Mapping[str, Facts] = {}
    lost: bool = False
    past: Past = NO_PAST


ONLY_LIMITS = House()
"""Nothing beside the limits."""


@dataclass(frozen=True)
class Step:
    """What became of one rule: whether it is about this order, and what it asks for, if anything. `unusual`:
    what of its own list holds."""

    rule: Rule
    standing: Standing
    asks: Need | Literal["", "deny"] = ""
    unusual: tuple[Unusual, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """`code` is '' where the order may go on once all of `needs` are there, else `rule_denied` or that of the
    tier. `above_voice` is the code for which a voice alone is not enough, and `limit` the bound of that or of
    the tier that refused; `rule` the id of the rule that refused. `trace` tells of every rule, in order."""

    needs: frozenset[Need] = frozenset()
    code: str = ""
    above_voice: str = ""
    limit: int = 0
    rule: str = ""
    trace: tuple[Step, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the order may go on, once all of `needs` are there."""
        return not self.code

    @property
    def unusual(self) -> Unusual | Literal[""]:
        """What first made a rule ask for more, where that was something unusual."""
        return next((step.unusual[0] for step in self.trace if step.asks and step.unusual), "")


def judge(house: House, basket: Basket, circumstances: Circumstances, tiers: Policy) -> Judgement:
    """What the order needs, or why it is refused. Of a product that the house has no facts of, any category
    and hazard is thought possible, and a rule that may be about it asks for a PIN or badge where it would
    refuse; so does the shop's word on who may order it, where that is lost. More lines never need less."""
    own = (_step(rule, basket, house) for rule in house.rules)
    trace = (*own, *_of_the_shop(basket, house))
    needs = frozenset(step.asks for step in trace if step.asks and step.asks != "deny")
    by_voice = decide(basket, circumstances, tiers)
    if not by_voice.allowed:
        needs |= {"factor"}
    if "factor" in needs:
        by_factor = decide(basket, circumstances, tiers, tier="factor")
        if not by_factor.allowed:
            return Judgement(needs, by_factor.code, by_voice.code, by_factor.limit, trace=trace)
    denied = next((step.rule.id for step in trace if step.asks == "deny"), "")
    code = "rule_denied" if denied else ""
    return Judgement(needs, code, by_voice.code, by_voice.limit, denied, trace)


def may_be_second(house: House, basket: Basket, second: Person) -> bool:
    """Whether `second` may agree to what the house's person orders: not who is denied it, nor who needs a
    second person for it on account of the same rule, where that names people."""
    theirs = msgspec.structs.replace(house, person=second)
    barring = (
        rule
        for rule in house.rules
        if rule.require == "deny" or (rule.require == "second" and rule.names_people)
    )
    return not any(_step(rule, basket, theirs).standing.startswith("applies") for rule in barring)


def _step(rule: Rule, basket: Basket, house: House) -> Step:
    facts = house.facts
    if not _is_about(rule, house.person):
        return Step(rule, "other_person")
    lines = [line for line in basket.lines if _may_be_about(rule, line, facts)]
    if not lines:
        return Step(rule, "other_goods")
    if not is_then(rule, house.moment):
        return Step(rule, "other_time")
    found: tuple[Unusual, ...] = ()
    if rule.unusual:
        found, lines = unusual(rule.unusual, lines, basket.total.minor, house.moment.minute, house.past)
        if not found:
            return Step(rule, "as_usual")
    if not _is_more(rule, lines):
        return Step(rule, "less", unusual=found)
    known = [line for line in lines if not rule.names_goods or line.product_id in facts]
    if known and _is_more(rule, known):
        asks = _asks(rule, known, house)
        if asks or len(known) == len(lines):
            return Step(rule, "applies", asks, found)
    if rule.require == "deny" or rule.require == "trained":
        return Step(rule, "applies_unknown", "factor", found)
    return Step(rule, "applies_unknown", rule.require, found)


def _is_about(rule: Rule, person: Person) -> bool:
    names = {name.casefold() for name in rule.people}
    return (
        (not names or person.name.casefold() in names)
        and (not rule.roles or not person.roles.isdisjoint(rule.roles))
        and (not rule.cost_centres or not person.cost_centres.isdisjoint(rule.cost_centres))
    )


def _may_be_about(rule: Rule, line: Line, facts: Mapping[str, Facts]) -> bool:
    if rule.products and line.product_id not in rule.products:
        return False
    told = facts.get(line.product_id)
    if told is None:
        return True
    return (not rule.categories or not set(rule.categories).isdisjoint(told.categories)) and (
        not rule.hazards or not set(rule.hazards).isdisjoint(told.hazard)
    )


def is_then(rule: Rule, moment: Moment) -> bool:
    """Whether it is one of the days and hours of the rule."""
    day, minute = moment.day, moment.minute
    if rule.from_ is not None and rule.until is not None:
        first, end = _minutes(rule.from_), _minutes(rule.until)
        if first < end:
            if not first <= minute < end:
                return False
        elif minute < end:
            day = (day - 1) % 7  # it began yesterday
        elif minute < first:
            return False
    return not rule.days or DAYS[day] in rule.days


def _minutes(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


def _is_more(rule: Rule, lines: Sequence[Line]) -> bool:
    minor = sum(line.total.minor for line in lines)
    packs = sum(line.quantity for line in lines)
    return (not rule.over_minor or minor > rule.over_minor) and (
        not rule.over_packs or packs > rule.over_packs
    )


def _asks(rule: Rule, lines: Sequence[Line], house: House) -> Need | Literal["", "deny"]:
    if rule.require != "trained":
        return rule.require
    there = {hazard for line in lines for hazard in house.facts.get(line.product_id, Facts()).hazard}
    return "" if there & set(rule.hazards) <= house.person.trained else "deny"


def _of_the_shop(basket: Basket, house: House) -> Iterator[Step]:
    """The shop's word on who may order a product."""
    for line in basket.lines:
        rule = Rule(SHOP_WHO, "deny", products=(line.product_id,))
        told = house.facts.get(line.product_id)
        if told is None:
            if house.lost:
                yield Step(rule, "applies_unknown", "factor")
        elif told.who and house.person.roles.isdisjoint(told.who):
            yield Step(rule, "applies", "deny")
