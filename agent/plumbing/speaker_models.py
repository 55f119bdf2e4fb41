"""The speaker models by name, and the cosines that were measured with each: those of one say nothing about
another's."""

from __future__ import annotations

from typing import Literal, NamedTuple

SpeakerModel = Literal["speaker-ge2e", "speaker-ecapa"]

ECAPA: SpeakerModel = "speaker-ecapa"
GE2E: SpeakerModel = "speaker-ge2e"
"""With it all voices were learned before a voiceprint named its model."""


class Thresholds(NamedTuple):
    """Cosines in 0..1; `agent.plumbing.settings.Speaker` says what each is for."""

    accept_cosine: float
    accept_consent_cosine: float
    runner_up_margin_cosine: float
    same_speaker_cosine: float


MEASURED: dict[SpeakerModel, Thresholds] = {"speaker-ge2e": Thresholds(0.82, 0.75, 0.02, 0.65)}
"""By `earmark bench speakers`, docs/figures/speakers.md. A model that is not here has none until whoever has
its weights measures them: docs/speaker_models.md."""


def full_name(model: SpeakerModel, weights: str = "") -> str:
    """What a voiceprint names: the model, and, where files of that id may hold other weights, which."""
    return f"{model}:{weights}" if weights else model


def model_of(name: str) -> str:
    """The model in a `full_name`."""
    return name.partition(":")[0]
