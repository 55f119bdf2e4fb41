"""What `earmark doctor` finds about the rules of the house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.commands.findings import Finding
from agent.deciding.edition import source_id
from agent.deciding.policy_file import PolicyFile
from agent.plumbing.settings import Paths, Settings, Touch
from agent.till.catalogue_store import served_file
from agent.till.house import HouseRules, rules_by_files

NO_READER = "[shift]: there is no badge reader, so nobody can be on shift"

NOTHING_TO_PRESS = (
    "[shift]: there is neither button nor keypad, so the badge of who is on also confirms what is open in"
    " their name when it is held up to go; name one in [touch]"
)


def policy(settings: Settings) -> Iterator[Finding]:
    """Of the file that the till reads when it starts, and of the shop's word on who may order what. Raises
    ConfigurationError."""
    house = HouseRules.open(settings.paths)
    rules = house.policy.rules
    yield from _lost(house, settings.paths)
    if not Path(settings.paths.policy_file).exists():
        yield Finding("policy", "ok", "the limits of [policy]; there is no policy file")
        return
    yield Finding("policy", "ok", f"{len(rules)} rules beside the limits of [policy]")
    if (gap := shift_gap(house.policy, settings.touch)) is not None:
        yield gap


def shift_gap(rules: PolicyFile, touch: Touch) -> Finding | None:
    """What people could not do on shift for want of something to touch."""
    if not rules.shift_hours:
        return None
    if not touch.badge_device:
        return Finding("policy", "note", NO_READER, "name it in [touch] badge_device")
    if not touch.can_press:
        return Finding("policy", "note", NOTHING_TO_PRESS, "name one in [touch]")
    return None


def _lost(house: HouseRules, paths: Paths) -> Iterator[Finding]:
    try:
        source = source_id(served_file(paths).read_bytes())
    except OSError:
        return  # `catalogue` tells of it
    if fault := rules_by_files(house.policy, paths, source).lost(source):
        yield Finding("policy", "note", f"{fault.detail} ({fault.code})", fault.next_step)
