"""Text to be read aloud that holds no wake phrase: what is on the machine anyway, made sentences, and what
sounds nearly like a wake phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

FORTUNES_DIR = Path("/usr/share/games/fortunes")
"""Debian's packages fortunes and fortunes-min: quotations, jokes, verse and letters, about 400,000 words."""

_WORDS_A_PASSAGE = (8, 40)
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?[,.?!]?")
_NO_TEXT = {"art", "ascii-art", "translate-me"}  # pictures, and other languages


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("|"))


_NEAR = {
    "alexa": _listed(
        """
        a lexus | the lexus of a friend | Alexis | Alexander | Alex | Alec said | Alexei | Alexandria |
        election | electric | elect a mayor | a lecture | a lexicon | relax a bit | I'll ask her |
        all except her | Texas | a taxi | I like sir | a letter | the legs are | flex a muscle |
        collects a fee | selects a card | annex a room | eleven exact | a black sedan
        """
    ),
    "hey_jarvis": _listed(
        """
        hey Travis | hey Charlie | hey Jarred | hey Jordan | hey Marvin | hey Janice | hey Java |
        hey service | hey nervous | hay harvest | hey drivers | hey charmers | hey Harvey | hey jars |
        they carve this | a jar of this | they starve us | hey George | Jarvis | say service | hey chavs |
        hey artist | a harvest | hey Jasper | hey Carlos
        """
    ),
    "hey_mycroft": _listed(
        """
        hey Mike | hey Michael | hey Microsoft | hey microphone | hey Minecraft | hey my friend |
        hey Mick Ross | hey my craft | hey my cloth | a minecraft | they might crop | hey microwave |
        aircraft | hey my coffee | Mycroft | hey Mac | hey make it soft | hey micro | hey my cough |
        hey Mark Roft | my croft | handicraft | hey my God
        """
    ),
    "okay_nabu": _listed(
        """
        okay navy | okay now | okay no | okay not | okay number two | okay maybe | okay nobody |
        okay Nabil | okay another | okay never | okay new book | okay now who | okay nap | okay nah |
        okay nothing | okay Nancy | okay Google | okay computer | a canoe | bamboo | okay now you do |
        no taboo | a caribou | okay Nabokov | okay napkin | oh can I
        """
    ),
}
_CARRIERS = (
    "{}", "{}, what is it.", "I said {} yesterday.", "They told me about {}, and then we left.",
    "Well, {}, I do not know.", "{}, could you come here.", "Was that {}, or something else?",
    "We will have to see. {}. That is all.",
)  # fmt: skip

_WHO = _listed(
    """
    my sister | the neighbour | that man | our teacher | the doctor | a friend of mine | the driver |
    everybody | the old lady | your brother | the whole team | nobody in the village | the manager
    """
)
_DOES = _listed(
    """
    wants to sell | has never seen | was looking for | will bring | forgot | is going to paint |
    could not find | talks about | bought | would rather keep | has just repaired | gave away
    """
)
_WHAT = _listed(
    """
    the red bicycle | two tickets for the game | an empty house | the kitchen window | a long letter |
    the last train | some bread and cheese | his father's watch | a box of photographs | the garden gate |
    another cup of coffee | the morning paper | a very small dog | the results of the test | three chairs
    """
)
_WHEN = _listed(
    """
    before the winter | on Thursday afternoon | after the meeting | as soon as it stops raining | again |
    because it was late | if there is time | while the children sleep | in the middle of the night |
    at twenty past seven | although it costs a hundred and fifty pounds | for the first time in years
    """
)


def near_texts(phrase: str, rng: np.random.Generator) -> Iterator[str]:
    """Without end, what sounds nearly like the wake phrase `phrase` (a key of
    `agent.hearing.wake_check.PHRASES`), and every third time like another one."""
    others = [near for name, nears in _NEAR.items() if name != phrase for near in nears]
    for number in cycle(range(3)):
        nears = others if number == 2 else _NEAR[phrase]
        yield _one(_CARRIERS, rng).format(_one(nears, rng))


def reading_texts(phrase: str, rng: np.random.Generator) -> dict[str, Iterator[str]]:
    """Passages of 8 to 40 words without end, by where they come from: "fortunes" where FORTUNES_DIR is there,
    "python" (the reference texts that come with Python), "made". None `holds` the phrase.
    """
    found = {"python": _passages(_python_words(), phrase, rng), "made": _made_texts(rng)}
    if words := _fortune_words():
        found["fortunes"] = _passages(words, phrase, rng)
    return found


def holds(phrase: str, text: str) -> bool:
    """Whether the words of `phrase` (a key of PHRASES) stand in `text` one after the other."""
    words = re.sub(r"[^a-z' ]", "", text.lower()).split()
    return f" {phrase.replace('_', ' ')} " in f" {' '.join(words)} "


def _one(choices: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _passages(words: list[str], phrase: str, rng: np.random.Generator) -> Iterator[str]:
    """One after another from a random place on, so that nothing is read twice before all was."""
    at = int(rng.integers(len(words)))
    while True:
        many = int(rng.integers(*_WORDS_A_PASSAGE))
        passage = " ".join(words[at : at + many])
        at = 0 if at + many >= len(words) else at + many
        if not holds(phrase, passage):
            yield passage


def _made_texts(rng: np.random.Generator) -> Iterator[str]:
    while True:
        sentences = (
            f"{_one(_WHO, rng)} {_one(_DOES, rng)} {_one(_WHAT, rng)} {_one(_WHEN, rng)}."
            for _ in range(int(rng.integers(1, 4)))
        )
        yield " ".join(sentences)


def _python_words() -> list[str]:
    from pydoc_data.topics import topics

    return _WORD.findall(" ".join(topics.values()))


def _fortune_words() -> list[str]:
    files = sorted(path for path in FORTUNES_DIR.glob("*") if not path.suffix and path.name not in _NO_TEXT)
    return _WORD.findall(" ".join(path.read_text(encoding="utf-8", errors="replace") for path in files))
