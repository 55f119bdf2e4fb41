"""From a catalogue to the grammar that the recogniser may walk and `understand` parses: a `SentenceGraph`.

Entries: 'order' (after the wake word), 'consent' (after a read-back), 'enrol' (the question before
enrolment), 'phrase' (the sentences repeated during enrolment). Products that share unit and options share one
piece of the graph, so that options cost states once for each group and not for each product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.deciding.catalogue import Catalogue, Option, Product
from agent.deciding.connected_speech import accented, weak_forms
from agent.deciding.lexicon import LEXICONS, Lexicon, spoken_numbers
from agent.deciding.said_lines import CORRECTED, INSTEAD, NEXT_ITEM, NOT
from agent.plumbing.errors import CatalogueError
from agent.plumbing.sentence_graph import Arc, SentenceGraph, Tag, normalise_text, written_words

MOST_OPTIONS_A_SIDE = 4
"""Options may be said in any order, which takes 2^n states."""

ENROLMENT_PHRASES = (
    "okay nabu order two bags of coffee",
    "okay nabu what do we have in the kitchen today",
    "my voice is the key to this little shop",
    "please read my order back before you place it",
    "okay nabu yes place my order and thank you",
    "the quick brown fox jumps over the lazy dog",
)
"""Read aloud while enrolling (English). They cover the wake phrase and the consent, in which a person is
verified."""


def compile_sentences(
    catalogue: Catalogue, language: str, extra_openings: Iterable[str] = ()
) -> SentenceGraph:
    """The grammar of `catalogue` in `language` ('en', 'pl' or 'ko').

    Products without words in that language cannot be ordered in it and are left out. Raises CatalogueError:
    catalogue_language (unknown language, or nothing can be ordered in it), catalogue_unit, catalogue_options.
    """
    if language not in LEXICONS:
        raise CatalogueError(
            "catalogue_language", f"no lexicon for {language!r}", f"choose one of {', '.join(LEXICONS)}"
        )
    lexicon, build = LEXICONS[language], _Builder()
    end, wake, order, consent, enrol, phrase = (build.state() for _ in range(6))
    build.finals.append(end)

    after_wake = build.state()
    build.phrases(wake, lexicon.wake_phrases, after_wake)
    build.free(wake, after_wake)
    build.free(after_wake, order)
    _orders(build, catalogue, language, order, end, extra_openings)
    build.phrases(after_wake, lexicon.help_phrases, end, Tag("intent", "help"))
    build.phrases(after_wake, lexicon.denials, end, Tag("denial", "said"))
    build.phrases(after_wake, lexicon.laters, end, Tag("later", "said"))
    consents = accented(lexicon.consent_sentences, language)
    build.phrases(after_wake, consents, end, Tag("consent", "sentence"))

    _answers(build, lexicon, consent, end, language)
    build.phrases(enrol, lexicon.enrolment_consents, end, Tag("consent", "sentence"))
    build.phrases(enrol, lexicon.consent_bare, end, Tag("consent", "bare"))
    build.phrases(enrol, lexicon.denials, end, Tag("denial", "said"))
    for number, text in enumerate(ENROLMENT_PHRASES):
        build.phrases(phrase, (text,), end, Tag("phrase", str(number)))
    build.phrases(phrase, lexicon.denials, end, Tag("denial", "said"))
    entries = {"order": wake, "consent": consent, "enrol": enrol, "phrase": phrase}
    return SentenceGraph(language, entries, build.finals, build.arcs, build.tags, build.spellings)


class _Builder:
    def __init__(self) -> None:
        self.arcs: list[Arc] = []
        self.finals: list[int] = []
        self.tags: list[Tag] = []
        self.spellings: dict[str, list[str]] = {}
        self._tag_index: dict[Tag, int] = {}
        self._states = 0
        self._shared: dict[tuple[int, str], int] = {}

    def state(self) -> int:
        self._states += 1
        return self._states - 1

    def free(self, source: int, target: int, tag: Tag | None = None) -> None:
        self.arcs.append(Arc(source, "", target, self._index(tag)))

    def phrases(self, source: int, texts: Iterable[str], target: int, tag: Tag | None = None) -> None:
        """Every text leads from `source` to `target`; texts share their first words, also with those of
        earlier calls, the last word carries the tag."""
        index = self._index(tag)
        shared = self._shared
        texts = tuple(texts)
        for text in texts:
            self._note_spellings(text)
        for text in dict.fromkeys(normalise_text(text) for text in texts):
            here = source
            words = text.split()
            for word in words[:-1]:
                if (here, word) not in shared:
                    shared[here, word] = self.state()
                    self.arcs.append(Arc(here, word, shared[here, word]))
                here = shared[here, word]
            if words:
                self.arcs.append(Arc(here, words[-1], target, index))

    def _index(self, tag: Tag | None) -> int:
        if tag is None:
            return -1
        index = self._tag_index.setdefault(tag, len(self.tags))
        if index == len(self.tags):
            self.tags.append(tag)
        return index

    def _note_spellings(self, text: str) -> None:
        for word, written in written_words(text):
            if word != written:
                forms = self.spellings.setdefault(word, [])
                if written not in forms:
                    forms.append(written)


def _orders(
    build: _Builder, catalogue: Catalogue, language: str, start: int, end: int, extra_openings: Iterable[str]
) -> None:
    lexicon = LEXICONS[language]
    if lexicon.endings:
        _orders_ended(build, catalogue, language, start, end)
        return
    opened, counted, done = build.state(), build.state(), build.state()
    build.phrases(start, (*lexicon.openings, *extra_openings), opened, Tag("intent", "order"))
    build.free(start, opened)
    _counts(build, language, opened, counted)
    build.free(opened, counted)

    groups = _groups(catalogue, language)
    of_unit: dict[str, int] = {}
    for unit in dict.fromkeys(unit for unit, _ in groups):
        of_unit[unit] = _unit(build, lexicon, unit, counted)
    taken = _names(catalogue, language)
    for (unit, option_ids), products in groups.items():
        options = [catalogue.option(option_id) for option_id in option_ids]
        front = _products(build, products, options, language, done, taken)
        build.free(of_unit[unit], front)
        build.free(counted, front)
    build.phrases(done, lexicon.politeness, end)
    build.free(done, end)
    _more(build, catalogue, language, opened, counted, done, end)


def _counts(build: _Builder, language: str, source: int, target: int) -> None:
    for text, value in spoken_numbers(language).items():
        build.phrases(source, (text,), target, Tag("quantity", str(value)))


def _more(
    build: _Builder, catalogue: Catalogue, language: str, opened: int, counted: int, done: int, end: int
) -> None:
    """What may follow an item: another one, a correction of one, or a denial of all. Items lead back into
    the one piece of the graph that holds all products.

    A "no" alone is no end: somebody who says it goes on, and is not to be cut off. Where nothing follows it,
    `understand` hears it in the free decode."""
    lexicon = LEXICONS[language]
    further, corrected = build.state(), build.state()
    build.free(done, further, NEXT_ITEM)
    _counts(build, language, further, counted)  # without an "and" only a count begins another item
    build.phrases(done, (lexicon.and_joiner,), opened, NEXT_ITEM)
    build.phrases(done, lexicon.but_this, opened, INSTEAD)
    build.phrases(done, lexicon.not_that, opened, NOT)
    build.phrases(done, lexicon.corrections, corrected, CORRECTED)
    ends = [text for text in lexicon.denials if text not in lexicon.corrections]
    build.phrases(done, ends, end, Tag("denial", "said"))
    build.phrases(corrected, lexicon.denials, end, Tag("denial", "said"))
    build.free(corrected, opened)
    _part_of_item(build, catalogue, language, corrected, done)


def _part_of_item(build: _Builder, catalogue: Catalogue, language: str, start: int, done: int) -> None:
    """A correction that names no product: "three", "three boxes", "medium", "with oat milk"."""
    lexicon = LEXICONS[language]
    counted = build.state()
    for text, value in spoken_numbers(language).items():
        if text not in lexicon.articles:
            build.phrases(start, (text,), counted, Tag("quantity", str(value)))
    build.free(counted, done)
    for unit in dict.fromkeys(product.unit for product in catalogue.products if language in product.words):
        forms = [form for form in lexicon.units[unit].heard if form]
        build.phrases(counted, forms, done, Tag("unit", unit))
    joined = build.state()
    build.phrases(start, (lexicon.after_joiner,), joined)
    for option in catalogue.options:
        source = start if option.position == "before" else joined
        _option(build, option, language, source, done)


def _option(build: _Builder, option: Option, language: str, source: int, target: int) -> None:
    for choice in option.choices:
        if language in choice.words:
            build.phrases(source, choice.words[language].heard, target, Tag(f"option:{option.id}", choice.id))


def _orders_ended(build: _Builder, catalogue: Catalogue, language: str, start: int, end: int) -> None:
    """Where the verb comes last: product, quantity and unit, ending."""
    lexicon = LEXICONS[language]
    counted, ended = build.state(), build.state()
    standing_alone = {normalise_text(text) for text in (*lexicon.one_of, *lexicon.counts)}
    taken, named = _names(catalogue, language), dict[str, int]()
    for (unit, option_ids), products in _groups(catalogue, language).items():
        if unit not in named:
            named[unit] = build.state()
            number = build.state()
            for text, value in spoken_numbers(language).items():
                alone = text in standing_alone or text.isdecimal()
                build.phrases(named[unit], (text,), counted if alone else number, Tag("quantity", str(value)))
                if text.isdecimal():
                    build.phrases(named[unit], (text,), number, Tag("quantity", str(value)))
            build.free(_unit(build, lexicon, unit, number), counted)
            build.free(named[unit], counted)
        options = [catalogue.option(option_id) for option_id in option_ids]
        build.free(start, _products(build, products, options, language, named[unit], taken))
    build.phrases(counted, lexicon.endings, ended, Tag("intent", "order"))
    build.free(counted, ended)
    build.free(ended, end)


def _groups(catalogue: Catalogue, language: str) -> dict[tuple[str, tuple[str, ...]], list[Product]]:
    """Products that are said in `language`, by unit and options. Raises CatalogueError catalogue_language."""
    groups: dict[tuple[str, tuple[str, ...]], list[Product]] = {}
    for product in catalogue.products:
        if language in product.words:
            groups.setdefault((product.unit, product.options), []).append(product)
    if not groups:
        raise CatalogueError(
            "catalogue_language", f"no product has words in {language!r}", "add words in that language"
        )
    return groups


def _names(catalogue: Catalogue, language: str) -> frozenset[str]:
    """All that products are called."""
    return frozenset(
        normalise_text(name)
        for product in catalogue.products
        if language in product.words
        for name in product.words[language].heard
    )


def _heard(product: Product, language: str, taken: frozenset[str]) -> list[str]:
    """What `product` is called, and what speech makes of that where nothing else is called so."""
    names = product.words[language].heard
    weak = (form for name in names for form in weak_forms(name, language))
    return [*names, *(form for form in weak if form not in taken)]


def _unit(build: _Builder, lexicon: Lexicon, unit: str, counted: int) -> int:
    """The state after "bags of"; tagged, so that a basket can be confirmed by it."""
    words = lexicon.units.get(unit)
    if words is None:
        raise CatalogueError(
            "catalogue_unit",
            f"the unit {unit!r} has no words",
            f"use one of {', '.join(sorted(lexicon.units))}",
        )
    after = build.state()
    forms = [f"{form} {lexicon.of}" for form in words.heard if form]
    build.phrases(counted, forms, after, Tag("unit", unit))
    return after


def _products(
    build: _Builder,
    products: Sequence[Product],
    options: Sequence[Option],
    language: str,
    done: int,
    taken: frozenset[str],
) -> int:
    """Options before the name in any order, the names, options after it in any order; returns the first
    state."""
    before = [option for option in options if option.position == "before"]
    after = [option for option in options if option.position == "after"]
    if max(len(before), len(after)) > MOST_OPTIONS_A_SIDE:
        raise CatalogueError(
            "catalogue_options",
            f"product {products[0].id!r} has more than {MOST_OPTIONS_A_SIDE} options on one side of its name",
            "offer some of them as products of their own",
        )
    named = build.state()
    front, chosen = _subsets(build, before, language, joiner="", first="")
    for state in chosen:
        for product in products:
            build.phrases(state, _heard(product, language, taken), named, Tag("product", product.id))
    for option in before:  # "a latte, large"
        _option(build, option, language, named, named)
    build.free(named, done)
    if after:
        lexicon = LEXICONS[language]
        start, ends = _subsets(build, after, language, joiner=lexicon.and_joiner, first=lexicon.after_joiner)
        build.free(named, start)
        late = build.state()
        for state in ends[1:]:
            build.free(state, late)
        for option in before:  # "a latte with oat milk, large"
            _option(build, option, language, late, late)
        build.free(late, done)
    return front


def _subsets(
    build: _Builder, options: Sequence[Option], language: str, *, joiner: str, first: str
) -> tuple[int, list[int]]:
    """States for every set of options said so far, in any order. Returns the empty set's state, and all of
    them."""
    states: dict[frozenset[str], int] = {frozenset(): build.state()}
    todo = [frozenset[str]()]
    while todo:
        said = todo.pop()
        link = joiner if said else first
        source = states[said]
        if link:
            source = build.state()
            build.phrases(states[said], (link,), source)
        for option in options:
            if option.id in said:
                continue
            more = said | {option.id}
            if more not in states:
                states[more] = build.state()
                todo.append(more)
            _option(build, option, language, source, states[more])
    return states[frozenset()], list(states.values())


def _answers(build: _Builder, lexicon: Lexicon, start: int, end: int, language: str) -> None:
    """Any run of consents and denials ("yes... no, cancel"), and "yes, order two bags"."""
    again = build.state()
    build.free(start, again)
    build.phrases(start, lexicon.wake_phrases, again)  # nobody needs to, but people do
    said = build.state()
    consents = accented(lexicon.consent_sentences, language)
    build.phrases(again, consents, said, Tag("consent", "sentence"))
    build.phrases(again, lexicon.consent_bare, said, Tag("consent", "bare"))
    build.phrases(again, lexicon.denials, said, Tag("denial", "said"))
    build.phrases(again, lexicon.laters, said, Tag("later", "said"))
    build.free(said, again)
    build.phrases(said, lexicon.politeness, end)
    build.free(said, end)
    verbs = build.state()
    build.phrases(
        start, [f"{yes} {verb}" for yes in lexicon.consent_openings for verb in lexicon.openings[:1]], verbs
    )
    counted = build.state()
    _counts(build, language, verbs, counted)
    for unit, words in lexicon.units.items():
        build.phrases(counted, [form for form in words.heard if form], said, Tag("unit", unit))
