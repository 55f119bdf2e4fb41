"""Limits that only tighten those of the settings, whoever sets them: the house in its policy, or the shop."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.plumbing.settings import Policy


def tightened(own: Policy, limits: Mapping[str, int | None]) -> Policy:
    """`own`, with the stricter of the two where `limits` bound a field of it. None bounds nothing. Raises
    AttributeError for a limit that is no field."""
    lower = {name: min(getattr(own, name), limit) for name, limit in limits.items() if limit is not None}
    return msgspec.structs.replace(own, **lower)
