"""What is kept of a person beside the voice: what they agreed to, in which words, and what they are here."""

from __future__ import annotations

import msgspec


class Consent(msgspec.Struct, frozen=True):
    """The question that was put aloud, the answer as it was understood, when (Unix seconds) and in which
    language."""

    asked: str
    answered: str
    at_s: int
    language: str


class Session(msgspec.Struct, frozen=True):
    """One sitting in which the voice was learned: when (Unix seconds), in which language, from how many
    sentences."""

    at_s: int
    language: str
    sentences: int


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """`role` is one of the house's rules. `remembers`: whether what the person ordered may be used to suggest
    something to the same person. Of a later release's profile the fields that this one knows are read."""

    consent: Consent | None = None
    role: str = ""
    remembers: bool = False
    sessions: tuple[Session, ...] = ()
    remembering: Consent | None = None  # spoken by that person; None where an operator has let it


NO_PROFILE = Profile()
"""Of somebody whom an earlier release enrolled."""
