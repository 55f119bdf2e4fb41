"""Who said it: a speaker embedding against the enrolled. Open set: one of the household, or nobody.

Cosine scoring of unit-length embeddings of one speaker model (Wan et al. 2018, "Generalized End-to-End Loss
for Speaker Verification"). Embeddings of two models are never compared. The thresholds belong to the model
and are measured, see docs/figures.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.plumbing.settings import Speaker
from agent.plumbing.speaker_models import model_of

Embedding = Sequence[float]
Reason = Literal[
    "",
    "nobody_enrolled",
    "voice_model_changed",
    "unknown_voice",
    "not_admitted",
    "too_short",
    "too_noisy",
    "typed",
    "shift",
    "no_shift",
]
UNCLEAR: tuple[Reason, ...] = ("too_short", "too_noisy")
"""Reasons for which a known voice may not be known."""


@dataclass(frozen=True)
class Verdict:
    """`person` is the pseudonym of the verified speaker; where it is '', `reason` says why nobody was
    verified. With a `reason` beside it, it is who is said to have typed, or who is on shift."""

    person: str = ""
    reason: Reason = ""


@dataclass(frozen=True)
class Voiceprint:
    """One person's voice as unit-length templates of the speaker model `model` (a `full_name`): read aloud as
    it was, and with noise mixed in. `in_noise` is None where it was learned by a release that did not make
    one."""

    model: str
    clean: tuple[float, ...]
    in_noise: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Voice:
    """What was heard of a voice: its embedding, None where there was too little, the speech behind it, how
    far it stood above the room, None where that could not be measured, and the speaker model (a
    `full_name`) that made the embedding, '' where it is not known."""

    embedding: Embedding | None
    speech_ms: int
    snr_db: float | None
    model: str


NOBODY = Voice(None, 0, None, "")
"""No voice, or none that is to be compared any more."""

TYPED = Verdict(reason="typed")
"""Words that came from a keyboard: nobody's voice."""


def typed_by(person: str) -> Verdict:
    """The same from somebody who says to be `person`, which that person's phone has to show."""
    return Verdict(person, "typed")


def verify(
    voice: Voice, *, shortest_ms: int, people: Mapping[str, Voiceprint], accept_cosine: float, limits: Speaker
) -> Verdict:
    """The enrolled person whose voiceprint is nearest, when it is near enough and clearly nearer than anybody
    else's; outside what was measured, nobody.

    `people` maps pseudonyms to voiceprints; those of another model than the voice's are left out, and so are
    all of them where `limits` are not that model's."""
    if not people:
        return Verdict(reason="nobody_enrolled")
    comparable = {name: voiceprint for name, voiceprint in people.items() if voiceprint.model == voice.model}
    if not comparable or model_of(voice.model) != limits.model:
        return Verdict(reason="voice_model_changed")
    if voice.embedding is None or voice.speech_ms < shortest_ms:
        return Verdict(reason="too_short")
    if voice.snr_db is None or not voice.snr_db >= limits.lowest_snr_db:  # also where it is not a number
        return Verdict(reason="too_noisy")
    scores = sorted(
        ((score(voice.embedding, voiceprint), name) for name, voiceprint in comparable.items()), reverse=True
    )
    best, person = scores[0]
    runner_up = scores[1][0] if len(scores) > 1 else -1.0
    if best < accept_cosine or best - runner_up < limits.thresholds.runner_up_margin_cosine:
        return Verdict(reason="unknown_voice")
    return Verdict(person)


def score(embedding: Embedding, voiceprint: Voiceprint) -> float:
    """How near a voice is to a person, -1..1: the cosine to the nearer of the person's templates, which must
    be of the model that made the embedding.

    The nearer one is the one whose noise is more like that of the trial; so nothing has to be told about it.
    """
    clean = cosine(embedding, voiceprint.clean)
    return clean if voiceprint.in_noise is None else max(clean, cosine(embedding, voiceprint.in_noise))


def same_speaker(order: Voice, consent: Voice, limits: Speaker) -> bool:
    """Whether consent and order sound like one person; False where the two cannot be compared."""
    if order.embedding is None or consent.embedding is None or order.model != consent.model:
        return False
    return cosine(order.embedding, consent.embedding) >= limits.thresholds.same_speaker_cosine


def consenter(order: Voice, consent: Voice, people: Mapping[str, Voiceprint], limits: Speaker) -> Verdict:
    """Who consented to the order that `order` gave.

    The consent is short, so it is verified together with the order; and alone as well, at a lower threshold,
    so that a long order by one person carries no consent of another. Whether the two are one voice is
    `same_speaker`'s to say."""
    alone = verify(
        consent,
        shortest_ms=limits.shortest_consent_ms,
        people=people,
        accept_cosine=limits.thresholds.accept_consent_cosine,
        limits=limits,
    )
    if not alone.person:
        return alone
    together = verify(
        Voice(pooled(order, consent), order.speech_ms + consent.speech_ms, order.snr_db, consent.model),
        shortest_ms=limits.shortest_order_ms,
        people=people,
        accept_cosine=limits.thresholds.accept_cosine,
        limits=limits,
    )
    return together if together.person == alone.person else Verdict(reason="unknown_voice")


def pooled(order: Voice, consent: Voice) -> Embedding | None:
    """Both as one unit-length embedding, weighted by the speech in each; None where one is missing, or they
    are of two models.

    The encoder averages over stretches of equal length, so this is nearly what it gives for both in one."""
    if order.embedding is None or consent.embedding is None or order.model != consent.model:
        return None
    if len(order.embedding) != len(consent.embedding):
        return None
    both = [
        order.speech_ms * of_order + consent.speech_ms * of_consent
        for of_order, of_consent in zip(order.embedding, consent.embedding, strict=True)
    ]
    length = math.hypot(*both)
    return tuple(value / length for value in both) if 0 < length < math.inf else None


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
