"""The shop's own rules as the device judges by them: beside those of the house, and never instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from agent.committing.shop_rules import REQUIREMENTS, ShopRule
from agent.deciding.rules import SHOP_WHO, Rule

_PREFIX = "shop-"
"""So whoever reads a judgement sees whose rule it was, and no id of the house's is taken."""

_CONDITIONS = ("products", "categories", "hazards", "unusual", "days")
_HOURS = ("from", "until")
_TYPES: dict[str, Any] = {field.encode_name: field.type for field in msgspec.structs.fields(Rule)}
_UNNAMED = "unnamed"


def rules_of(shop: Iterable[ShopRule]) -> tuple[Rule, ...]:
    """Each as strict as the shop meant it, or stricter: a condition that this release cannot read is none, so
    the rule is about more orders, and what it does not know to ask for is to refuse."""
    return tuple(_rule_of(rule) for rule in shop)


def _rule_of(shop: ShopRule) -> Rule:
    given = msgspec.to_builtins(shop)
    found: dict[str, Any] = {key: given[key] for key in _CONDITIONS if key in given}
    if all(_reads(key, given.get(key)) for key in _HOURS):
        found |= {key: given[key] for key in _HOURS}
    elif any(given.get(key) for key in _HOURS):
        found.pop("days", None)  # a night of one day may end on the next
    known = {key: value for key, value in found.items() if _reads(key, value)}
    id_ = f"{_PREFIX}{shop.id}"
    return msgspec.convert(
        known
        | {
            "id": id_ if _reads("id", id_) and id_ != SHOP_WHO else f"{_PREFIX}{_UNNAMED}",
            "require": shop.require if shop.require in REQUIREMENTS else "deny",
            "over_minor": shop.over_minor,
            "over_packs": shop.over_packs,
            "say": shop.say,
        },
        Rule,
    )


def _reads(key: str, value: object) -> bool:
    try:
        msgspec.convert(value, _TYPES[key])
    except msgspec.ValidationError:
        return False
    return value is not None
