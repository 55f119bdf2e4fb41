"""Whose voice an utterance is, by what the till knows of its people."""

from __future__ import annotations

from agent.deciding.conversation import Answered, Event
from agent.deciding.understanding import Answer, Meaning
from agent.deciding.verification import Verdict, Voice, consenter, same_speaker, verify
from agent.plumbing.messages import Utterance
from agent.till.desk import Desk
from agent.till.heard import confused_by


def voice_of(utterance: Utterance, desk: Desk) -> Voice:
    """What was heard of a voice in it."""
    return Voice(utterance.embedding, utterance.speech_ms, utterance.snr_db, desk.speaker_model)


def who_ordered(utterance: Utterance, desk: Desk) -> Verdict:
    """Who said what came after the wake word."""
    limits = desk.settings.speaker
    return verify(
        voice_of(utterance, desk),
        shortest_ms=limits.shortest_order_ms,
        people=desk.people.voiceprints(),
        accept_cosine=limits.thresholds.accept_cosine,
        limits=limits,
    )


def answered(meaning: Meaning, utterance: Utterance, order: Voice, desk: Desk) -> Event:
    """The answer to a question about the order that the voice `order` gave."""
    limits = desk.settings.speaker
    if not isinstance(meaning, Answer):
        return confused_by(utterance, limits)
    answer = voice_of(utterance, desk)
    verdict = consenter(order, answer, desk.people.voiceprints(), limits)
    return Answered(meaning, verdict, same_speaker(order, answer, limits))
