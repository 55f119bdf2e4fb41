"""Learning a voice, only after its owner agreed aloud: (state, event) -> (state, effects), as the dialogue.

Consent first (GDPR Art. 9), then sentences to read. What a template needs is enough speech, above the room,
in the voice that agreed; the words only have to tell a reading from other talk, and so need not be
understood (docs/adr/0033). What cannot be used is asked for again, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import NamedTuple

from agent.deciding.conversation import Say
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.understanding import Answer, Meaning, PhraseRead
from agent.deciding.verification import (
    NOBODY,
    Embedding,
    Voice,
    Voiceprint,
    cosine,
    has_unit_length,
    make_template,
)
from agent.plumbing.sentence_graph import normalise_text
from agent.plumbing.settings import Speaker

MOST_FAILURES = 3
"""So many sentences in a row that cannot be used end the enrolment with nothing kept."""

LEAST_ALIKE = 0.5
"""Share of letters that the free decode has in common with the sentence to read, in their order, from which
it is a reading of it (docs/figures/conversations.md)."""


@dataclass(frozen=True)
class Enrolling:
    """Reads in `language`. `agreed` is the voice of the spoken consent, None before; `embeddings` holds the
    usable sentences so far, `in_noise` the same with noise mixed in, of those that came with it; all are of
    the speaker model `model`."""

    name: str
    language: str
    model: str
    agreed: tuple[float, ...] | None = None
    embeddings: tuple[tuple[float, ...], ...] = ()
    in_noise: tuple[tuple[float, ...], ...] = ()
    failures: int = 0

    @property
    def phrase(self) -> str:
        """What is to be read next."""
        phrases = ENROLMENT_PHRASES[self.language]
        return phrases[len(self.embeddings) % len(phrases)]


@dataclass(frozen=True)
class Learned:
    """Keep this voiceprint for `name`, who agreed."""

    name: str
    voiceprint: Voiceprint


@dataclass(frozen=True)
class Heard:
    """What one utterance (or silence: meaning None) brought. `in_noise` is the voice with noise mixed in,
    `open_words` the free decode, `words` those of the grammar."""

    meaning: Meaning | None
    voice: Voice = NOBODY
    in_noise: Embedding | None = None
    open_words: str = ""
    words: str = ""


class Sentence(NamedTuple):
    """`heard` answers what was asked, by these `limits`. `known` are the voiceprints of the enrolled, all of
    the same model."""

    heard: Heard
    limits: Speaker
    known: Sequence[Voiceprint] = ()


EnrolmentOutcome = tuple[Enrolling | None, Say, Learned | None]
"""The next state (None: over), what to say, and the voiceprint when it succeeded."""


def begin(name: str, language: str, model: str) -> EnrolmentOutcome:
    """Ask for consent in `language`; the voice will be learned with that speaker model (a `full_name`)."""
    return Enrolling(name, language, model), Say("enrol_consent", "enrol"), None


def advance(
    state: Enrolling, heard: Heard, limits: Speaker, known: Iterable[Voiceprint] = ()
) -> EnrolmentOutcome:
    """One step on. `known` are the voiceprints of the enrolled, all of the same model: one voice is one
    person, or it would have the daily cap twice."""
    read = state.agreed is not None and is_read(state.phrase, heard, state.language)
    if isinstance(heard.meaning, Answer) and heard.meaning.kind == "denial" and not read:
        return None, Say("enrol_declined"), None
    if state.agreed is None:
        return _asked(state, heard)
    problem = _problem(state.agreed, state, heard, limits) if read else "enrol_again"
    if problem or heard.voice.embedding is None:
        return _failed(state, Say(problem or "enrol_again", "phrase"))
    in_noise = (*state.in_noise, *_usable_in_noise(heard))
    embeddings = (*state.embeddings, tuple(heard.voice.embedding))
    grown = replace(state, embeddings=embeddings, in_noise=in_noise, failures=0)
    if len(grown.embeddings) < limits.enrolment_sentences:
        return grown, Say("enrol_read", "phrase"), None
    template = make_template(grown.embeddings)
    if any(_may_be(template, state.model, other, limits) for other in known):
        return None, Say("enrol_known"), None
    noisy = make_template(in_noise) if len(in_noise) == len(grown.embeddings) else None
    return None, Say("enrol_done"), Learned(state.name, Voiceprint(state.model, template, noisy))


def grown(
    before: Voiceprint, sentences: int, more: Voiceprint, again: int, limits: Speaker
) -> Voiceprint | None:
    """`before`, learned from so many `sentences`, with another sitting's `again`: the weighted mean of each
    template. None where the new voice is not near the known one, or of another model."""
    if before.model != more.model or cosine(before.clean, more.clean) < limits.thresholds.accept_cosine:
        return None
    in_noise = before.in_noise or more.in_noise
    if before.in_noise and more.in_noise:
        in_noise = _mean(before.in_noise, sentences, more.in_noise, again)
    return Voiceprint(before.model, _mean(before.clean, sentences, more.clean, again), in_noise)


def _mean(one: Embedding, weight: int, other: Embedding, other_weight: int) -> tuple[float, ...]:
    return make_template([*[one] * weight, *[other] * other_weight])


def _may_be(template: Embedding, model: str, other: Voiceprint, limits: Speaker) -> bool:
    """True also where it cannot be told, because that voice was learned with another model."""
    return other.model != model or cosine(template, other.clean) >= limits.thresholds.accept_cosine


def _asked(state: Enrolling, heard: Heard) -> EnrolmentOutcome:
    """The answer to whether the voice may be learned; a bare yes is none, and neither is one without a
    voice."""
    voice = heard.voice
    consent = isinstance(heard.meaning, Answer) and heard.meaning.kind == "consent"
    if consent and voice.embedding is not None and _is_of(state, voice):
        return replace(state, agreed=tuple(voice.embedding), failures=0), Say("enrol_read", "phrase"), None
    return _failed(state, Say("enrol_consent_again", "enrol"))


def is_read(phrase: str, heard: Heard, language: str) -> bool:
    """Whether `phrase`, one of those of `language`, was read: by the grammar, or by what the free decode
    made of it."""
    if isinstance(heard.meaning, PhraseRead):
        return ENROLMENT_PHRASES[language][heard.meaning.number] == phrase
    said, written = (text.replace(" ", "") for text in (heard.open_words, normalise_text(phrase)))
    return SequenceMatcher(None, written, said, autojunk=False).ratio() >= LEAST_ALIKE


def _problem(agreed: Embedding, state: Enrolling, heard: Heard, limits: Speaker) -> str:
    """What to say about a sentence that was read and cannot be used; '' where it can."""
    voice = heard.voice
    if voice.embedding is None or not _is_of(state, voice):
        return "enrol_again"
    if voice.speech_ms < limits.shortest_enrolment_ms:
        return "enrol_again"
    if voice.snr_db is None or not voice.snr_db >= limits.lowest_snr_db:
        return "enrol_too_noisy"
    if (
        cosine(make_template((agreed, *state.embeddings)), voice.embedding)
        < limits.thresholds.same_speaker_cosine
    ):
        return "enrol_other_voice"
    return ""


def _is_of(state: Enrolling, voice: Voice) -> bool:
    """Whether the embedding is one that the model of this enrolment gives."""
    return voice.embedding is not None and voice.model == state.model and has_unit_length(voice.embedding)


def _usable_in_noise(heard: Heard) -> tuple[tuple[float, ...], ...]:
    """None or one: what no encoder gives is left out, and the person is then known by the clean voice
    alone."""
    embedding, in_noise = heard.voice.embedding, heard.in_noise
    if embedding is None or in_noise is None or not has_unit_length(in_noise):
        return ()
    return (tuple(in_noise),) if len(in_noise) == len(embedding) else ()


def _failed(state: Enrolling, say: Say) -> EnrolmentOutcome:
    if state.failures + 1 >= MOST_FAILURES:
        return None, Say("enrol_failed"), None
    return replace(state, failures=state.failures + 1), say, None
