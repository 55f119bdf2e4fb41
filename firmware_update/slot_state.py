"""What is in the slots and which is the device: the content of `state.json`. A newer release may have
written more."""

from __future__ import annotations

from typing import Literal

import msgspec

from firmware_update.releases import Release

Slot = Literal["a", "b"]


class Installed(msgspec.Struct, frozen=True):
    """A whole release in a slot; `sha256` is its archive's."""

    release: Release
    sha256: str


class State(msgspec.Struct, frozen=True):
    """`pending`: `active` was switched to and is not confirmed; the other slot is what ran before.

    `tries_left`: health checks that may still be begun. `rejected`: archives that are not taken again.
    """

    active: Slot
    pending: bool
    tries_left: int
    slots: dict[Slot, Installed]
    rejected: tuple[str, ...] = ()
