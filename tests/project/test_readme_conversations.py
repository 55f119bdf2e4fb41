"""What the READMEs quote is what the device makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.conversation import Say
from agent.deciding.replies import Hears, render
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from tests.project.markdown import ROOT

CATALOGUE = parse_catalogue((ROOT / "order_backend" / "catalogues" / "corner_shop.json").read_bytes())
A_TUESDAY = "2026-11-10"
QUOTED = re.compile(r'^> ["„](?P<said>Okay nabu, .*)["”]\n> \*["„](?P<answer>.*)["”]\*$', re.MULTILINE)


def quoted(page: Path) -> list[tuple[str, str]]:
    """Each order that the page quotes, and the answer below it."""
    return [(found["said"], found["answer"]) for found in QUOTED.finditer(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", ["README.md", "README.pl.md"])
def test_every_order_that_a_readme_quotes_is_read_back_as_it_says(page: str) -> None:
    parser = SentenceParser(compile_sentences(CATALOGUE, "en"))
    orders = quoted(ROOT / page)
    assert len(orders) == 2
    for said, answer in orders:
        meaning = understand(parser, CATALOGUE, "order", said, said)
        assert isinstance(meaning, OrderAsked), said
        # The day is read back where the shop has told it.
        basket = meaning.basket.coming(A_TUESDAY if "It comes on Tuesday." in answer else "")
        say = Say("read_back", basket=basket)
        assert render(say, "en", CATALOGUE.currency, Hears("okay nabu", "en")) == answer
