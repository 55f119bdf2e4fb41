"""Whether each name, said as an order, is understood as its product and nothing else."""

from __future__ import annotations

from agent.deciding.catalogue import Catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, SentenceParser, understand
from agent.importing.findings import Findings, Line
from agent.importing.judging import Products


def judge_sentences(catalogue: Catalogue, products: Products, findings: Findings, line: Line) -> None:
    """Compiles what a device would hear by. `catalogue` has no fault, and `products` are its own."""
    for language in sorted({language for _, product in products for language in product.words}):
        if language not in LEXICONS:
            continue
        parser = SentenceParser(compile_sentences(catalogue, language))
        for path, product in products:
            if language not in product.words:
                continue
            for name in product.words[language].heard:
                meaning = understand(parser, catalogue, "order", name)
                if isinstance(meaning, OrderAsked):
                    found = [(one.product_id, one.quantity) for one in meaning.basket.lines]
                    if found == [(product.id, 1)]:
                        continue
                    heard = "as " + ", ".join(f"{count} x {other}" for other, count in found)
                else:
                    heard = "not as an order"
                findings.warning(
                    line((*path, "words", language)),
                    f"product {product.id!r}: {name!r} in {language!r} is understood {heard}",
                )
