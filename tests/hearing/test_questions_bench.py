"""Questions as made voices say them to the real recogniser, with orders beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.bench.made_questions import MadeQuestion, QuestionMaker
from agent.bench.questions import OUTCOMES, QuestionsBench, run_questions_bench
from agent.deciding.heard_lists import LISTED
from agent.deciding.heard_questions import HEARD_ABOUT, HEARD_WHOLE
from agent.plumbing.sentence_graph import normalise_text
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import spoken

CATALOGUE = Path(__file__).parents[2] / "order_backend" / "catalogues" / "corner_shop.json"
SAID_OF_LISTS = {"list_add", "list_remove", "list_what", "list_order", "suggest", "suggest_never"}
KINDS = {*HEARD_ABOUT["en"], *HEARD_WHOLE["en"], "recall"} | SAID_OF_LISTS


@pytest.fixture(scope="module")
def bench() -> QuestionsBench:
    return QuestionsBench(CATALOGUE, default_models_dir())


@pytest.mark.parametrize(
    ("said", "kind", "counts"),
    [
        ("how much are two bags of rice", "price", {"rice": 2}),
        ("is there any green tea left", "stock", {"green-tea": 1}),
        ("where is the rice", "where", {"rice": 1}),
        ("where is my order", "status", {}),
        ("what did we spend this month", "recall", {}),
        ("cancel my last order", "cancel", {}),
        ("add two bags of rice to the list", "list_add", {"rice": 2}),
        ("take the green tea off the list", "list_remove", {"green-tea": 1}),
        ("what is on my list", "list_what", {}),
        ("did I forget anything", "suggest", {}),
        ("can I have two bags of rice", "order", {"rice": 2}),
        ("may I have a box of green tea", "order", {"green-tea": 1}),
    ],
)
def test_a_spoken_question_is_heard_as_one_and_an_order_as_an_order(
    bench: QuestionsBench, said: str, kind: str, counts: dict[str, int]
) -> None:
    assert bench.outcome(MadeQuestion(kind, said, counts), spoken("slt", said)) == "right"


def test_what_is_heard_otherwise_is_counted_as_such(bench: QuestionsBench) -> None:
    said = spoken("slt", "how much are two bags of rice")
    assert bench.outcome(MadeQuestion("price", "", {"rice": 3}), said) == "question"
    assert bench.outcome(MadeQuestion("stock", "", {"rice": 2}), said) == "question"
    order = spoken("slt", "can I have two bags of rice")
    assert bench.outcome(MadeQuestion("price", "", {"rice": 2}), order) == "order"


def test_a_list_that_is_ordered_for_another_day_is_another_question(bench: QuestionsBench) -> None:
    said = spoken("slt", "order the list on Friday")
    assert bench.outcome(MadeQuestion("list_order", "", {}, 4), said) == "right"
    assert bench.outcome(MadeQuestion("list_order", "", {}, 3), said) == "question"
    assert bench.outcome(MadeQuestion("list_order", "", {}), said) == "question"


def test_the_kinds_take_turns(bench: QuestionsBench) -> None:
    kinds = [one.kind for one in QuestionMaker(bench.catalogue, 5).questions(4 * len(KINDS))]
    many = kinds.index(kinds[0], 1)
    assert len(set(kinds[:many])) == many
    assert kinds[:many] == kinds[many : 2 * many]
    assert set(kinds[:many]) >= KINDS


def test_what_is_made_of_a_list_is_read_as_what_it_is(bench: QuestionsBench) -> None:
    made = QuestionMaker(bench.catalogue, 5).questions(30 * len(KINDS))
    listed = [one for one in made if one.kind in LISTED]
    assert {one.day for one in listed} == {None, *range(8)}
    assert max(max(one.counts.values(), default=0) for one in listed if one.kind == "list_add") > 1
    for one in listed:
        assert bench._asked(normalise_text(one.text)) == one._replace(text="")


@pytest.mark.slow
def test_every_row_counts_all() -> None:
    [row] = run_questions_bench(CATALOGUE, None, [], 1, 5, default_models_dir())["results"]
    assert set(row["questions"]) == set(row["orders"]) == set(OUTCOMES)
    assert sum(row["questions"].values()) == sum(row["orders"].values()) == 1
