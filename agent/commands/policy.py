"""`earmark policy`: what a house allows, tried before anybody orders."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from agent.commands.policy_findings import shift_gap
from agent.commands.policy_words import about, day_name, verdict
from agent.commands.priced import basket_of, catalogue_of
from agent.commands.shop_policy import rules_from
from agent.deciding.basket import Basket
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.policy_file import OF_ROLE, PolicyFile, parse_policy
from agent.deciding.rules import DAYS, House, Judgement, Moment, judge
from agent.deciding.unusual import Past
from agent.plumbing import durable
from agent.plumbing.currencies import on_a_bill
from agent.plumbing.errors import CatalogueError, ConfigurationError
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings
from agent.plumbing.terminal import plain
from agent.till.catalogue_store import served_file
from agent.till.house import rules_by_files

READY = Path(__file__).parents[1] / "policies"

AS_OF = (
    "By the files as they are now; the till read them when it started. What the shop has set besides:"
    " earmark policy shop"
)

_FIRST_ORDER = (
    "  note: as of somebody's first order ever. Of who has ordered the same before: --ordered-before"
)

_WORKS_AFTER_START = "The till reads it when it starts."


def explain(arguments: argparse.Namespace) -> int:
    """Prints what `judge` says; 0 where it would pass, 1 where not. Raises ConfigurationError, CatalogueError
    (catalogue_no_such_product, catalogue_options)."""
    settings = load_settings(arguments.settings)
    policy = _policy(_path(arguments, settings))
    catalogue, source = catalogue_of(served_file(settings.paths))
    basket = basket_of(catalogue, arguments.item, arguments.quantity, settings.device.language)
    rules = rules_by_files(policy, settings.paths, source)
    house = rules.house(arguments.person, _moment(arguments), source)
    if arguments.role:
        house = msgspec.structs.replace(house, person=rules.person(arguments.person, arguments.role))
    of_shop = rules_from(arguments.shop_rules) if arguments.shop_rules else ()
    house = msgspec.structs.replace(house, rules=(*house.rules, *of_shop))
    if arguments.ordered_before:
        house = msgspec.structs.replace(house, past=_such_a_past(basket, house.moment))
    spent = Money(arguments.spent_minor, catalogue.currency)
    tiers = policy.tighter(settings.policy)
    most = policy.most_by_voice(settings.policy, tiers)
    around = Circumstances(spent, spent_by_voice=spent, most_by_voice_minor=most)
    judgement = judge(house, basket, around, tiers)
    if arguments.json:
        print(json.dumps(_as_json(judgement), indent=2))
    else:
        print(plain(f"Would {_asked(arguments, basket, house.moment)} pass?"))
        print(plain(verdict(judgement, basket)))
        for step in judgement.trace:
            print(plain(f"  {step.rule.id:<26} {about(step, basket.total.currency)}"))
        if any(rule.unusual for rule in house.rules) and not arguments.ordered_before:
            print(_FIRST_ORDER)
        if (role := arguments.role) and role not in _roles(policy, house):
            print(
                plain(f"  note: nothing here is about the role {role!r}; named are: {_named(policy, house)}")
            )
        if fault := rules.lost(source):
            print(plain(f"  note: {fault.detail} ({fault.code})"))
            print(plain(f"  next: {fault.next_step}"))
        print(AS_OF)
    return 0 if judgement.passes else 1


def check(arguments: argparse.Namespace) -> int:
    """Prints what the file holds and what in it can never matter; 0 where it can be used. Raises
    ConfigurationError policy_missing, policy_syntax, policy_invalid."""
    settings = load_settings(arguments.settings)
    path = _path(arguments, settings)
    policy = _policy(path)
    people = len(policy.people)
    print(f"{path}: {len(policy.rules)} rules, {len(policy.limits)} limits, {people} people named")
    for note in _notes(policy, settings):
        print(plain(f"  note: {note}"))
    print(_WORKS_AFTER_START)
    return 0


def install(arguments: argparse.Namespace) -> int:
    """Writes a ready policy beside the settings. Raises ConfigurationError policy_exists,
    policy_unwritable."""
    path = _path(arguments, load_settings(arguments.settings))
    if path.exists():
        raise ConfigurationError(
            "policy_exists", f"{path} is there already", f"edit it, or remove {path} first"
        )
    try:
        durable.write(path, (READY / f"{arguments.kind}.toml").read_bytes())
    except OSError as error:
        raise ConfigurationError(
            "policy_unwritable", f"cannot write {path}: {error.strerror}", "name another place with --file"
        ) from error
    print(f"wrote {path}: write the names of your people into it, then: earmark policy check")
    print(_WORKS_AFTER_START)
    return 0


def _roles(policy: PolicyFile, house: House) -> set[str]:
    """Those that a list, a rule, a training or a product names."""
    trained = (name for names in policy.trained.values() for name in names if name.startswith(OF_ROLE))
    by_rules = (role for rule in house.rules for role in rule.roles)
    by_goods = (role for facts in house.facts.values() for role in facts.who)
    return {*policy.roles, *by_rules, *by_goods, *(name.removeprefix(OF_ROLE) for name in trained)}


def _named(policy: PolicyFile, house: House) -> str:
    return ", ".join(sorted(_roles(policy, house))) or "none"


def _path(arguments: argparse.Namespace, settings: Settings) -> Path:
    given: Path | None = arguments.file
    return given or Path(settings.paths.policy_file)


def _policy(path: Path) -> PolicyFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "policy_missing", f"cannot read {path}: {error}", "earmark policy install household"
        ) from error
    return parse_policy(text, name=path.name)


def _moment(arguments: argparse.Namespace) -> Moment:
    now = datetime.now()
    day = DAYS.index(arguments.day) if arguments.day else now.weekday()
    return Moment(day, now.hour * 60 + now.minute if arguments.at is None else arguments.at)


def _such_a_past(basket: Basket, moment: Moment) -> Past:
    products = frozenset(line.product_id for line in basket.lines)
    return Past(products, basket.total.minor, frozenset({moment.minute // 60}))


def _asked(arguments: argparse.Namespace, basket: Basket, moment: Moment) -> str:
    line, currency = basket.lines[0], basket.total.currency
    hours = f"{moment.minute // 60:02d}:{moment.minute % 60:02d}"
    spent: int = arguments.spent_minor
    before = f", after {on_a_bill(spent, currency)} by voice" if spent else ""
    return (
        f"{arguments.person}'s {line.quantity} × {line.title} for {on_a_bill(basket.total.minor, currency)}"
        f" on a {day_name(moment.day)} at {hours}{before}"
    )


def _as_json(judgement: Judgement) -> dict[str, Any]:
    return {
        "passes": judgement.passes,
        "needs": sorted(judgement.needs),
        "code": judgement.code,
        "above_voice": judgement.above_voice,
        "limit_minor": judgement.limit,
        "rule": judgement.rule,
        "rules": [
            {
                "id": step.rule.id,
                "standing": step.standing,
                "asks": step.asks,
                "unusual": list(step.unusual),
            }
            for step in judgement.trace
        ],
    }


def _notes(policy: PolicyFile, settings: Settings) -> Iterator[str]:
    own = settings.policy
    for name, limit in policy.limits.items():
        if limit > getattr(own, name):
            yield f"{name} is higher than the {getattr(own, name)} of the settings, which holds"
        elif limit < getattr(own, name):
            yield (
                f"{name} is lower than the {getattr(own, name)} of the settings, which is what holds"
                " without this file, or after going back to an earlier release"
            )
    most = policy.most_by_voice(own, policy.tighter(own))
    yield f"whoever forged voices could spend {most} in a day, in grosz or cents, whoever's they are"
    for key in ("roles", "trained"):
        for name, members in getattr(policy, key).items():
            if not members:
                yield f"[{key}] {name} lists nobody"
    if (gap := shift_gap(policy, settings.touch)) is not None:
        yield gap.detail
    yield from _unknown_goods(policy, settings)


def _unknown_goods(policy: PolicyFile, settings: Settings) -> Iterator[str]:
    try:
        catalogue, source = catalogue_of(served_file(settings.paths))
    except CatalogueError as error:
        yield f"not compared with the shop's catalogue: {error.detail}"
        return
    rules = rules_by_files(policy, settings.paths, source)
    lost, facts = rules.lost(source), rules.facts(source)
    if lost is not None:
        yield f"{lost.detail} ({lost.code}): {lost.next_step}"
    sold = {product.id for product in catalogue.products}
    categories = {category for told in facts.values() for category in told.categories}
    named = {role for told in facts.values() for role in told.who}
    for role in sorted(named - policy.roles.keys()):
        yield (
            f"the shop lets only {role!r} order some goods, and [roles] has no such role: who is to order"
            " them needs it (earmark people role --help)"
        )
    for rule in policy.rules:
        for product in sorted(set(rule.products) - sold):
            yield f"{rule.id}: the shop sells no {product!r}"
        if not facts and lost is None and rule.names_goods:
            yield f"{rule.id}: the shop tells no categories and hazards, so it may be about everything"
        for category in sorted(set(rule.categories) - categories) if facts else ():
            yield f"{rule.id}: nothing that the shop sells is in category {category!r}"
