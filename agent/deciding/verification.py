"""Who said it: a speaker embedding against the enrolled templates. Open set: one of the household, or nobody.

Cosine scoring of unit-length GE2E embeddings (Wan et al. 2018, "Generalized End-to-End Loss for Speaker
Verification"); thresholds come from the settings and are measured, see docs/figures.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.plumbing.settings import Speaker

Embedding = Sequence[float]
Reason = Literal["", "nobody_enrolled", "unknown_voice", "too_short", "too_noisy", "typed"]


@dataclass(frozen=True)
class Verdict:
    """`person` is the pseudonym of the verified speaker; where it is '', `reason` says why nobody was
    verified."""

    person: str = ""
    reason: Reason = ""


TYPED = Verdict(reason="typed")
"""Words that came from a keyboard: nobody's voice."""


def verify(
    embedding: Embedding | None,
    *,
    speech_ms: int,
    shortest_ms: int,
    snr_db: float | None,
    people: Mapping[str, Embedding],
    limits: Speaker,
) -> Verdict:
    """The enrolled person whose template is nearest, when it is near enough; outside what was measured,
    nobody.

    `people` maps pseudonyms to unit-length templates, `speech_ms` is the speech behind `embedding`.
    """
    if not people:
        return Verdict(reason="nobody_enrolled")
    if embedding is None or speech_ms < shortest_ms:
        return Verdict(reason="too_short")
    if snr_db is not None and not snr_db >= limits.lowest_snr_db:  # also where it is not a number
        return Verdict(reason="too_noisy")
    person, score = max(
        ((name, cosine(embedding, vector)) for name, vector in people.items()), key=lambda best: best[1]
    )
    return Verdict(person) if score >= limits.accept_cosine else Verdict(reason="unknown_voice")


def same_speaker(order: Embedding | None, consent: Embedding | None, limits: Speaker) -> bool:
    """Whether consent and order sound like one person; False where either cannot be compared."""
    if order is None or consent is None:
        return False
    return cosine(order, consent) >= limits.same_speaker_cosine


def make_template(embeddings: Sequence[Embedding]) -> tuple[float, ...]:
    """The unit-length mean of enrolment embeddings. Raises ValueError where there is none or they cancel
    out."""
    if not embeddings:
        raise ValueError("a template needs at least one embedding")
    mean = [math.fsum(column) / len(embeddings) for column in zip(*embeddings, strict=True)]
    length = math.hypot(*mean)
    if not length > 0:
        raise ValueError("the embeddings cancel out")
    return tuple(value / length for value in mean)


def cosine(a: Embedding, b: Embedding) -> float:
    """Cosine similarity in -1..1; 0 where lengths differ or a value is not a finite number, so that it never
    accepts."""
    length_a, length_b = math.hypot(*a), math.hypot(*b)
    if len(a) != len(b) or not 0 < length_a < math.inf or not 0 < length_b < math.inf:
        return 0.0
    # Divided first: products of what a forging process sends could overflow.
    return math.fsum((x / length_a) * (y / length_b) for x, y in zip(a, b, strict=True))


def has_unit_length(embedding: Embedding) -> bool:
    """Whether it is what an encoder gives: finite, and of length 1 but for rounding."""
    return math.isclose(math.hypot(*embedding), 1.0, abs_tol=0.01)
