"""Help is given whenever it is typed, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import make_till


@pytest.mark.parametrize(
    ("language", "order", "asked", "example"),
    [
        ("en", "order two bags of rice", "help", "order two bags of coffee"),
        ("pl", "zamów dwie paczki ryżu", "pomoc", "poproszę dwie paczki kawy"),
    ],
)
def test_help_is_typed_while_a_basket_waits(
    tmp_path: Path, language: str, order: str, asked: str, example: str
) -> None:
    till, replies = make_till(make_bench(tmp_path), tmp_path), list[str]()
    till.typed = TypedDialogue(till.desk, language, replies.append, till.what_is_low)
    till.typed.typed(asked)
    till.typed.typed(order)
    for _ in range(5):
        till.typed.typed(asked)
    first, _, *helped = replies
    assert example in first
    assert helped == [first] * 5
    till.wake_and_say("okay nabu yes place my order")
    assert till.said.startswith("Two bags of rice")
