"""Whether each name, said as an order, is understood as its product and nothing else: where two things can be
meant, nothing is ordered."""

from __future__ import annotations

from agent.deciding.catalogue import Catalogue
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.importing.findings import Findings, Line
from agent.importing.judging import Products, languages_of


def judge_sentences(catalogue: Catalogue, products: Products, findings: Findings, line: Line) -> None:
    """Compiles what a device would hear by. `catalogue` has no fault, and `products` are its own."""
    for language in languages_of(products):
        parser = SentenceParser(compile_sentences(catalogue, language))
        for path, product in products:
            if language not in product.words:
                continue
            for name in product.words[language].heard:
                if not isinstance(understand(parser, catalogue, "order", name), OrderAsked):
                    here = line((*path, "words", language))
                    text = f"{name!r} in {language!r} can mean another order, or none"
                    findings.warning(here, f"product {product.id!r}: {text}")
