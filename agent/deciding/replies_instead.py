"""What is said beside an answer: what could be had instead, what is in a pack, whether a quote is wanted. Data,
as `ask_replies`; each is one sentence or two."""

from __future__ import annotations

from collections.abc import Mapping

INSTEAD: Mapping[str, str] = {
    "en": "Would {items} do, for {total}? To order it, say or type: {called}order {items}.",
    "pl": "A może {items} za {total}? Żeby to zamówić, powiedz lub napisz: {called}poproszę {items}.",
}

HOLDS: Mapping[str, tuple[str, str]] = {
    "en": ("It holds {amount}.", "Each holds {amount}."),
    "pl": ("W opakowaniu: {amount}.", "W każdym opakowaniu: {amount}."),
}
"""Of one, and of several."""

QUOTE_OFFERED: Mapping[str, str] = {
    "en": "For a quote, say: {wake}, ask for a quote.",
    "pl": "Po wycenę powiedz: {wake}, zapytaj o wycenę.",
}
"""Said aloud after a refusal for the amount."""
