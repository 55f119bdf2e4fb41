"""A typed line in another language than that of the chat: no one language has all who stand at one device."""

from __future__ import annotations

from agent.deciding.replies_typed import IN_ITS_TONGUE
from agent.deciding.understanding import Answer, Meaning, NotUnderstood, understand
from agent.till.desk import Desk
from agent.till.tongue import tongues


def meaning_typed(desk: Desk, entry: str, text: str, language: str) -> Meaning:
    """What `text` means at `entry`, in `language`. A denial counts in every language of what is sold: where
    somebody says no, nothing is ordered. In another one it is a whole sentence: "no tak" is a Polish yes."""
    meaning = understand(desk.parser(language), desk.catalogue, entry, text, text)
    if not (isinstance(meaning, NotUnderstood) and entry == "consent"):
        return meaning
    others = (_meaning(desk, entry, text, other) for other in tongues(desk) if other != language)
    denials = (other for other in others if other == Answer("denial"))
    return next(denials, meaning)


def in_its_tongue(desk: Desk, text: str, language: str) -> str:
    """How the language is changed, in that in which `text` means something; '' where it does in none."""
    for other in tongues(desk):
        understood = (_meaning(desk, entry, text, other) for entry in ("order", "consent"))
        if other != language and not all(isinstance(one, NotUnderstood) for one in understood):
            return IN_ITS_TONGUE.get(other, "")
    return ""


def _meaning(desk: Desk, entry: str, text: str, language: str) -> Meaning:
    return understand(desk.parser(language), desk.catalogue, entry, text)
