"""Rules that a shop has signed for a device beside its limits: what they are about on the wire, and whether
this release would say them so.

They name goods, amounts and times, and nobody: a shop knows none of the people of a house.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

MOST_RULES = 40
"""So many a policy holds at most, and a device refuses more."""

MOST_BYTES = 32_768
"""So long they are together at most, as JSON."""

REQUIREMENTS = ("challenge", "factor", "phone", "second", "deny")
UNUSUAL = ("goods", "amount", "hour")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_Word = Annotated[str, msgspec.Meta(max_length=64)]
_Words = Annotated[tuple[_Word, ...], msgspec.Meta(max_length=64)]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HAZARD = re.compile(r"GHS0[1-9]")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class ShopRule(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """As a rule of a house (docs/policy.md). A device takes any words here, also those of a later release:
    what it does not know of a rule's conditions it leaves out, so the rule is about more orders, and what it
    does not know to ask for it refuses."""

    id: _Word
    require: _Word
    products: _Words = ()
    categories: _Words = ()
    hazards: _Words = ()
    unusual: _Words = ()
    days: _Words = ()
    from_: _Word = ""
    until: _Word = ""
    over_minor: Annotated[int, msgspec.Meta(ge=0, le=10_000_000_00)] = 0
    over_packs: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    say: Annotated[str, msgspec.Meta(max_length=200)] = ""


ShopRules = Annotated[tuple[ShopRule, ...], msgspec.Meta(max_length=MOST_RULES)]


def rule_fault(rule: ShopRule) -> str:
    """What this release would not know of it; '' for nothing."""
    if not _ID.fullmatch(rule.id):
        return f"{rule.id!r} is no name of small letters, digits and '-', of at most 48"
    if rule.require not in REQUIREMENTS:
        return f"{rule.id}: require is one of {', '.join(REQUIREMENTS)}"
    for words, key in ((rule.products, "products"), (rule.categories, "categories")):
        if not all(_NAME.fullmatch(word) for word in words):
            return f"{rule.id}: {key} are ids of the catalogue"
    if not all(_HAZARD.fullmatch(word) for word in rule.hazards):
        return f"{rule.id}: hazards are pictograms, GHS01 to GHS09"
    if not set(rule.unusual) <= set(UNUSUAL):
        return f"{rule.id}: unusual is of {', '.join(UNUSUAL)}"
    if not set(rule.days) <= set(DAYS):
        return f"{rule.id}: days are of {', '.join(DAYS)}"
    if bool(rule.from_) != bool(rule.until):
        return f"{rule.id}: from and until belong together"
    if not all(_TIME.fullmatch(time) for time in (rule.from_, rule.until) if time):
        return f"{rule.id}: from and until are times of day like 22:00"
    return ""
