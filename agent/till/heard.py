"""What an utterance means to the till, before the dialogue decides what comes of it.

Words are read by the grammar that they were heard by, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

from agent.deciding.basket import Basket
from agent.deciding.changes import changed
from agent.deciding.choice import CHOICE, MOST_ANSWERS, Alternatives, answers, picked
from agent.deciding.conversation import (
    Answered,
    AskingAnother,
    AwaitingFactor,
    Changed,
    ChangeUnclear,
    Chosen,
    Confirming,
    Confused,
    Event,
    Say,
    State,
)
from agent.deciding.lexicon import LEXICONS
from agent.deciding.manner_words import MANNERS, MannerAsked
from agent.deciding.runner_up import runner_up
from agent.deciding.understanding import Answer, Meaning, OrderAsked, RepeatAsked, understand
from agent.deciding.verification import Verdict
from agent.plumbing import audit
from agent.plumbing.messages import LONGEST_PHRASE, Utterance
from agent.plumbing.sentence_graph import Tag, normalise_text
from agent.plumbing.settings import Speaker
from agent.till.desk import Desk

_MEASURABLE_MS = 500
"""With so much speech, noise that could not be measured never paused, or was as loud as the speech."""

MOST_PHRASES_BYTES = 48 * 1024
"""Of the sentences that answer one question: it goes to `voice` in the same frame."""

_MUCH_TALK_MS = 9_000
"""No order that was measured has as much speech in it."""


def meaning_of(entry: str, utterance: Utterance, desk: Desk, language: str) -> Meaning:
    """What was said at `entry`."""
    words = words_of(utterance, desk)
    return understand(desk.parser(language), desk.catalogue, entry, words, utterance.open_words)


def runner_up_of(basket: Basket, utterance: Utterance, desk: Desk, language: str) -> Basket | None:
    """Another order that was nearly heard instead of `basket`."""

    def orders(words: str) -> Basket | None:
        meaning = understand(desk.parser(language), desk.catalogue, "order", words)
        return meaning.basket if isinstance(meaning, OrderAsked) else None

    others = ((orders(near.words), near.behind_nats) for near in utterance.runners_up)
    return runner_up(basket, others, desk.settings.asr.ask_within_nats)


def answer_to(choice: Alternatives, words: str, open_words: str, speaker: Verdict, language: str) -> Event:
    """What the answer to "this one, or that one?" comes to: `words` of the grammar or '', and all that
    was said or typed, by `speaker`.

    No voice is asked for: whatever is picked is read back, and the consent to it has to come from the voice
    that ordered.
    """
    pick = picked(choice, words, open_words, language)
    if pick is None:
        return Confused()
    basket = choice.basket(pick)
    return Chosen(basket) if basket else Answered(Answer("denial"), speaker)


def choice_phrases(say: Say, language: str) -> tuple[str, ...]:
    """What may be answered to "this one, or that one?"; nothing for any other sentence."""
    if say.listen != CHOICE or not (say.basket and say.other):
        return ()
    phrases = (*aside_phrases(language), *answers(Alternatives(say.basket, say.other), language))
    return tuple(_of_one_frame(dict.fromkeys(phrases)))


def _of_one_frame(phrases: Iterable[str]) -> Iterator[str]:
    """The first of them, as many as `voice` takes with one question."""
    left = MOST_PHRASES_BYTES
    for phrase in islice((each for each in phrases if len(each) <= LONGEST_PHRASE), MOST_ANSWERS):
        left -= len(phrase.encode()) + 3  # and its length, as msgpack writes it
        if left < 0:
            return
        yield phrase


def changeable(state: State) -> Basket | None:
    """What may be changed now, at the catalogue's prices: what was read back, or seems much."""
    match state:
        case Confirming() | AwaitingFactor():
            return state.heard
        case AskingAnother(basket=basket, why="much"):
            return basket
    return None


def wanted_otherwise(
    readings: Sequence[Sequence[Tag]], basket: Basket, emptied: Answered, desk: Desk, language: str
) -> Event:
    """What a change of `basket`, as it was read back, comes to for who wants it, and in whose voice: as of
    `emptied`, which is that nothing of it is wanted."""
    other = changed(basket, readings, desk.catalogue, language)
    if isinstance(other, Basket):
        return Changed(other, emptied.speaker, emptied.same_speaker)
    return emptied if other == "emptied" else ChangeUnclear()


def aside_in(words: str, language: str) -> MannerAsked | RepeatAsked | None:
    """What `words` ask for where only phrases are listened for, beside their answers."""
    return _asides(language).get(words)


def aside_phrases(language: str) -> tuple[str, ...]:
    """All that may be said for that, normalised."""
    return tuple(_asides(language))


@cache
def _asides(language: str) -> Mapping[str, MannerAsked | RepeatAsked]:
    wishes: dict[str, MannerAsked | RepeatAsked] = {
        normalise_text(phrase): MannerAsked(kind)
        for kind, phrases in MANNERS[language].items()
        for phrase in phrases
    }
    return wishes | {normalise_text(phrase): RepeatAsked() for phrase in LEXICONS[language].repeat_phrases}


def confused_by(utterance: Utterance, limits: Speaker) -> Confused:
    """What was not understood. The room is named as the reason where it was measured as too loud, or could
    not be measured because it never was quiet; other people where more was said than an order takes."""
    if utterance.speech_ms >= _MUCH_TALK_MS:
        return Confused("much_talk")
    if utterance.snr_db is None:
        return Confused("too_loud" if utterance.speech_ms >= _MEASURABLE_MS else "")
    return Confused("too_loud" if utterance.snr_db < limits.lowest_snr_db else "")


def words_of(utterance: Utterance, desk: Desk) -> str:
    """Those of the grammar; '' where the speech was likelier something else, or was heard by a grammar that
    is not in use."""
    if utterance.grammar_id != desk.edition.grammar_id:
        audit.log("grammar_not_in_use", grammar_id=utterance.grammar_id)
        return ""
    sure = utterance.gap_per_token >= desk.settings.asr.lowest_gap(desk.settings.device.language)
    return utterance.words if sure else ""
