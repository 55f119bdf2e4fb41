"""The shop's own rules for a device, kept at the intent as well: those that a shop can judge by what an order
is, and by what confirmed it.

It refuses only what a device that has the rule, and knows what the shop tells of its products, would not have
signed. So whatever it cannot know is nothing to it: who somebody is and what they ordered before, the hour
where the device stands, words that were said again, and a second person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agent.committing.shop_rules import ShopRule
from order_backend.checks import PricedLine, Refusal
from order_backend.limited import Claimed, Limited
from order_backend.published import Published
from order_backend.told_details import Kinds, kinds
from order_backend.told_versions import ToldVersions

EVERY_FACTOR = ("pin", "badge", "phone")
"""All that may confirm an order beside a voice."""


class _Asked(NamedTuple):
    """By which code an order is refused that nothing of `met_by` has confirmed."""

    code: str
    met_by: tuple[str, ...]
    words: str


_ASKED: Mapping[str, _Asked] = {
    "deny": _Asked("device_rule", (), "refuses it"),
    "phone": _Asked("device_rule_phone", ("phone",), "asks for the approval on a phone"),
    "factor": _Asked("device_rule_factor", EVERY_FACTOR, "asks for a PIN, a badge or a phone"),
}
"""What the shop can tell from an order, the strictest first: of several rules that one is told."""


def is_judged(rule: ShopRule) -> bool:
    """Whether the shop can tell by an order that the rule was kept."""
    return rule.require in _ASKED and not (rule.unusual or rule.days or rule.from_ or rule.until)


def is_broken(rule: ShopRule, order: Claimed, known: Mapping[str, Kinds]) -> bool:
    """Whether no device that keeps to it signs that order; `known` are the products whose kinds are."""
    if not is_judged(rule) or not set(_ASKED[rule.require].met_by).isdisjoint(order.amr):
        return False
    lines = [line for line in order.lines if _is_about(rule, line, known)]
    minor = sum(line.unit_price * line.quantity for line in lines)
    packs = sum(line.quantity for line in lines)
    return bool(lines) and _is_more(minor, rule.over_minor) and _is_more(packs, rule.over_packs)


def _is_about(rule: ShopRule, line: PricedLine, known: Mapping[str, Kinds]) -> bool:
    product = line.id.partition("?")[0]
    if rule.products and product not in rule.products:
        return False
    if not _names_kinds(rule):
        return True
    told = known.get(product)
    return told is not None and (
        (not rule.categories or not set(rule.categories).isdisjoint(told.categories))
        and (not rule.hazards or not set(rule.hazards).isdisjoint(told.hazards))
    )


def _is_more(count: int, over: int) -> bool:
    return not over or count > over


def _names_kinds(rule: ShopRule) -> bool:
    return bool(rule.categories or rule.hazards)


class DeviceRules:
    """On the connection of a `Shop`. What was told of a version is looked up only where a rule is about kinds
    of goods."""

    def __init__(self, published: Published) -> None:
        self._told = ToldVersions(published, kinds)

    def check(self, limited: Limited | None, order: Claimed) -> None:
        """By the rules that held when the order was agreed. Raises Refusal: device_rule, device_rule_phone,
        device_rule_factor."""
        if limited is None:
            return
        judged = [rule for rule, since_s in limited.rules if order.agreed_s >= since_s and is_judged(rule)]
        known = self._kinds(order.catalogue_version) if any(map(_names_kinds, judged)) else {}
        broken = {rule.require: rule for rule in reversed(judged) if is_broken(rule, order, known)}
        for require, asked in _ASKED.items():
            if (rule := broken.get(require)) is not None:
                raise Refusal(asked.code, f"the rule {rule.id} {asked.words}")

    def _kinds(self, version: int) -> Mapping[str, Kinds]:
        """Of that version's products; none of what it does not tell, or what is lost."""
        told = self._told.of(version)
        return told.found or {} if told is not None else {}
