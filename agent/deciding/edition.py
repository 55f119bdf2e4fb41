"""One version of the catalogue, ready to serve: what is sold, and the grammar of each language that it has
words in.

`compiled` makes it from the shop's JSON, which for 50,000 products takes seconds and 110 MB. The bytes that
it gives are read in a fraction of that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.packed_catalogue import PackedCatalogue
from agent.deciding.questions import Frame
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.spoken_basket import spoken_example
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import LARGEST_GRAPH_ARCS, SentenceGraph, graph_id


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    compiler: str
    language: str
    catalogue: PackedCatalogue
    grammars: dict[str, bytes]
    examples: dict[str, str]
    questions: dict[str, tuple[Frame, ...]]


class Edition:
    """Everything that reads one version. Values do not change, so whoever holds one reads one version."""

    def __init__(
        self,
        source: str,
        language: str,
        catalogue: PackedCatalogue,
        grammars: Mapping[str, bytes],
        examples: Mapping[str, str],
        questions: Mapping[str, tuple[Frame, ...]],
    ):
        """`source` is the SHA-256 of the shop's JSON, `language` the one that is heard, `grammars` a
        `SentenceGraph` for each language that something can be ordered in, `examples` what somebody might
        order in it, `questions` what can be asked in it."""
        self.source, self.catalogue = source, catalogue
        self.examples, self.questions = examples, questions
        self._grammars = grammars
        self.grammar = grammars[language]
        """As `voice` is given it."""
        self.grammar_id = graph_id(self.grammar)
        self._parsers = {language: SentenceParser(SentenceGraph.from_bytes(self.grammar))}

    @property
    def version(self) -> int:
        """Of the catalogue."""
        return self.catalogue.version

    def parser(self, language: str) -> SentenceParser:
        """Finds what sentences of `language` mean. Raises CatalogueError catalogue_language."""
        if language not in self._parsers:
            if language not in self._grammars:
                raise _not_sold_in(language)
            self._parsers[language] = SentenceParser(SentenceGraph.from_bytes(self._grammars[language]))
        return self._parsers[language]

    def is_sold_in(self, language: str) -> bool:
        """Whether anything has words in it."""
        return language in self._parsers or language in self._grammars

    @staticmethod
    def from_bytes(data: bytes, *, source: str, compiler: str, language: str) -> Edition:
        """What `compiled` gave. Raises CatalogueError catalogue_differs where it is of another source, made
        by other code, for another language, or damaged."""
        try:
            wire = msgspec.msgpack.decode(data, type=_Wire)
            if (wire.source, wire.compiler, wire.language) == (source, compiler, language):
                sentences = wire.grammars, wire.examples, wire.questions
                return Edition(source, language, wire.catalogue, *sentences)
        except (msgspec.MsgspecError, KeyError):
            pass
        raise CatalogueError("catalogue_differs", "it is not what it was announced as", "bring it again")


def source_id(data: bytes) -> str:
    """By which a catalogue is known, whatever file it stands in: the SHA-256 of its bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def compiled(data: bytes, *, shop_id: str, language: str, compiler: str, currency: str = "") -> bytes:
    """The catalogue in JSON bytes as an `Edition` for a device that hears `language` and trusts `shop_id`;
    where it has sold before, in `currency`. `compiler` names the code that does this.

    Raises CatalogueError as `parse_catalogue` and `compile_sentences` do, catalogue_other_shop,
    catalogue_other_currency, catalogue_too_large.
    """
    catalogue = parse_catalogue(data)
    check_shop(catalogue, shop_id)
    if currency and catalogue.currency != currency:
        raise CatalogueError(
            "catalogue_other_currency",
            f"its prices are in {catalogue.currency}, this device's limits and journal count in {currency}",
            "provision the device anew: earmark provision --help",
        )
    languages = _languages(catalogue)
    if language not in languages:
        raise _not_sold_in(language)
    grammars = {each: _grammar(catalogue, each) for each in languages}
    return msgspec.msgpack.encode(
        _Wire(
            source=source_id(data),
            compiler=compiler,
            language=language,
            catalogue=PackedCatalogue.of(catalogue),
            grammars=grammars,
            examples=examples_of(catalogue),
            questions=questions_in(languages),
        )
    )


def questions_in(languages: Iterable[str]) -> dict[str, tuple[Frame, ...]]:
    """What can be asked in each of `languages`."""
    from agent.deciding.question_frames import question_frames  # and hassil, which only a compilation needs

    return {language: question_frames(language) for language in languages}


def examples_of(catalogue: Catalogue) -> dict[str, str]:
    """For each language something that can be ordered in it, as somebody would say it: the first that the
    shop names."""
    examples: dict[str, str] = {}
    for product in catalogue.products:
        for language in product.words.keys() & LEXICONS.keys() - examples.keys():
            examples[language] = spoken_example(product, language)
    return examples


def check_shop(catalogue: Catalogue | PackedCatalogue, shop_id: str) -> None:
    """Raises CatalogueError catalogue_other_shop."""
    if catalogue.shop_id != shop_id:
        raise CatalogueError(
            "catalogue_other_shop",
            f"it is of {catalogue.shop_id!r}, the device trusts {shop_id!r}",
            "take the catalogue of the shop that admitted this device",
        )


def _languages(catalogue: Catalogue) -> list[str]:
    said = {language for product in catalogue.products for language in product.words}
    return sorted(said & LEXICONS.keys())


def _grammar(catalogue: Catalogue, language: str) -> bytes:
    graph = compile_sentences(catalogue, language)
    if len(graph.source) > LARGEST_GRAPH_ARCS:
        raise CatalogueError(
            "catalogue_too_large",
            f"its grammar has {len(graph.source)} arcs, {LARGEST_GRAPH_ARCS} can be heard",
            "offer fewer products, or shorter names",
        )
    return graph.to_bytes()


def _not_sold_in(language: str) -> CatalogueError:
    return CatalogueError(
        "catalogue_language", f"no product has words in {language!r}", "add words in that language"
    )
