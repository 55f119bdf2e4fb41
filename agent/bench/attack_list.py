"""All attacks of `earmark bench attacks`, in the order of its table."""

from __future__ import annotations

from agent.bench.attack_claims import CLAIMS, MANY_CLAIMS
from agent.bench.attack_connections import CERTIFICATES, FLOOD, SIZES, TOPICS
from agent.bench.attack_environments import ENVIRONMENTS
from agent.bench.attack_intents import TEXTS, TOKENS
from agent.bench.attack_road import CLOSINGS, SPOKEN
from agent.bench.attacks import Attack

ATTACKS: tuple[Attack, ...] = (
    *TOPICS,
    *TOKENS,
    *CLOSINGS,
    *SIZES,
    *CERTIFICATES,
    *ENVIRONMENTS,
    *CLAIMS,
    *TEXTS,
    *SPOKEN,
    *FLOOD,
    *MANY_CLAIMS,
)
