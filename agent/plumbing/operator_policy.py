"""What the operator socket speaks about what the shop lets this device order."""

from __future__ import annotations

from agent.plumbing.messages import Message


class ShowShopPolicy(Message, frozen=True):
    """What the shop has signed for this device. The answer is `ShopPolicyShown`."""


class ShopPolicyShown(Message, frozen=True):
    """`version` is 0 where the shop has signed nothing; it signed at `since_s` (Unix seconds). `rules` is the
    JSON of the rules as the till judges by them, [] for none."""

    version: int
    since_s: int
    limits: dict[str, int]
    rules: str
