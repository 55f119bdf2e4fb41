"""Sentence templates expanded: what is said before and after the thing that a question is about.

Imported only where a catalogue is compiled: the till works with what comes of it, and does without hassil.
"""

from __future__ import annotations

from collections.abc import Mapping

from hassil import WildcardSlotList, parse_sentence, sample_expression

from agent.deciding.ask_words import ASK_TEMPLATES
from agent.deciding.habit_words import HABIT_TEMPLATES
from agent.deciding.list_words import LIST_TEMPLATES
from agent.deciding.question_words import QUESTION_TEMPLATES
from agent.deciding.questions import Frame
from agent.plumbing.sentence_graph import normalise_text

_ITEM = "{item}"
_TEMPLATES: tuple[Mapping[str, Mapping[str, tuple[str, ...]]], ...] = (
    *(QUESTION_TEMPLATES, ASK_TEMPLATES),
    *(LIST_TEMPLATES, HABIT_TEMPLATES),  # type: ignore[assignment]
)


def question_frames(language: str) -> tuple[Frame, ...]:
    """Every way to ask in `language`; none where it has no templates. Raises ValueError for a template with
    more than one {item}."""
    return tuple(
        dict.fromkeys(
            _frame(kind, sentence)
            for words in _TEMPLATES
            for kind, templates in words.get(language, {}).items()
            for template in templates
            for sentence in sample_expression(
                parse_sentence(template).expression, slot_lists={"item": WildcardSlotList("item")}
            )
        )
    )


def _frame(kind: str, sentence: str) -> Frame:
    if _ITEM not in sentence:
        return Frame(kind, normalise_text(sentence), "", whole=True)
    before, after = sentence.split(_ITEM)
    return Frame(kind, normalise_text(before), normalise_text(after))
