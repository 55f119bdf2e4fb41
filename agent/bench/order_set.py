"""A set of recorded orders: `domain.json` (the words), `labels.jsonl` (one object a recording) and the
recordings.

The domain becomes a catalogue, so that the grammar under test is the one the product compiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.deciding.products import Option, Product, Wording
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import OrderAsked, understand
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import SentenceGraph, normalise_text

LANGUAGE = "en"
_PRODUCT_SLOT = "coffeeDrink"
_BEFORE, _AFTER = ("size", "roast", "numberOfShots"), ("milkAmount", "sugarAmount")
_DIGITS = {"eight": "8", "twelve": "12", "sixteen": "16", "twenty": "20"}
_OUNCE = re.compile(r"(\w+) ounce")


class LabelledOrder(NamedTuple):
    """One recording and every slot that was said in it."""

    audio: Path
    slots: dict[str, str]


class _Domain(msgspec.Struct):
    openings: list[str]
    slots: dict[str, list[str]]


class _Label(msgspec.Struct):
    audio: str
    slots: dict[str, str]


class OrderSet:
    """The set in `folder`. Raises AudioError('bench_set_invalid') where something is missing or malformed."""

    def __init__(self, folder: Path) -> None:
        try:
            self._domain = msgspec.json.decode((folder / "domain.json").read_bytes(), type=_Domain)
            lines = (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()
            labels = [msgspec.json.decode(line, type=_Label) for line in lines if line.strip()]
            self._values = {
                slot: {_identifier(value): value for value in self._domain.slots[slot]}
                for slot in (_PRODUCT_SLOT, *_BEFORE, *_AFTER)
            }
        except (OSError, UnicodeDecodeError, msgspec.MsgspecError, KeyError) as error:
            raise AudioError(
                "bench_set_invalid", f"{folder}: {error}", "give a folder with domain.json and labels.jsonl"
            ) from error
        self.orders = [LabelledOrder(folder / label.audio, label.slots) for label in labels]
        if not self.orders:
            raise AudioError("bench_set_invalid", f"{folder}: labels.jsonl is empty", "add recordings")
        self._catalogue = self.catalogue()
        self.openings = tuple(self._domain.openings)
        """With which its people begin, beside those of the lexicon."""
        self.graph: SentenceGraph = compile_sentences(self._catalogue, LANGUAGE, extra_openings=self.openings)
        self._parser = SentenceParser(self.graph)

    def catalogue(self) -> Catalogue:
        """The domain as a catalogue: drinks are products, everything else is an option of each."""
        slots = (*((slot, "before") for slot in _BEFORE), *((slot, "after") for slot in _AFTER))
        options = [_option(slot, position, self._domain.slots[slot]) for slot, position in slots]
        products = [
            Product(
                _identifier(drink), "piece", 1_00, {LANGUAGE: Wording(drink)}, tuple(o.id for o in options)
            )
            for drink in self._domain.slots[_PRODUCT_SLOT]
        ]
        draft = Catalogue(1, "bench", 1, "USD", tuple(products), tuple(options))
        return parse_catalogue(msgspec.json.encode(draft), name="bench")

    def slots(self, words: str) -> Mapping[str, str] | None:
        """Every slot that `words` fill, by the names and values of the labels; None where they are no order.

        A quantity other than one and a second item are slots as well: nobody in such a set orders two.
        """
        meaning = understand(self._parser, self._catalogue, "order", words)
        if not isinstance(meaning, OrderAsked):
            return None
        line, *others = meaning.basket.lines
        filled = {_PRODUCT_SLOT: self._values[_PRODUCT_SLOT][line.product_id]}
        for option, choice in line.options:
            slot = next(slot for slot in self._values if _identifier(slot) == option)
            filled[slot] = self._values[slot][choice]
        if line.quantity != 1:
            filled["quantity"] = str(line.quantity)
        if others:
            filled["others"] = " ".join(other.sku for other in others)
        return filled


def _option(slot: str, position: str, values: Iterable[str]) -> Option:
    choices = [
        {"id": _identifier(value), "words": {LANGUAGE: {"say": value, "hear": _also_said(value)}}}
        for value in values
    ]
    return msgspec.convert({"id": _identifier(slot), "position": position, "choices": choices}, Option)


def _also_said(value: str) -> list[str]:
    ounces = _OUNCE.fullmatch(value)
    if not ounces:
        return []
    number = ounces[1]
    return [f"{number} oz", *(f"{_DIGITS[number]} {unit}" for unit in ("ounce", "oz") if number in _DIGITS)]


def _identifier(text: str) -> str:
    return normalise_text(text).replace(" ", "-")
