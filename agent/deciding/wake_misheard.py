"""A wake word before an answer, as free speech writes it: "okay nabu" is "ok not boo", "okay no boo", and so
on without end. Where the grammar has heard the name, what stands in its place is no refusal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

from agent.deciding.denials import is_change_begun, is_denied
from agent.deciding.lexicon import LEXICONS
from agent.plumbing.sentence_graph import BETWEEN_DECODES, normalise_text


def refusal(
    open_words: str, words: str, language: str, names: Iterable[str]
) -> Literal["", "in_the_name", "in_a_change", "denial"]:
    """Whether free speech heard a refusal beside `words`, of the grammar, as `is_denied`: 'in_the_name' where
    it heard none but in the place of the name, 'in_a_change' where there are no `words`, and none but as of
    `is_change_begun`."""
    names = tuple(names)
    if not is_denied(open_words, language, names):
        return ""
    if not words and is_change_begun(open_words, language):
        return "in_a_change"
    heard = _without_the_name(open_words, words, language)
    return "denial" if is_denied(heard, language, names) else "in_the_name"


def _without_the_name(open_words: str, words: str, language: str) -> str:
    """The free decodes without as many first words as the longest wake phrase has: where `words`, of the
    grammar, begin with one, and a decode with the first word of one ("okay")."""
    phrases = _wake_phrases(language)
    if not any(f"{normalise_text(words)} ".startswith(f"{phrase} ") for phrase in phrases):
        return open_words
    firsts = {phrase.split()[0] for phrase in phrases}
    longest = max(len(phrase.split()) for phrase in phrases)
    decodes = (normalise_text(decode).split() for decode in open_words.split(BETWEEN_DECODES))
    return BETWEEN_DECODES.join(
        " ".join(decode[longest:] if decode[:1] and decode[0] in firsts else decode) for decode in decodes
    )


@cache
def _wake_phrases(language: str) -> tuple[str, ...]:
    """Those of several words: of one there is no telling where it ends."""
    phrases = map(normalise_text, LEXICONS[language].wake_phrases)
    return tuple(phrase for phrase in phrases if " " in phrase)
