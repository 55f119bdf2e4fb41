"""Whose voice an utterance is, by what the till knows of its people."""

from __future__ import annotations

from collections.abc import Mapping

from agent.deciding.basket import Basket
from agent.deciding.challenge_words import ChallengeSaid
from agent.deciding.challenged import ChallengeAnswered
from agent.deciding.conversation import Answered, Changed, Event, Helped
from agent.deciding.understanding import Answer, ChangeAsked, HelpAsked, Meaning, MoreAsked
from agent.deciding.verification import Verdict, Voice, Voiceprint, consenter, same_speaker, verify
from agent.plumbing.messages import Utterance
from agent.till.desk import Desk
from agent.till.heard import confused_by, wanted_otherwise


def voice_of(utterance: Utterance, desk: Desk) -> Voice:
    """What was heard of a voice in it."""
    return Voice(utterance.embedding, utterance.speech_ms, utterance.snr_db, desk.speaker_model)


def who_ordered(utterance: Utterance, desk: Desk) -> Verdict:
    """Who said what came after the wake word; of a voice that nobody has admitted, that it is none that may
    order."""
    verdict = _verified(utterance, desk, desk.people.voiceprints())
    if verdict.reason in ("unknown_voice", "nobody_enrolled"):
        newcomers = desk.people.voiceprints(admitted=False)
        if newcomers and _verified(utterance, desk, newcomers).person:
            return Verdict(reason="not_admitted")
    return verdict


def _verified(utterance: Utterance, desk: Desk, people: Mapping[str, Voiceprint]) -> Verdict:
    limits = desk.settings.speaker
    return verify(
        voice_of(utterance, desk),
        shortest_ms=limits.shortest_order_ms,
        people=people,
        accept_cosine=limits.thresholds.accept_cosine,
        limits=limits,
    )


def answered(
    meaning: Meaning, utterance: Utterance, order: Voice, basket: Basket | None, desk: Desk, language: str
) -> Event:
    """The answer in `language` to a question about `basket`, which the voice `order` asked for."""
    limits = desk.settings.speaker
    answer = voice_of(utterance, desk)
    verdict = consenter(order, answer, desk.people.voiceprints(), limits)
    one_voice = same_speaker(order, answer, limits)
    match meaning:
        case ChallengeSaid(words):
            return ChallengeAnswered(words, verdict, one_voice)
        case Answer():
            return Answered(meaning, verdict, one_voice)
        case MoreAsked(more) if basket is not None and (both := basket.plus(more)) is not None:
            return Changed(both, verdict, one_voice)
        case ChangeAsked(readings) if basket is not None:
            none_left = Answered(Answer("denial"), verdict, one_voice)
            return wanted_otherwise(readings, basket, none_left, desk, language)
        case HelpAsked():
            return Helped()
    return confused_by(utterance, limits)
