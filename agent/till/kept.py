"""Values that outlast the process: JSON in the journal's meta table."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from agent.committing.trusted_time import Memory
from agent.plumbing import audit

Value = TypeVar("Value", bound=msgspec.Struct)


def kept(memory: Memory, key: str, otherwise: Value) -> Value:
    """What was kept as `key`; `otherwise` where nothing was, or storage has altered it: that must not keep a
    device from starting. Raises JournalError."""
    text = memory.meta_get(key)
    if text is None:
        return otherwise
    try:
        return msgspec.json.decode(text, type=type(otherwise))
    except msgspec.MsgspecError as error:
        audit.log("journal_value_altered", detail=f"{key}: {error}")
        return otherwise


def keep(memory: Memory, key: str, value: msgspec.Struct) -> None:
    """On disk when it returns. Raises JournalError."""
    memory.meta_set(key, msgspec.json.encode(value).decode())
