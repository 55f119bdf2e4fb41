"""How people type what the grammar knows in other words, by language. Data.

A line of `typed_words_en` or `typed_words_pl` begins with what is meant, and then come the ways to put it,
with ";" between them; `{}` is the rest of what is typed. Only typed: spoken, each would compete with every
order (`lexicon_en`). None of them means a yes: what agrees to anything has to be typed as it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.deciding import typed_words_en, typed_words_pl


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


def _ways(text: str) -> dict[str, tuple[str, ...]]:
    entries = text.strip().replace("\n    ", " ").splitlines()
    return {means: _phrases(ways) for means, _, ways in (entry.partition(": ") for entry in entries)}


WAYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": _ways(typed_words_en.WAYS),
    "pl": _ways(typed_words_pl.WAYS),
}
"""By what they mean."""

PRICE_OF_IT: Mapping[str, tuple[str, ...]] = {
    "en": _phrases(typed_words_en.PRICE_OF_IT),
    "pl": _phrases(typed_words_pl.PRICE_OF_IT),
}
"""What "it" is, is in hand or was spoken of last."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "en": _phrases(typed_words_en.KINDS),
    "pl": _phrases(typed_words_pl.KINDS),
}
"""Ways to ask what there is of something."""
