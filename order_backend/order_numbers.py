"""Order numbers that nobody guesses."""

from __future__ import annotations

import secrets


def unguessable() -> str:
    """50 random bits in an alphabet that survives being read out over a telephone."""
    alphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "E-" + "".join(secrets.choice(alphabet) for _ in range(10))
