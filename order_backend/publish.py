"""How the parts of an order service say something over its connection to the broker."""

from __future__ import annotations

from typing import Protocol


class Publish(Protocol):
    """At QoS 1. Returns the packet's id, by which `on_publish` later says that the broker has it."""

    def __call__(self, topic: str, payload: bytes, *, retain: bool = False) -> int: ...
