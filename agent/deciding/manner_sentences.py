"""How somebody says to the device that it is to speak otherwise, or that it went wrong: beside orders, and
beside answers to every question."""

from __future__ import annotations

from agent.deciding.graph_builder import GraphBuilder
from agent.deciding.manner_words import MANNERS
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.sentence_graph import Tag


def add_manners(build: GraphBuilder, lexicon: Lexicon, language: str, start: int, end: int) -> None:
    """Each stands alone, as does the wish to hear it again."""
    build.phrases(start, lexicon.repeat_phrases, end, Tag("intent", "repeat"))
    for kind, phrases in MANNERS[language].items():
        build.phrases(start, phrases, end, Tag("manner", kind))
