"""What facts have to be beside well shaped: true to the products, and within what a device can say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.deciding.catalogue import Catalogue, Path
from agent.deciding.item_sentences import MOST_OPTIONS_A_SIDE
from agent.deciding.lexicon import LEXICONS
from agent.deciding.money import Currency, Money
from agent.deciding.replies import has_money_words, spoken_money
from agent.importing.cells import is_date
from agent.importing.findings import Findings, Line
from agent.importing.written import WrittenProduct
from agent.plumbing.currencies import minor_digits

Products = Sequence[tuple[Path, WrittenProduct]]


def languages_of(products: Products) -> list[str]:
    """Those that a product has words in and devices hear, sorted."""
    return sorted({language for _, product in products for language in product.words} & LEXICONS.keys())


def judge_facts(products: Products, ids: frozenset[str], findings: Findings, line: Line) -> None:
    """`ids`: of all products in the file."""
    for path, product in products:
        where = f"product {product.id!r}"
        for key in ("substitutes", "goes_with"):
            named: tuple[str, ...] = getattr(product, key)
            for at, other in enumerate(named):
                here = line((*path, key, at))
                if other == product.id:
                    findings.fault(here, f"{where}: it is in its own {key}")
                elif other not in ids:
                    findings.fault(here, f"{where}: {key} names {other!r}, which is no product")
                elif other in named[:at]:
                    findings.warning(here, f"{where}: {key} names {other!r} twice")
        if product.promotion and product.promotion.until and not is_date(product.promotion.until):
            here = line((*path, "promotion", "until"))
            findings.fault(here, f"{where}: {product.promotion.until} is no day of the calendar")
        for text in _texts(product):
            if not text.isprintable():
                findings.fault(line(path), f"{where}: {text!r} holds control characters")
        if product.price_minor == 0:
            detail = f"{where}: the price is zero; a device does not order what costs nothing"
            findings.warning(line((*path, "price_minor")), detail)


def judge_languages(products: Products, currency: Currency, findings: Findings) -> None:
    """Warns of languages in which little or nothing can be ordered, or amounts are no words."""
    written = {language for _, product in products for language in product.words}
    for language in sorted(written - LEXICONS.keys()):
        findings.warning(0, f"no device hears {language!r} yet; its words are kept and not used")
    for language in languages_of(products):
        if not has_money_words(currency, language):
            amount = spoken_money(Money(12 * 10 ** minor_digits(currency), currency), language)
            findings.warning(0, f"{currency} has no words in {language!r}: a device says {amount!r}")
        without = [product.id for _, product in products if language not in product.words]
        if without:
            some = ", ".join(without[:3]) + (", ..." if len(without) > 3 else "")
            findings.warning(0, f"{len(without)} products cannot be ordered in {language!r}: {some}")


def judge_sales(catalogue: Catalogue, products: Products, findings: Findings, line: Line) -> None:
    """Units and options as the grammar has them. `products` are those of `catalogue`."""
    sides = {option.id: option.position for option in catalogue.options}
    for path, product in products:
        where = f"product {product.id!r}"
        units = [LEXICONS[language].units for language in product.words if language in LEXICONS]
        if product.unit and any(product.unit not in of_language for of_language in units):
            known = ", ".join(sorted(set.intersection(*(set(of_language) for of_language in units))))
            findings.fault(
                line((*path, "unit")), f"{where}: the unit {product.unit!r} has no words; one of {known} has"
            )
        for side in ("before", "after"):
            count = sum(sides.get(option_id) == side for option_id in product.options)
            if count > MOST_OPTIONS_A_SIDE:
                most = f"at most {MOST_OPTIONS_A_SIDE} can be said"
                findings.fault(
                    line((*path, "options")), f"{where}: {count} options stand {side} its name; {most}"
                )


def _texts(product: WrittenProduct) -> Iterator[str]:
    yield from product.fits
    yield from (value for value in product.attributes.values() if isinstance(value, str))
    if product.place is not None:
        yield from (product.place.aisle, product.place.bin)
    if product.promotion is not None:
        yield from product.promotion.words.values()
