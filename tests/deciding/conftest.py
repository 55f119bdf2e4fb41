from __future__ import annotations

from pathlib import Path

import pytest

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.replies import Hears
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences

HEARS = Hears("okay nabu", "en")
CORNER_SHOP = Path(__file__).parents[2] / "order_backend" / "catalogues" / "corner_shop.json"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return parse_catalogue(CORNER_SHOP.read_bytes())


@pytest.fixture(scope="session")
def english(catalogue: Catalogue) -> SentenceParser:
    return SentenceParser(compile_sentences(catalogue, "en"))


@pytest.fixture(scope="session")
def polish(catalogue: Catalogue) -> SentenceParser:
    return SentenceParser(compile_sentences(catalogue, "pl"))
