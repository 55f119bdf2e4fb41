"""All attacks of `earmark bench attacks`, in the order of its table."""

from __future__ import annotations

from agent.bench.attack_authorities import AUTHORITY
from agent.bench.attack_claims import CLAIMS, MANY_CLAIMS
from agent.bench.attack_connections import CERTIFICATES, FLOOD, SIZES, TOPICS
from agent.bench.attack_environments import ENVIRONMENTS
from agent.bench.attack_heard_offers import HEARD_OFFERS
from agent.bench.attack_intents import TEXTS, TOKENS
from agent.bench.attack_offers import OFFERS
from agent.bench.attack_road import CLOSINGS, SPOKEN
from agent.bench.attack_rules import RULES
from agent.bench.attacks import Attack

ATTACKS: tuple[Attack, ...] = (
    *TOPICS,
    *TOKENS,
    *RULES,
    *CLOSINGS,
    *OFFERS,
    *HEARD_OFFERS,
    *SIZES,
    *CERTIFICATES,
    *ENVIRONMENTS,
    *CLAIMS,
    *TEXTS,
    *SPOKEN,
    *FLOOD,
    *MANY_CLAIMS,
    *AUTHORITY,  # last: from then on the shop has a successor of its authority
)
