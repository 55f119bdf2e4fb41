"""A basket in words, as it is read back."""

from __future__ import annotations

from collections.abc import Sequence

from agent.deciding.basket import Basket, Line
from agent.deciding.lexicon import LEXICONS, number_words
from agent.deciding.number_words import in_words
from agent.deciding.products import COUNTED, Product


def spoken_basket(basket: Basket, language: str) -> str:
    """E.g. "two bags of dark roast coffee, one box of green tea and three bottles of olive oil"."""
    return joined([spoken_line(line, language) for line in basket.lines], language)


def joined(texts: Sequence[str], language: str) -> str:
    """E.g. "the coffee machine, the silo and the fridge"."""
    *others, last = texts
    return f"{', '.join(others)} {LEXICONS[language].and_joiner} {last}" if others else last


def spoken_line(line: Line, language: str) -> str:
    """Quantity, unit and title in words."""
    return _counted(line.quantity, line.unit, line.title, language)


def spoken_example(product: Product, language: str) -> str:
    """What somebody might order of it, e.g. "two bags of coffee": it is understood as such. Raises KeyError
    where it has no words in `language`."""
    words = product.words[language]
    title = words.many if product.unit == COUNTED and words.many else words.say
    return _counted(2, product.unit, title, language)


def _counted(quantity: int, of_unit: str, title: str, language: str) -> str:
    lexicon = LEXICONS[language]
    unit = lexicon.units[of_unit]
    if lexicon.endings:  # the language counts after the thing
        (number, *_) = number_words(quantity, language)
        return " ".join(word for word in (title, number, unit.many) if word)
    number = in_words(quantity, language, unit.gender)
    form = plural(quantity, unit.one, unit.few, unit.many, language)
    return " ".join(word for word in (number, form, lexicon.of if form else "", title) if word)


def plural(count: int, one: str, few: str, many: str, language: str) -> str:
    """The noun form after `count` (CLDR plural rules of English and Polish)."""
    if count == 1:
        return one
    if language == "pl" and 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14:
        return few
    return many
