"""What is right of a product that is not: so that the rest of it is looked at in the same run."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import msgspec

from agent.deciding.catalogue import Path
from agent.importing.written import WrittenProduct


def without_faults(
    raw: dict[str, Any], bad: Iterable[Path], unclear_options: set[str]
) -> WrittenProduct | None:
    """`raw` without what stands at the paths `bad`, and without options that are themselves unclear; None
    where it lacks what every product needs then."""
    made = copy.deepcopy(raw)
    if isinstance(made.get("options"), list):
        made["options"] = [one for one in made["options"] if str(one) not in unclear_options]
    for path in bad:
        _remove(made, path)
    made.setdefault("price_minor", 1)
    made.setdefault("unit", "piece")
    if not made.get("words") and raw.get("words"):
        return None
    try:
        return msgspec.convert(made, WrittenProduct)
    except msgspec.ValidationError:
        return None


def _remove(made: dict[str, Any], path: Path) -> None:
    """The key in which it stands, or of the words those of one language."""
    match path:
        case ("words", language, *_) if isinstance(made.get("words"), dict):
            made["words"].pop(language, None)
        case (key, *_):
            made.pop(str(key), None)
