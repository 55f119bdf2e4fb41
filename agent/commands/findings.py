"""What `earmark doctor` finds: one thing each, and what mends it."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "note", "bad"]


class Finding(msgspec.Struct, frozen=True):
    """`state` 'bad' stops orders; 'note' is worth knowing; `next_step` mends it."""

    what: str
    state: State
    detail: str
    next_step: str = ""
