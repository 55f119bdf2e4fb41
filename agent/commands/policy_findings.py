"""What `earmark doctor` finds about the rules of the house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.commands.findings import Finding
from agent.plumbing.settings import Settings
from agent.till.house import HouseRules


def policy(settings: Settings) -> Iterator[Finding]:
    """Of the file that the till reads when it starts. Raises ConfigurationError."""
    rules = HouseRules.open(settings.paths).policy.rules
    if not Path(settings.paths.policy_file).exists():
        yield Finding("policy", "ok", "the limits of [policy]; there is no policy file")
        return
    yield Finding("policy", "ok", f"{len(rules)} rules beside the limits of [policy]")
    beyond = [rule.id for rule in rules if rule.require in ("phone", "second")]
    if beyond:
        yield Finding(
            "policy",
            "note",
            f"no device can ask for what {', '.join(beyond)} require yet: such orders are refused",
            "earmark policy check",
        )
