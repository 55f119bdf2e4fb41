"""What somebody may have forgotten, in words, with the reason of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.deciding.habit_words import HABIT_REPLIES, IN_WEEKS_FROM_DAYS, SPANS, Span
from agent.deciding.habits import Company, Rhythm
from agent.deciding.number_words import in_words
from agent.deciding.spoken_basket import plural


def suggested(
    rhythms: Sequence[Rhythm], together: Sequence[Company], title: Callable[[str], str], language: str
) -> str:
    """One sentence for each, and how to go on; `title` gives the words of a sku, '' for what is not sold."""
    words, sentences, first = HABIT_REPLIES[language], list[str](), ""
    told: set[str] = set()
    both: list[Rhythm | Company] = [*together, *rhythms]
    for found in both:
        item = title(found.sku)
        if not item or found.sku in told:
            continue
        told.add(found.sku)
        first = first or item
        if isinstance(found, Rhythm):
            sentences.append(rhythm_in_words(found, item, language))
            continue
        shown = {"item": item, "Item": item[:1].upper() + item[1:], "beside": title(found.beside)}
        shown |= {"times": in_words(found.times, language), "of": in_words(found.of, language)}
        sentences.append(words["company"].format(**shown))
    if not first:
        return words["nothing"]
    return " ".join((*sentences, words["then"].format(first=first)))


def rhythm_in_words(rhythm: Rhythm, item: str, language: str) -> str:
    """How often `item` is ordered, and when that was the last time."""
    every, since = _every(rhythm.every_days, language), ago_in_words(rhythm.since_days, language)
    said = HABIT_REPLIES[language]["rhythm"]
    return said.format(item=item, Item=item[:1].upper() + item[1:], every=every, since=since)


def _every(days: int, language: str) -> str:
    count, span = _in_span(days, language)
    return span.every if count == 1 else span.every_some.format(**_counted(count, span, language))


def ago_in_words(days: int, language: str) -> str:
    """E.g. "nine days ago"."""
    count, span = _in_span(days, language)
    return span.ago.format(**_counted(count, span, language))


def _in_span(days: int, language: str) -> tuple[int, Span]:
    in_weeks = days >= IN_WEEKS_FROM_DAYS
    return (round(days / 7), SPANS[language]["week"]) if in_weeks else (days, SPANS[language]["day"])


def _counted(count: int, span: Span, language: str) -> dict[str, str]:
    return {"count": in_words(count, language), "unit": plural(count, *span.forms, language)}
