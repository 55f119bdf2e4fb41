"""Which language somebody asks for who types, in whatever language they ask. Data, and its lookup; none of it
is heard: a device hears one language, and no other has these words in it."""

from __future__ import annotations

from collections.abc import Mapping

from agent.plumbing.sentence_graph import normalise_text

TONGUE_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("english", "in english", "english please", "in english please"),
        *("speak english", "speak english please", "please speak english", "speak in english"),
        *("switch to english", "can you speak english", "do you speak english", "write in english"),
        *("po angielsku", "mów po angielsku", "po angielsku proszę", "mów proszę po angielsku"),
        *("pisz po angielsku", "czy mówisz po angielsku", "angielski"),
        *("영어", "영어로", "영어로 말해 주세요"),
    ),
    "pl": (
        *("po polsku", "mów po polsku", "po polsku proszę", "mów proszę po polsku", "proszę po polsku"),
        *("pisz po polsku", "czy mówisz po polsku", "czy można po polsku", "polski"),
        *("polish", "in polish", "polish please", "in polish please"),
        *("speak polish", "speak polish please", "please speak polish", "speak in polish"),
        *("switch to polish", "can you speak polish", "do you speak polish", "write in polish"),
        *("폴란드어", "폴란드어로", "폴란드어로 말해 주세요"),
    ),
    "ko": (
        *("한국어", "한국어로", "한국어로 말해 주세요"),
        *("korean", "in korean", "korean please", "speak korean", "speak korean please"),
        *("switch to korean", "can you speak korean", "do you speak korean", "write in korean"),
        *("po koreańsku", "mów po koreańsku", "pisz po koreańsku", "czy mówisz po koreańsku"),
    ),
}

HOW_TO_ASK: Mapping[str, str] = {"en": "speak English", "pl": "mów po polsku", "ko": "한국어로 말해 주세요"}
"""As whoever reads that language would ask for it."""

_ASKED = {normalise_text(text): language for language, texts in TONGUE_WORDS.items() for text in texts}


def tongue_asked(text: str) -> str | None:
    """The language that a typed line asks for; None where it asks for none."""
    return _ASKED.get(normalise_text(text))
