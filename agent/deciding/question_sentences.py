"""The questions that are heard, and what is said of the shopping list, as part of the grammar of all that may
follow the wake word.

What is asked about is heard in the one piece of the graph that holds all products. So the words before it and
those after it are tagged apart, and the grammar has sentences that pair them wrongly, or have an end and no
beginning ("rice in stock"): `understand` takes none of these for an order, and they ask nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.deciding.graph_builder import GraphBuilder
from agent.deciding.heard_lists import LISTS_ABOUT, LISTS_WHOLE, heard_list_its, heard_list_orders
from agent.deciding.heard_questions import (
    ASK,
    ASKED,
    HEARD_ABOUT,
    HEARD_SIZED,
    HEARD_SIZED_ABOUT,
    HEARD_WHOLE,
    ITEM,
    SIZE,
    heard_recalls,
)
from agent.deciding.order_sentences import Entrances
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.sentence_graph import Tag


def add_questions(
    build: GraphBuilder,
    lexicon: Lexicon,
    language: str,
    start: int,
    end: int,
    entrances: Entrances | None,
    sizes: Sequence[str],
) -> None:
    """All questions of `language` lead from `start` to `end`; those about goods only where the language has
    `entrances` to them, those whether a size fits only for these `sizes`, as they are said."""
    asked = build.state()
    for whole in (HEARD_WHOLE, LISTS_WHOLE):
        for kind, phrases in whole.get(language, {}).items():
            build.phrases(start, phrases, asked, Tag(ASK, kind))
    build.phrases(start, heard_list_orders(language), asked, Tag(ASK, "list_order"))
    build.phrases(start, heard_list_its(language), asked, Tag(ASK, "list_add_it"))
    build.phrases(start, heard_recalls(language), asked, Tag(ASK, "recall"))
    sized = HEARD_SIZED.get(language, ())
    ways = [way.replace(SIZE, size) for way in sized for size in sizes]
    build.phrases(start, ways, asked, Tag(ASK, "fits"))
    build.phrases(asked, lexicon.politeness, end)
    build.free(asked, end)
    if entrances is None:
        return
    begun = set[str]()  # "is ..." begins two kinds: its words are heard once, and its end tells which
    for about in (HEARD_ABOUT, LISTS_ABOUT):
        for kind, templates in about.get(language, {}).items():
            befores, afters = zip(*(template.split(ITEM) for template in templates), strict=True)
            build.phrases(
                start,
                [one for one in dict.fromkeys(befores) if one not in begun],
                entrances.item,
                Tag(ASK, kind),
            )
            begun.update(befores)
            build.phrases(entrances.done, dict.fromkeys(afters), asked, Tag(ASKED, kind))
    for way in HEARD_SIZED_ABOUT.get(language, ()) if sizes else ():
        before, after = way.split(ITEM)
        build.phrases(start, (before,), entrances.item, Tag(ASK, "fits"))
        ends = [after.replace(SIZE, size) for size in sizes]
        build.phrases(entrances.done, ends, asked, Tag(ASKED, "fits"))
