"""What is heard while words are to be said after the device: any of the list, in any order, so that wrong
ones are heard as what they are."""

from __future__ import annotations

from agent.deciding.challenge_words import CHALLENGE_WORDS, WORDS_SAID
from agent.deciding.graph_builder import GraphBuilder
from agent.deciding.manner_sentences import add_manners
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.sentence_graph import Tag


def add_challenge(build: GraphBuilder, lexicon: Lexicon, language: str, end: int) -> int:
    """The state in which such an answer begins; it ends in `end`. A denial, a "later", help and the wish to
    hear it again stand beside the words, each alone."""
    start, first, asked = build.state(), build.state(), build.state()
    build.free(start, first)
    build.phrases(start, lexicon.wake_phrases, first)
    build.phrases(first, lexicon.help_phrases, asked, Tag("intent", "help"))
    add_manners(build, lexicon, language, first, asked)
    build.phrases(first, lexicon.denials, asked, Tag("denial", "said"))
    build.phrases(first, lexicon.laters, asked, Tag("later", "said"))
    here = build.state()
    build.free(first, here)
    build.phrases(first, lexicon.consent_openings, here)  # "yes: river, candle, dragon"
    for _ in range(WORDS_SAID):
        there = build.state()
        for place, word in enumerate(CHALLENGE_WORDS[language]):
            build.phrases(here, (word,), there, Tag("challenge", str(place)))
        here = there
    build.free(here, asked)
    build.phrases(asked, lexicon.politeness, end)
    build.free(asked, end)
    return start
