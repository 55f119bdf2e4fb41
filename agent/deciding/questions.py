"""Questions about what is sold, by the words around a thing. Typed, any of them will do; the grammar that is
heard has the few of `heard_questions`, as every sentence more makes the others harder to tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.sentence_graph import normalise_text


class Frame(msgspec.Struct, frozen=True):
    """A question of some `kind` ('price') around a thing: the words before it and after it, normalised.
    `whole`: it is about nothing that is named in it, and `before` is all of it."""

    kind: str
    before: str
    after: str
    whole: bool = False

    def around(self, text: str) -> str:
        """What `text` asks about, as it is written there; '' where it is another question, or about
        nothing."""
        if self.whole:
            return ""
        written = text.split()
        said = [(word, at) for at, part in enumerate(written) for word in normalise_text(part).split()]
        words = [word for word, _ in said]
        before, after = self.before.split(), self.after.split()
        end = len(words) - len(after)
        if end <= len(before) or words[: len(before)] != before or words[end:] != after:
            return ""
        return " ".join(written[said[len(before)][1] : said[end - 1][1] + 1])


_IN_FULL: Mapping[str, Mapping[str, str]] = {
    "en": {"whats": "what is", "wheres": "where is", "whens": "when is", "theres": "there is"},
}


def in_full(text: str, language: str) -> str:
    """ "What is on offer" for "what's on offer": templates have each way once."""
    forms = _IN_FULL.get(language, {})
    return " ".join(forms.get(normalise_text(word), word) for word in text.split())


def priced_basket(
    parser: SentenceParser, catalogue: Assortment, frames: Iterable[Frame], text: str
) -> Basket | None:
    """What of `catalogue` a line asks the price of; None where it asks none, or that is not clear."""
    text = in_full(text, parser.language)
    things = {frame.around(text) for frame in frames if frame.kind == "price"} - {""}
    meanings = [understand(parser, catalogue, "order", thing, thing) for thing in sorted(things)]
    baskets = [meaning.basket for meaning in meanings if isinstance(meaning, OrderAsked)]
    return baskets[0] if baskets and all(basket == baskets[0] for basket in baskets) else None
