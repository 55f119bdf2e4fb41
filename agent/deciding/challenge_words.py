"""Words that the device says and a person says again, so that a recording of an earlier order is none of this
one. They are drawn anew for each question. Data by language, and the draw.

Common, of two or three syllables, and unlike each other; none of them means anything else here. A language
without words has no challenge: whatever asks for one asks for a PIN or badge there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CHALLENGE = "challenge"
"""What is listened for after such a question: an entry of the grammar."""

WORDS_SAID = 3
"""In an order that counts: one of 29,760, with one try."""

LEAST_CHANCE_BYTES = 16
HEARD_MS = 10_000
"""Of audio, in which the answer has to begin."""

CHALLENGE_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": tuple(
        (
            "river candle garden winter dragon monkey paper window yellow orange mountain rabbit holiday button ladder "
            "pocket tiger lemon kitchen market needle purple doctor island music planet engine umbrella elephant "
            "piano camera violin"
        ).split()
    ),
    "pl": tuple(
        (
            "rzeka świeca ogród zima smok małpa papier okno żółty góra królik młotek guzik drabina kieszeń tygrys "
            "cytryna kuchnia igła fioletowy doktor wyspa muzyka planeta silnik parasol pianino kamera pomidor pociąg "
            "zegar jezioro"
        ).split()
    ),
}


@dataclass(frozen=True)
class ChallengeSaid:
    """Words of the list were said, by their places in it."""

    words: tuple[int, ...]


def drawn(chance: bytes, digest: str) -> tuple[int, ...]:
    """Different places in the list of a language, from `chance` (fresh random bytes) for the one basket of
    that digest. Raises ValueError where there is too little chance in it to be one."""
    if len(chance) < LEAST_CHANCE_BYTES:
        raise ValueError("words that can be guessed show nothing")
    found: list[int] = []
    block = hashlib.sha256(chance + digest.encode()).digest()
    while len(found) < WORDS_SAID:
        for byte in block:
            place = byte % _LISTED  # which divides 256, so all are as likely
            if place not in found and len(found) < WORDS_SAID:
                found.append(place)
        block = hashlib.sha256(block).digest()
    return tuple(found)


_LISTED = 32
"""Words of each language."""


def in_words(places: Sequence[int], language: str) -> str:
    """As the device says them: "river, candle, dragon"; '' in a language without words."""
    words = CHALLENGE_WORDS.get(language, ())
    return ", ".join(words[place] for place in places) if words else ""
