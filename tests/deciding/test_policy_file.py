"""A policy as text: every fault at once with its line, and the ready ones do what they say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from agent.deciding.basket import Basket, Line
from agent.deciding.details import Details, Facts
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.policy_file import PolicyFile, parse_policy
from agent.deciding.rules import House, Moment, judge
from agent.deciding.unusual import NO_PAST, Past
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Policy

READY = Path(__file__).parents[2] / "agent" / "policies"

FAULTY = """\
[limits]
voice_order_max_minor = -1
most_line = 3

[roles]
child = "Tom"

[trained]
petrol = ["Anna"]

[surprise]

[[rule]]
id = "one"
require = "maybe"
over_packs = 2.5

[[rule]]
id = "Two!"
require = "trained"
from = "25:00"
colour = "red"

[[rule]]
days = ["mon", "domingo"]
"""


def test_every_fault_is_told_at_once_with_its_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(FAULTY, name="policy.toml")
    assert caught.value.code == "policy_invalid"
    told = [line.split(": ", 1) for line in caught.value.detail.splitlines()]
    lines = [int(place.removeprefix("policy.toml:")) for place, _ in told]
    assert lines == sorted(lines)
    assert set(lines) == {2, 3, 6, 9, 11, 15, 16, 19, 20, 21, 22, 24, 25}
    assert len(told) == 15  # the last rule lacks two, the one before has an hour without an end


def test_names_that_mean_nothing_are_faults() -> None:
    text = '[roles]\nchild = []\n[[rule]]\nid = "a"\nrequire = "deny"\nroles = ["childs"]\n'
    text += '[[rule]]\nid = "a"\nrequire = "deny"\n[[rule]]\nid = "shop-who"\nrequire = "deny"\n'
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    assert [line.split(": ")[0] for line in caught.value.detail.splitlines()] == [
        "policy:6",
        "policy:8",
        "policy:11",
    ]


@pytest.mark.parametrize("text", ["rule = 3", "rule = [1]", "limits = 1", "[[limits]]", "[rule]\nid = 'x'"])
def test_other_shapes_are_faults_too(text: str) -> None:
    with pytest.raises(ConfigurationError, match="policy_invalid: policy:1: "):
        parse_policy(text)


def test_a_policy_of_a_later_release_is_read_and_never_less_strictly() -> None:
    text = """
schema_version = 4
[limits]
voice_week_max_minor = 3
most_lines = 2
[moods]
grim = ["Anna"]
[[rule]]
id = "narrow"
require = "factor"
moods = ["grim"]
[[rule]]
id = "new"
require = "dance"
people = ["Anna"]
"""
    policy = parse_policy(text)
    narrow, new = policy.rules
    assert (narrow.require, narrow.people, policy.limits) == ("factor", (), {"most_lines": 2})
    assert (new.require, new.people) == ("deny", ("Anna",))
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text.replace("schema_version = 4", "schema_version = 1"))
    assert len(caught.value.detail.splitlines()) == 4


@pytest.mark.parametrize(
    ("shift", "line", "told"),
    [
        ("hours = 0", 3, "hours: "),
        ("hours = 25", 3, "hours: "),
        ('hours = "ten"', 3, "hours: "),
        ("", 2, "[shift] has no 'hours'"),
        ("hours = 8\nminutes = 3", 4, "[shift] has no 'minutes'"),
    ],
)
def test_a_shift_has_hours(shift: str, line: int, told: str) -> None:
    assert parse_policy("schema_version = 2\n[shift]\nhours = 8").shift_hours == 8
    assert parse_policy("schema_version = 4\n[shift]\nhours = 8\nminutes = 3").shift_hours == 8
    assert parse_policy("").shift_hours == 0
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(f"schema_version = 2\n[shift]\n{shift}", name="p")
    assert caught.value.detail.startswith(f"p:{line}: {told}")


@pytest.mark.parametrize("version", ["", "schema_version = 1\n"])
def test_shifts_are_refused_in_a_file_that_would_keep_an_earlier_release_from_starting(version: str) -> None:
    with pytest.raises(ConfigurationError, match="needs schema_version = 2"):
        parse_policy(f"{version}[shift]\nhours = 8")


def test_the_factory_has_shifts_and_no_household_has() -> None:
    assert (_ready("factory").shift_hours, _ready("household").shift_hours) == (10, 0)


def test_what_is_no_toml_is_told_with_its_place() -> None:
    with pytest.raises(ConfigurationError, match=r"policy_syntax.*line 2"):
        parse_policy("[limits]\nmost_lines = = 3")


def test_limits_only_tighten() -> None:
    policy = parse_policy("[limits]\nvoice_order_max_minor = 50_00\nmost_lines = 20")
    assert policy.tighter(Policy()) == Policy(voice_order_max_minor=50_00)


def test_what_all_voices_may_buy_is_what_one_may_unless_the_house_says_otherwise() -> None:
    own, lowered = Policy(), Policy(voice_day_max_minor=100_00)
    silent, more, less = (
        parse_policy(text and f"[limits]\nvoice_day_together_max_minor = {text}")
        for text in ("", "500_00", "50_00")
    )
    assert silent.most_by_voice(own, own) == 250_00
    assert (more.most_by_voice(own, own), more.limits) == (500_00, {})
    assert less.most_by_voice(own, own) == 50_00
    assert [policy.most_by_voice(own, lowered) for policy in (silent, more, less)] == [100_00, 100_00, 50_00]
    tight = parse_policy("[limits]\nvoice_day_max_minor = 90_00\nvoice_day_together_max_minor = 200_00")
    assert tight.most_by_voice(own, tight.tighter(own)) == 200_00


def test_a_person_has_what_the_lists_say() -> None:
    policy = parse_policy(
        '[roles]\nchild = ["Tom"]\n[trained]\nGHS02 = ["TOM"]\n[cost_centres]\n"4711" = ["tom"]'
    )
    tom = policy.person("tom")
    assert (tom.roles, tom.trained, tom.cost_centres) == ({"child"}, {"GHS02"}, {"4711"})
    assert policy.person("Anna").roles == frozenset()


def _ready(kind: str, **people: str) -> PolicyFile:
    """With those people put into the empty lists."""
    text = (READY / f"{kind}.toml").read_text()
    for key, name in people.items():
        assert f"\n{key.replace('_', '-')} = []" in text
        text = text.replace(f"\n{key.replace('_', '-')} = []", f'\n{key.replace("_", "-")} = ["{name}"]')
    return parse_policy(text, name=kind)


FACTS = {
    "wine": Facts(categories=("alcohol",)),
    "sweets": Facts(categories=("sweets",)),
    "thinner": Facts(hazard=("GHS02",)),
    "gloves": Facts(),
}
NOON, NIGHT, EVENING = 12 * 60, 23 * 60 + 30, 20 * 60 + 30


@pytest.mark.parametrize(
    ("kind", "person", "order", "minute", "day", "expected"),
    [
        ("household", "Anna", ("gloves", 2), NOON, 0, set()),
        ("household", "Anna", ("gloves", 6), NOON, 0, {"challenge"}),
        ("household", "Anna", ("gloves", 11), NOON, 0, {"factor", "challenge"}),  # 110 zloty
        ("household", "Anna", ("wine", 1), NOON, 0, {"factor"}),
        ("household", "Anna", ("gloves", 3), NOON, 0, set()),
        ("household", "Anna", ("gloves", 4), NOON, 0, {"challenge"}),  # her first order ever
        ("household", "Mona", ("gloves", 4), NOON, 0, set()),  # who has ordered them, at such hours
        ("household", "Mona", ("thinner", 4), NOON, 0, {"challenge"}),
        ("household", "Mona", ("gloves", 6), NOON, 0, {"challenge"}),
        ("household", "Anna", ("gloves", 4), NIGHT, 0, {"factor", "challenge"}),
        ("household", "Anna", ("gloves", 2), NIGHT, 0, set()),
        ("household", "Tom", ("wine", 1), NOON, 0, "children-no-alcohol"),
        ("household", "Tom", ("sweets", 2), NOON, 0, set()),
        ("household", "Tom", ("sweets", 3), NOON, 0, {"factor"}),
        ("household", "Tom", ("gloves", 1), EVENING, 0, "children-not-at-night"),
        ("household", "Ola", ("gloves", 1), NOON, 0, {"factor"}),
        ("factory", "Anna", ("gloves", 1), NOON, 0, {"factor"}),
        ("factory", "Anna", ("gloves", 1), NOON, 5, {"factor", "second"}),
        ("factory", "Anna", ("gloves", 15), NOON, 0, {"factor"}),
        ("factory", "Tom", ("gloves", 15), NOON, 0, {"factor", "second"}),
        ("factory", "Anna", ("thinner", 1), NOON, 0, "hazardous-goods"),
        ("factory", "Ola", ("thinner", 1), NOON, 0, {"factor"}),
    ],
)
def test_the_ready_policies_do_what_they_say(
    kind: str, person: str, order: tuple[str, int], minute: int, day: int, expected: set[str] | str
) -> None:
    people = (
        {"child": "Tom", "guest": "Ola"} if kind == "household" else {"apprentice": "Tom", "GHS02": "Ola"}
    )
    policy, (product, quantity) = _ready(kind, **people), order
    line = Line(product, product, (), product, quantity, "piece", Money(10_00, "PLN"))
    around = Circumstances(Money(0, "PLN"))
    past = Past(frozenset({"gloves"}), 40_00, frozenset({12})) if person == "Mona" else NO_PAST
    house = House(policy.rules, policy.person(person), Moment(day, minute), FACTS, past=past)
    judged = judge(house, Basket((line,), 1), around, policy.tighter(Policy()))
    assert (judged.rule or judged.needs) == expected


def _sample(name: str) -> Iterable[Facts]:
    path = Path(__file__).parents[2] / "order_backend" / "catalogues" / name / "catalogue.details.json"
    return msgspec.json.decode(path.read_bytes(), type=Details).products.values()


def test_the_ready_policies_fit_the_sample_catalogues() -> None:
    factory, household = _ready("factory"), _ready("household")
    assert {role for facts in _sample("industrial") for role in facts.who} <= factory.roles.keys()
    [trained] = [rule for rule in factory.rules if rule.require == "trained"]
    assert {hazard for facts in _sample("industrial") for hazard in facts.hazard} <= set(trained.hazards)
    categories = {category for facts in _sample("household") for category in facts.categories}
    [sweets] = [rule for rule in household.rules if rule.id == "children-few-sweets"]
    assert categories & set(sweets.categories)


def test_whoever_has_a_role_is_trained_with_it_and_nobody_else() -> None:
    policy = parse_policy(
        '[roles]\nwelder = ["Jan"]\nheight-worker = ["Ola"]\n[trained]\nGHS02 = ["Maria", "@welder"]\n'
    )
    trained = {name: policy.person(name).trained for name in ("Jan", "Maria", "Ola", "welder")}
    assert trained == {"Jan": {"GHS02"}, "Maria": {"GHS02"}, "Ola": set(), "welder": set()}
    newcomer = policy.person("Tom", "welder")
    assert (newcomer.roles, newcomer.trained) == ({"welder"}, {"GHS02"})
    assert "@welder" not in policy.people
