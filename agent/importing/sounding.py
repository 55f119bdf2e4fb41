"""Products whose names sound or look alike, so that one may be heard for the other."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence

from agent.importing.findings import Findings, Line
from agent.importing.judging import Products, languages_of
from agent.importing.naming import written_phrases
from agent.plumbing.sentence_graph import normalise_text, written_text

PROGRAM = "espeak-ng"
VOICES = {"en": ("en-us", "en-gb"), "pl": ("pl",), "ko": ("ko",)}
"""The accents in which names are compared."""

SHORTEST_ALIKE = 5
"""Sounds or letters: shorter names differ in one more often than not ("tea", "peas")."""

_NOBODY = -1
_NO_SOUND = str.maketrans("", "", "ˈˌː ")
_TIMEOUT_S = 300.0


def judge_sounds(products: Products, findings: Findings, line: Line) -> None:
    """Warns of names of different products that sound the same in an accent, that differ in one sound, or in
    one letter, and of those that sound so like something that people say to a device. Sounds are those of
    espeak-ng; where it is not installed or fails, a warning says so."""
    can_speak = shutil.which(PROGRAM) is not None
    if not can_speak:
        findings.warning(0, f"names were not compared by their sound: {PROGRAM} is not installed")
    for language in languages_of(products):
        owners: dict[str, int] = {}
        for at, (_, product) in enumerate(products):
            for form in product.words[language].heard if language in product.words else ():
                owners.setdefault(written_text(form), at)
        for phrase in written_phrases(language):
            owners.setdefault(phrase, _NOBODY)
        names = [name for name in owners if name]
        told: set[tuple[int, int]] = set()
        spoken = [sounds(names, voice) for voice in VOICES[language]] if can_speak else []
        if not all(spoken):
            findings.warning(0, f"names in {language!r} were not compared by their sound: {PROGRAM} failed")
        for one, other, how in _alike(names, spoken):
            (first, name), (second, its) = sorted((owners[names[at]], names[at]) for at in (one, other))
            if first == second or (first, second) in told:
                continue
            if first == _NOBODY and "sounds" not in how:  # "latte" is no "latter"
                continue
            told.add((first, second))
            path, product = products[second]
            whose = f"of {products[first][1].id!r}" if first != _NOBODY else "that people say to a device"
            findings.warning(
                line((*path, "words", language)), f"product {product.id!r}: {its!r} {how} {name!r} {whose}"
            )


def _alike(names: Sequence[str], spoken: Iterable[Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    """Places of names and how they are alike, those that are more so first; `spoken`: as `sounds` gives them,
    for each voice."""
    for of_voice in spoken:
        yield from ((one, other, "sounds like") for one, other in equal(of_voice))
    for of_voice in spoken:
        yield from ((one, other, "sounds almost like") for one, other in one_apart(of_voice))
    written = [normalise_text(name) for name in names]
    for one, other in one_apart(written):
        if _digits(written[one]) == _digits(written[other]):  # "M8" and "M6" are meant to differ
            yield one, other, "is written almost like"


def _digits(text: str) -> list[str]:
    return [letter for letter in text if letter.isdecimal()]


def sounds(names: Sequence[str], voice: str) -> list[str]:
    """Each name in the International Phonetic Alphabet, without stress, length and pauses; none where the
    program fails."""
    try:
        done = subprocess.run(
            [PROGRAM, "-q", "--ipa", "-b", "1", "-v", voice],
            input="".join(f"{name}.\n" for name in names),
            capture_output=True,
            text=True,
            check=True,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    spoken = done.stdout.splitlines()
    return [text.translate(_NO_SOUND) for text in spoken] if len(spoken) == len(names) else []


def equal(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of texts that are the same, the first of them with each other."""
    first: dict[str, int] = {}
    for at, text in enumerate(texts):
        if text and first.setdefault(text, at) != at:
            yield first[text], at


def one_apart(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of texts of which one becomes the other by one letter put in, left out or changed, in time
    that grows with their number: they share what is left of them without a letter."""
    left: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        if len(text) < SHORTEST_ALIKE:
            continue
        for rest in dict.fromkeys((text, *(text[:i] + text[i + 1 :] for i in range(len(text))))):
            for other in left.get(rest, ()):
                if text != texts[other] and _differ_by_one(text, texts[other]):
                    yield other, at
            left.setdefault(rest, []).append(at)


def _differ_by_one(one: str, other: str) -> bool:
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, of_other = one[start:], other[start:]
    return rest[1:] == of_other[1:] or rest[1:] == of_other or rest == of_other[1:]
