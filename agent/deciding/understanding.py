"""From words to meaning: the tags along a sentence of the grammar, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from agent.deciding.about_me_words import ABOUT_ME, KINDS, Kind
from agent.deciding.assortment import Assortment
from agent.deciding.basket import Basket
from agent.deciding.challenge_words import CHALLENGE, ChallengeSaid
from agent.deciding.changes import is_change
from agent.deciding.denials import is_called_off, is_denied, is_doubtful
from agent.deciding.heard_lists import LISTED
from agent.deciding.heard_questions import ASK, ASKED, QuestionAsked, whole_questions
from agent.deciding.history_words import AGAIN, Again
from agent.deciding.lexicon import LEXICONS
from agent.deciding.manner_words import MANNERS, WISHES, MannerAsked
from agent.deciding.said_lines import basket_of
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.wake_misheard import refusal
from agent.deciding.word_kinds import Lexicon
from agent.plumbing.sentence_graph import Tag, normalise_text


@dataclass(frozen=True)
class OrderAsked:
    """Somebody asked for this basket."""

    basket: Basket


@dataclass(frozen=True)
class MoreAsked:
    """After a read-back somebody asked for this as well."""

    basket: Basket


@dataclass(frozen=True)
class ChangeAsked:
    """After a read-back somebody wants it otherwise: `readings` are tags or none, for `changes.changed`."""

    readings: tuple[tuple[Tag, ...], ...]


@dataclass(frozen=True)
class Answer:
    """What a sentence says to a question. A denial anywhere in it wins over every consent, and so does a
    "later"."""

    kind: Literal["consent", "bare", "denial", "later"]
    quantity: int | None = None
    unit: str | None = None


@dataclass(frozen=True)
class HelpAsked:
    """Somebody wants to know what can be said."""


@dataclass(frozen=True)
class AboutMeAsked:
    """Somebody wants to be enrolled or forgotten, or to hear what is known of them."""

    kind: Kind


@dataclass(frozen=True)
class RepeatAsked:
    """Somebody wants to hear once more what is asked."""


@dataclass(frozen=True)
class AgainAsked:
    """Somebody wants what was ordered before."""

    which: Again


@dataclass(frozen=True)
class PhraseRead:
    """An enrolment sentence was read aloud; `number` indexes those of the language."""

    number: int


@dataclass(frozen=True)
class NotUnderstood:
    """No sentence of the grammar."""


MORE = Tag("intent", "more")
"""Leads to what is wanted beside what was read back."""

WRONG = Tag("manner", "wrong")

ANSWERS = frozenset({"consent", "enrol", CHALLENGE})
"""Entries where a yes has consequences. (Elsewhere "nabu" may be written "no boo" in the free decode.)"""

Asked = AboutMeAsked | OrderAsked | AgainAsked | MoreAsked | ChangeAsked | QuestionAsked
Meaning = Asked | Answer | ChallengeSaid | HelpAsked | MannerAsked | RepeatAsked | PhraseRead | NotUnderstood


def understand(
    parser: SentenceParser, catalogue: Assortment, entry: str, words: str, open_words: str = ""
) -> Meaning:
    """What `words` mean at `entry`. `open_words` (the free decodes) can only ever turn an answer into a
    denial, or into one that has to be given again.

    Whatever products are called, a sentence that has another meaning than an order is none."""
    language = parser.language
    every = parser.readings(entry, words) if words else ()
    readings = [tags for tags in every if not any(tag.slot in (ASK, ASKED) for tag in tags)]
    said = normalise_text(words)
    is_command = _without_courtesy(said, language) in commands(language)
    orders = [tags for tags in readings if not is_command and _orders(tags, said, catalogue, language)]
    answers = [tags for tags in readings if not any(tag.slot == "product" for tag in tags)]
    if changes := _changes(readings, open_words, catalogue, language):
        return ChangeAsked(changes)
    if not orders and any(WRONG in tags for tags in answers):
        return MannerAsked("wrong")  # whatever else was heard: it ends all that a denial would
    if any(tag.slot == "denial" for tags in every for tag in tags):
        return Answer("denial")
    if entry in ANSWERS:
        refused = refusal(open_words, words, language, _names(orders, catalogue, language))
        if refused in ("denial", "in_a_change"):
            return ChangeAsked(()) if (refused, entry) == ("in_a_change", "consent") else Answer("denial")
        if refused and not any(tag.slot in ("intent", "manner") for tags in answers for tag in tags):
            return NotUnderstood()  # a question consents to nothing
    asks = {tag.value for tags in every for tag in tags if tag.slot == ASK}
    if asks - LISTED or (asks and not orders):
        off = asks <= LISTED and is_called_off(open_words, words, language)
        return Answer("denial") if off else QuestionAsked(_without_courtesy(said, language))
    if answers:
        return _answer(answers[0], entry, words, open_words, language) if not orders else NotUnderstood()
    if not orders:
        return NotUnderstood()
    if is_called_off(open_words, words, language):
        return Answer("denial")
    basket = _only_basket(orders, catalogue, language)
    if basket is None:
        return NotUnderstood()
    return MoreAsked(basket) if MORE in orders[0] else OrderAsked(basket)


def after_a_no(phrases: Iterable[str], lexicon: Lexicon) -> tuple[str, ...]:
    """The same, and each after a "no" that denies nothing but how it was: "no, make it three"."""
    no = lexicon.denials[0]
    return tuple(said for phrase in phrases for said in (phrase, f"{no} {phrase}"))


def _changes(
    readings: Sequence[tuple[Tag, ...]], open_words: str, catalogue: Assortment, language: str
) -> tuple[tuple[Tag, ...], ...]:
    """The readings, of the fewest items, that want it otherwise; none where free speech denies it all."""
    changes = [tags for tags in readings if is_change(tags)]
    if not changes:
        return ()
    lexicon = LEXICONS[language]
    known = after_a_no((*lexicon.changes, *lexicon.removals), lexicon)
    longest_first = sorted(map(normalise_text, known), key=len, reverse=True)
    if is_denied(open_words, language, (*longest_first, *_names(changes, catalogue, language))):
        return ()
    fewest = min(map(_items, changes))
    return tuple(tags for tags in changes if _items(tags) == fewest)


def _answer(tags: tuple[Tag, ...], entry: str, words: str, open_words: str, language: str) -> Meaning:
    """What a sentence without a product says."""
    said: dict[str, str] = {tag.slot: tag.value for tag in tags}
    if "later" in said:
        return Answer("later")
    if "phrase" in said:
        return PhraseRead(int(said["phrase"]))
    for which in AGAIN.get(language, ()):
        if said.get("again") == which:
            return AgainAsked(which)
    if said.get("intent") == "help":
        return HelpAsked()
    if said.get("intent") == "repeat":
        return RepeatAsked()
    if "manner" in said:
        return MannerAsked(WISHES[said["manner"]])
    if "me" in said:
        return AboutMeAsked(KINDS[said["me"]])
    if entry in ANSWERS and is_doubtful(open_words, words, language):
        return NotUnderstood()
    if "challenge" in said:
        return ChallengeSaid(tuple(int(tag.value) for tag in tags if tag.slot == "challenge"))
    if "quantity" in said:
        quantity = sum(int(tag.value) for tag in tags if tag.slot == "quantity")
        return Answer("consent", quantity, said.get("unit"))
    kinds = {tag.value for tag in tags if tag.slot == "consent"}
    return Answer("consent" if "sentence" in kinds else "bare")


def _orders(tags: Sequence[Tag], said: str, catalogue: Assortment, language: str) -> bool:
    """Whether a reading of what was `said`, normalised, asks for products, each by a name: one that is called
    like something else that people say to the device ("Cancel", "Yes") only with a count or a unit."""
    products: list[str] = []
    uncounted: set[str] = set()
    for item in _split(tags):
        slots = {tag.slot for tag in item}
        named = [tag.value for tag in item if tag.slot == "product"]
        products += named
        if slots.isdisjoint(("quantity", "unit")):
            uncounted.update(named)
    for product in uncounted:
        names = {normalise_text(name) for name in catalogue.product(product).words[language].heard}
        others = names - commands(language)
        if others != names and not any(f" {name} " in f" {said} " for name in others):
            return False
    return bool(products)


def _without_courtesy(text: str, language: str) -> str:
    """Normalised `text` without a wake phrase before it and a "please" after it."""
    lexicon = LEXICONS[language]
    for phrase in lexicon.wake_phrases:
        text = text.removeprefix(normalise_text(phrase) + " ")
    for phrase in lexicon.politeness:
        text = text.removesuffix(" " + normalise_text(phrase))
    return text


def _split(tags: Sequence[Tag]) -> Iterator[list[Tag]]:
    """The tags of each item, and of each correction of one."""
    item: list[Tag] = []
    for tag in tags:
        if tag.slot in ("item", "correction"):
            yield item
            item = []
        item.append(tag)
    yield item


@cache
def commands(language: str) -> frozenset[str]:
    """What is said to the device beside orders, normalised."""
    lexicon = LEXICONS[language]
    return frozenset(
        normalise_text(phrase)
        for phrases in (
            lexicon.consent_sentences,
            lexicon.consent_bare,
            lexicon.enrolment_consents,
            lexicon.denials,
            lexicon.laters,
            lexicon.neither,
            lexicon.help_phrases,
            lexicon.repeat_phrases,
            lexicon.low_questions,
            lexicon.wake_phrases,
            lexicon.denial_words,
            lexicon.denial_phrases,
            lexicon.politeness,
            lexicon.corrections,
            lexicon.changes,
            lexicon.removals,
            *AGAIN.get(language, {}).values(),
            *ABOUT_ME[language].values(),
            *MANNERS[language].values(),
            whole_questions(language),
        )
        for phrase in phrases
    )


def _names(orders: Iterable[Sequence[Tag]], catalogue: Assortment, language: str) -> frozenset[str]:
    """All that the things asked for are called, normalised."""
    named = {tag for tags in orders for tag in tags}
    wordings = [catalogue.product(tag.value).words[language] for tag in named if tag.slot == "product"]
    for slot, value in named:
        if slot.startswith("option:"):
            wordings.append(catalogue.option(slot.partition(":")[2]).choice(value).words[language])
    return frozenset(normalise_text(name) for wording in wordings for name in wording.heard)


def _only_basket(readings: Sequence[tuple[Tag, ...]], catalogue: Assortment, language: str) -> Basket | None:
    """What a sentence orders; None where that is not clear.

    A name that holds an "and" is one product, and what can be an option of a product is one: of several
    readings those with the fewest items count, and these have to come to one basket.
    """
    fewest = min(_items(tags) for tags in readings)
    baskets = [basket_of(tags, catalogue, language) for tags in readings if _items(tags) == fewest]
    return baskets[0] if all(basket == baskets[0] for basket in baskets) else None


def _items(tags: Sequence[Tag]) -> int:
    return sum(tag.slot == "product" for tag in tags)


def asks_what_is_low(text: str, language: str) -> bool:
    """Whether a typed line asks what sensors have found running low. It is not in the grammar that is heard:
    every sentence more would make the others harder to tell apart."""
    return normalise_text(text) in {normalise_text(phrase) for phrase in LEXICONS[language].low_questions}
