"""Learning a voice, only after its owner agreed aloud: (state, event) -> (state, effects), like the dialogue.

Consent first (GDPR Art. 9), then sentences to read; one in another voice or not understood is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agent.deciding.conversation import Say
from agent.deciding.sentences import ENROLMENT_PHRASES
from agent.deciding.understanding import Answer, Meaning, PhraseRead
from agent.deciding.verification import Embedding, Voiceprint, cosine, has_unit_length, make_template
from agent.plumbing.settings import Speaker

MOST_FAILURES = 3
"""So many sentences in a row that cannot be used end the enrolment with nothing kept."""


@dataclass(frozen=True)
class Enrolling:
    """`agreed` turns true with the spoken consent; `embeddings` holds the usable sentences so far, `in_noise`
    the same with noise mixed in, of those that came with it; all are of the speaker model `model`."""

    name: str
    model: str
    agreed: bool = False
    embeddings: tuple[tuple[float, ...], ...] = ()
    in_noise: tuple[tuple[float, ...], ...] = ()
    failures: int = 0

    @property
    def phrase(self) -> str:
        """What is to be read next."""
        return ENROLMENT_PHRASES[len(self.embeddings) % len(ENROLMENT_PHRASES)]


@dataclass(frozen=True)
class Learned:
    """Keep this voiceprint for `name`, who agreed."""

    name: str
    voiceprint: Voiceprint


@dataclass(frozen=True)
class Heard:
    """What one utterance (or silence: meaning None) brought."""

    meaning: Meaning | None
    embedding: Embedding | None = None
    in_noise: Embedding | None = None


EnrolmentOutcome = tuple[Enrolling | None, Say, Learned | None]
"""The next state (None: over), what to say, and the voiceprint when it succeeded."""


def begin(name: str, model: str) -> EnrolmentOutcome:
    """Ask for consent; the voice will be learned with that speaker model (a `full_name`)."""
    return Enrolling(name, model), Say("enrol_consent", "enrol"), None


def advance(
    state: Enrolling, heard: Heard, limits: Speaker, known: Iterable[Voiceprint] = ()
) -> EnrolmentOutcome:
    """One step on. `known` are the voiceprints of the enrolled, all of the same model: one voice is one
    person, or it would have the daily cap twice."""
    if isinstance(heard.meaning, Answer) and heard.meaning.kind == "denial":
        return None, Say("enrol_declined"), None
    if not state.agreed:
        if isinstance(heard.meaning, Answer) and heard.meaning.kind == "consent":
            return replace(state, agreed=True, failures=0), Say("enrol_read", "phrase"), None
        return _failed(state, Say("enrol_consent", "enrol"))
    embedding = _usable(state, heard, limits)
    if embedding is None:
        return _failed(state, Say("enrol_again", "phrase"))
    in_noise = (*state.in_noise, *_usable_in_noise(heard))
    grown = replace(state, embeddings=(*state.embeddings, embedding), in_noise=in_noise, failures=0)
    if len(grown.embeddings) < limits.enrolment_sentences:
        return grown, Say("enrol_read", "phrase"), None
    template = make_template(grown.embeddings)
    if any(_may_be(template, state.model, other, limits) for other in known):
        return None, Say("enrol_known"), None
    noisy = make_template(in_noise) if len(in_noise) == len(grown.embeddings) else None
    return None, Say("enrol_done"), Learned(state.name, Voiceprint(state.model, template, noisy))


def _may_be(template: Embedding, model: str, other: Voiceprint, limits: Speaker) -> bool:
    """True also where it cannot be told, because that voice was learned with another model."""
    return other.model != model or cosine(template, other.clean) >= limits.thresholds.accept_cosine


def _usable(state: Enrolling, heard: Heard, limits: Speaker) -> tuple[float, ...] | None:
    if not isinstance(heard.meaning, PhraseRead) or heard.embedding is None:
        return None
    if not has_unit_length(heard.embedding):
        return None
    if ENROLMENT_PHRASES[heard.meaning.number] != state.phrase:
        return None
    if (
        state.embeddings
        and cosine(make_template(state.embeddings), heard.embedding) < limits.thresholds.same_speaker_cosine
    ):
        return None
    return tuple(heard.embedding)


def _usable_in_noise(heard: Heard) -> tuple[tuple[float, ...], ...]:
    """None or one: what no encoder gives is left out, and the person is then known by the clean voice
    alone."""
    if heard.embedding is None or heard.in_noise is None or not has_unit_length(heard.in_noise):
        return ()
    return (tuple(heard.in_noise),) if len(heard.in_noise) == len(heard.embedding) else ()


def _failed(state: Enrolling, say: Say) -> EnrolmentOutcome:
    if state.failures + 1 >= MOST_FAILURES:
        return None, Say("enrol_failed"), None
    return replace(state, failures=state.failures + 1), say, None
