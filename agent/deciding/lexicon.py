"""The words around the products, per language: openings, numbers, units, consent, denial.

Grammar and read-back both draw on them, so that what the device says is also what it understands.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from agent.deciding.lexicon_en import ENGLISH
from agent.deciding.lexicon_ko import KOREAN
from agent.deciding.lexicon_pl import POLISH
from agent.deciding.number_words import heard_words
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.sentence_graph import normalise_text

LEXICONS: Mapping[str, Lexicon] = {"en": ENGLISH, "pl": POLISH, "ko": KOREAN}
LARGEST_SPOKEN_NUMBER = 99
"""The largest that is heard: beside hundreds "two bottles" became "two hundred eighty bottles"."""

LARGEST_COUNT = 999
"""The largest that is typed."""

LARGEST_KOREAN_NUMBER = 20
"""In words. A small model takes "fifty-six" for "twelve", and no more than twenty are ordered by voice."""

_KOREAN_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_KOREAN_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def number_words(value: int, language: str) -> tuple[str, ...]:
    """How `value` (1 to 999, in Korean to 99) is said before a unit, the usual way first. Korean counts
    things with numerals of its own ("열두 병"), written as one word or two."""
    if language != "ko":
        return heard_words(value, language)
    tens, ones = _KOREAN_TENS[value // 10], _KOREAN_ONES[value % 10]
    if tens and ones:
        return (tens + ones, f"{tens} {ones}")
    return ("스무",) if value == 20 else (tens + ones,)


@cache
def spoken_words(value: int, language: str) -> tuple[str, ...]:
    """`number_words`, normalised."""
    return tuple(dict.fromkeys(map(normalise_text, number_words(value, language))))


@cache
def spoken_numbers(language: str) -> Mapping[str, int]:
    """Every normalised way to say or type a count from 1 to `LARGEST_SPOKEN_NUMBER` in `language`."""
    lexicon = LEXICONS[language]
    numbers: dict[str, int] = {normalise_text(phrase): 1 for phrase in lexicon.one_of}
    for value in range(1, LARGEST_SPOKEN_NUMBER + 1):
        numbers[str(value)] = value
        if language == "ko" and value > LARGEST_KOREAN_NUMBER:
            continue
        for words in spoken_words(value, language):
            numbers[words] = value
    for phrase, value in lexicon.counts.items():
        numbers[normalise_text(phrase)] = value
    return numbers


@cache
def typed_counts(language: str) -> Mapping[tuple[str, ...], int]:
    """All ways to type a count from 100 to `LARGEST_COUNT`, in normalised words or digits; none in Korean."""
    if language == "ko":
        return {}
    lexicon = LEXICONS[language]
    hundreds = {normalise_text(phrase): 100 for phrase in lexicon.a_hundred}
    for value in range(100, LARGEST_COUNT + 1, 100):
        hundreds |= dict.fromkeys(spoken_words(value, language), value)
    smaller = {
        words: value
        for value in range(1, LARGEST_SPOKEN_NUMBER + 1)
        for words in spoken_words(value, language)
    }
    joints = dict.fromkeys(("", normalise_text(lexicon.after_hundreds)))
    counts = {
        f"{hundred} {joint} {words}": hundred_value + value
        for hundred, hundred_value in hundreds.items()
        for joint in joints
        for words, value in smaller.items()
    }
    counts |= hundreds | {str(value): value for value in range(LARGEST_SPOKEN_NUMBER + 1, LARGEST_COUNT + 1)}
    return {tuple(text.split()): value for text, value in counts.items()}
