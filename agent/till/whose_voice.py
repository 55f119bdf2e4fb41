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
from agent.plumbing.settings import Speaker
from agent.till.desk import Desk
from agent.till.heard import confused_by, wanted_otherwise


def voice_of(utterance: Utterance, desk: Desk) -> Voice:
    """What was heard of a voice in it."""
    return Voice(utterance.embedding, utterance.speech_ms, utterance.snr_db, desk.speaker_model)


def who_ordered(utterance: Utterance, desk: Desk) -> Verdict:
    """Who said what came after the wake word: by the voice, or by who is on shift; of a voice that nobody has
    admitted, that it is none that may order."""
    verdict = _verified(utterance, desk, desk.people.voiceprints())
    if verdict.reason in ("unknown_voice", "nobody_enrolled"):
        newcomers = desk.people.voiceprints(admitted=False)
        if newcomers and _verified(utterance, desk, newcomers).person:
            return Verdict(reason="not_admitted")
    return desk.shifts.who_orders(verdict)


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
    meaning: Meaning,
    utterance: Utterance,
    order: Voice,
    ordered: Verdict,
    basket: Basket | None,
    desk: Desk,
    language: str,
) -> Event:
    """The answer in `language` to a question about `basket`, which the voice `order` asked for, that of who
    `ordered`."""
    verdict, one_voice = who_answered(order, ordered, utterance, desk)
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
    return confused_by(utterance, desk.settings.speaker)


def who_answered(order: Voice, ordered: Verdict, utterance: Utterance, desk: Desk) -> tuple[Verdict, bool]:
    """Who answers to what the voice `order` asked for, that of who `ordered`, and whether the two sound like
    one."""
    limits, answer = desk.settings.speaker, voice_of(utterance, desk)
    if ordered.reason == "shift":
        return _answered_on_shift(order, ordered, answer, desk)
    verdict = consenter(order, answer, desk.people.voiceprints(), limits)
    return verdict, same_speaker(order, answer, limits)


def _answered_on_shift(order: Voice, ordered: Verdict, answer: Voice, desk: Desk) -> tuple[Verdict, bool]:
    """Who answers to what was ordered on a shift, and whether the two sound like one: where they can be
    compared, they have to, and nobody's voice need be known for that."""
    limits = desk.settings.speaker
    alone = verify(
        answer,
        shortest_ms=limits.shortest_consent_ms,
        people=desk.people.voiceprints(),
        accept_cosine=limits.thresholds.accept_consent_cosine,
        limits=limits,
    )
    comparable = all(_can_be_told(voice, limits) for voice in (order, answer))
    one_voice = not comparable or same_speaker(order, answer, limits)
    return desk.shifts.who_answers(alone, ordered), one_voice


def _can_be_told(voice: Voice, limits: Speaker) -> bool:
    """Whether there is enough of it, and it stands far enough above the room."""
    enough = voice.embedding is not None and voice.speech_ms >= limits.shortest_consent_ms
    return enough and voice.snr_db is not None and voice.snr_db >= limits.lowest_snr_db
