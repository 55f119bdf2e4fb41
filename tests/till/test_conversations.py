"""The written conversations of docs/conversations come as they are written, and each step of the dialogue
table has one that needs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.bench.conversation_file import Conversation, read_files
from agent.bench.conversations import (
    FOLDER,
    Held,
    conversation_files,
    counts,
    hold,
    holder,
    rewritten,
    transcript,
)
from agent.cli import main
from agent.deciding import beside, dialogue
from agent.deciding import conversation as talk
from agent.deciding.ask_replies import ASK_REPLIES
from agent.deciding.habit_words import HABIT_REPLIES
from agent.deciding.history_words import TOLD
from agent.deciding.inquired import Inquired
from agent.deciding.offered import AwaitingOffer
from agent.deciding.own_goods_words import OWN_REPLIES
from agent.deciding.replies_lists import LIST_REPLIES
from agent.deciding.replies_questions import ALOUD
from agent.deciding.reply_words import REPLIES
from agent.plumbing.errors import ConfigurationError
from agent.till import factors

FILES = conversation_files(FOLDER)


OUT_OF_REACH = {(AwaitingOffer, Inquired)}
"""The shop is asked what an order costs for a second and a half, and nobody can ask anything meanwhile that
leaves it open; but what was asked before could be answered then."""


class Noted(dict[Any, Any]):
    """A table, and what was looked up in it."""

    def __init__(self, table: Mapping[Any, Any]) -> None:
        super().__init__(table)
        self.used: set[Any] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        if key in self:
            self.used.add(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.used.add(key)
        return super().__getitem__(key)


REPLY_TABLES: Mapping[str, Any] = {
    "reply": REPLIES,
    "ask": ASK_REPLIES,
    "aloud": ALOUD,
    "list": LIST_REPLIES,
    "habit": HABIT_REPLIES,
    "told": TOLD,
    "own": OWN_REPLIES,
}
_ELSEWHERE: Mapping[str, str] = {
    "reply: certificate_ending": "tests/till/test_certificate_care.py",
    "reply: shop_over_agreed": "the shop would have to lie: tests/committing/test_road.py",
    "reply: shop_other_lines": "the shop would have to lie: tests/committing/test_road.py",
    "reply: shop_restricted": "the shop publishes its details: tests/till/test_details_road.py",
    "reply: shop_catalogue_unknown": "the shop was restored: tests/backend/test_restored_catalogue.py",
    "ask: status_unknown": "the shop was restored, and has lost the order",
    "ask: refused_too_many_open": "fifty of them: tests/backend/test_kept_asks.py",
    "reply: cannot_commit": "what no other reply names: `replies.render`",
    "reply: not_read_back": "no step of the table does it: tests/deciding/test_dialogue.py",
    "reply: too_long": "names of 500 letters: tests/till/test_too_long.py",
    "reply: shown_on_phone": "names of 500 letters: tests/till/test_too_long.py",
    "own: not_sold": "the shop sells it no more: tests/deciding/test_own_goods.py",
    "own: spent_unknown": "the shop sells it no more: tests/deciding/test_own_goods.py",
    "reply: remember_failed": "nothing can be written: tests/till/test_remembering.py",
    "reply: typed_about_me": "only in a language without words for what could be told instead",
    "reply: wrong_lost_open_typed": "nothing can be written",
    "reply: not_read_back_typed": "no step of the table does it: tests/deciding/test_dialogue.py",
}
SAID_ELSEWHERE = {f"{language} {key}": why for key, why in _ELSEWHERE.items() for language in ("en", "pl")}
"""Replies that no conversation brings about: what does, or why nothing."""


@pytest.fixture(scope="module")
def said() -> Iterator[dict[tuple[str, str], Noted]]:
    """Which replies were said, by table and language."""
    with pytest.MonkeyPatch.context() as patch:
        noted = {
            (name, language): Noted(table[language])
            for name, table in REPLY_TABLES.items()
            for language in ("en", "pl")
        }
        for (name, language), table in noted.items():
            patch.setitem(REPLY_TABLES[name], language, table)
        yield noted


@pytest.fixture(scope="module")
def hold_one() -> Iterator[Callable[[Conversation], Held]]:
    with holder() as hold_one, pytest.MonkeyPatch.context() as patch:
        patch.setattr(factors, "COST", 2)  # a third of the time goes into PINs
        yield hold_one


@pytest.fixture(scope="module")
def held(
    hold_one: Callable[[Conversation], Held], said: dict[tuple[str, str], Noted]
) -> list[tuple[Held, set[Any]]]:
    """Every conversation with the steps of the table that it took."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for conversation in read_files(FILES):
            tables = [Noted(dialogue.TABLE), Noted(beside.TABLE)]
            for module, noted in zip((dialogue, beside), tables, strict=True):
                patch.setattr(module, "TABLE", noted)
            found.append((hold_one(conversation), {key for noted in tables for key in noted.used}))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_conversation_comes_as_it_is_written(path: Path, held: list[tuple[Held, set[Any]]]) -> None:
    here = [each for each, _ in held if each.conversation.file == path]
    assert here
    assert not [f"{path.name}:{fault}" for each in here for fault in each.played.faults]


def test_every_step_of_the_table_is_needed_by_a_conversation(
    held: list[tuple[Held, set[Any]]],
    hold_one: Callable[[Conversation], Held],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each is taken out in turn, and some conversation has to come otherwise than it is written."""
    unneeded = []
    steps: list[tuple[Any, Any]] = [(dialogue, key) for key in dialogue.TABLE]
    for module, key in [*steps, *((beside, key) for key in beside.TABLE)]:
        takes_it = [each.conversation for each, used in held if key in used]
        without = {step: handler for step, handler in module.TABLE.items() if step != key}
        with monkeypatch.context() as patch:
            patch.setattr(module, "TABLE", without)
            if not any(hold_one(conversation).played.faults for conversation in takes_it):
                unneeded.append(key)
    unneeded = [key for key in unneeded if key not in OUT_OF_REACH]
    assert not unneeded, "write a conversation that needs it"


def test_every_reply_in_english_and_polish_is_said_in_a_conversation(
    held: list[tuple[Held, set[Any]]], said: dict[tuple[str, str], Noted]
) -> None:
    unsaid = {
        f"{language} {name}: {key}"
        for (name, language), table in said.items()
        for key in table.keys() - table.used
    }
    assert unsaid == SAID_ELSEWHERE.keys(), "write a conversation that says it, or take it out"


HEAD = "language: en\n\n"
WHOLE = """== One
Anna: okay nabu, order two bags of coffee
    state: Confirming
    answer: Two bags of medium roast coffee, thirty-eight zloty in total. Say: yes, place my order. Or say: cancel.
then: decided read_back
then: no order
"""  # noqa: E501


def written(folder: Path, text: str) -> Path:
    path = folder / "some.txt"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    """What is wrong with a file of that text, without the name of the file."""
    path = written(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        read_files([path])
    assert caught.value.code == "conversations_invalid"
    return [line.removeprefix(f"{path}:") for line in caught.value.detail.splitlines()]


def test_all_faults_of_a_file_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """laguage: en

==
given: Anna; the moon is full
Anna: okay nabu, order coffee
    state: idle
    anwser: What?
Anna (drunk): yes
    nearly: something
    state: Idle
    heard: yes
kettle: boils
shop: burns down
what is this
then: maybe
Anna: no
== Another
    state: Idle
"""
    found = faults(tmp_path, text)
    lines = {int(fault.partition(":")[0]) for fault in found}
    assert lines == {1, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 18}


def test_two_conversations_of_one_name_are_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, HEAD + WHOLE + "\n" + WHOLE) == [
        "10: a conversation of this name stands in some.txt:3"
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("state: Idle", "state: Confirming"),
        ("thirty-nine zloty", "thirty-eight zloty"),
        ("decided consented", "decided read_back"),
        ("then: ordered coffee?roast=medium*2 for 38.00 by Anna", "then: no order"),
    ],
)
def test_what_comes_otherwise_is_told_with_its_line(tmp_path: Path, wrong: str, right: str) -> None:
    text = HEAD + WHOLE
    line = 1 + text[: text.index(right)].count("\n")
    told = {3: 3, 4: 4, 5: 4, 6: 4, 7: 7, 8: 7}[line]
    [held] = hold(read_files([written(tmp_path, text.replace(right, wrong))]))
    assert [fault.partition(":")[0] for fault in held.played.faults] == [str(told)]
    assert counts([held])["failed"] == 1


def test_what_no_recogniser_could_hear_is_a_fault(tmp_path: Path) -> None:
    text = HEAD + WHOLE.replace("    state: Conf", "    heard: order me the moon\n    state: Conf")
    [held] = hold(read_files([written(tmp_path, text)]))
    assert "cannot be heard there" in held.played.faults[0]


def test_an_error_in_the_dialogue_fails_its_conversation_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> talk.Outcome:
        raise KeyError("")

    text = HEAD + WHOLE + "\n" + WHOLE.replace("One", "Two").replace("okay nabu, order", "okay nabu, what is")
    monkeypatch.setitem(dialogue.TABLE, (talk.Idle, talk.OrderHeard), broken)
    first, second = hold(read_files([written(tmp_path, text)]))
    assert first.played.faults[0].startswith("4: it ended with KeyError")
    assert not any("ended" in fault for fault in second.played.faults)


def test_a_draft_is_filled_in_and_then_holds(tmp_path: Path) -> None:
    draft = HEAD + "".join(line for line in WHOLE.splitlines(True) if line[0] in "=A")
    path = written(tmp_path, draft)
    [text] = rewritten(hold(read_files([path], drafts=True))).values()
    assert text == HEAD + WHOLE
    assert faults(tmp_path, draft)


def test_rewriting_what_holds_changes_nothing(held: list[tuple[Held, set[Any]]]) -> None:
    for path, text in rewritten([each for each, _ in held]).items():
        assert text == path.read_text(encoding="utf-8")


def test_the_command_counts_shows_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = ["bench", "conversations", "--folder", str(tmp_path)]
    written(tmp_path, HEAD + WHOLE)
    (tmp_path / "other.txt").write_text(
        "language: pl\nadversarial\n\n== Dwa\nAnna: okay nabu, abc\n    state: Confirming\n"
        "then: decided nothing\nthen: no order\n",
        encoding="utf-8",
    )
    assert main([*bench, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"en": 1, "pl": 1, "adversarial": 1, "failed": 1}
    assert main(bench) == 1
    out = capsys.readouterr().out
    assert f"{tmp_path}/other.txt:5: Confirming" in out
    assert main([*bench, "--show", "one"]) == 0
    assert capsys.readouterr().out.startswith(
        "One\n\nAnna: okay nabu, order two bags of coffee\n    answer: Two bags"
    )
    assert main([*bench, "--rewrite"]) == 0
    assert main([*bench, "--json"]) == 0
    assert main([*bench, "--show", "9"]) == 1


def test_a_transcript_shows_what_was_heard_in_place_of_what_was_said(
    held: list[tuple[Held, set[Any]]],
) -> None:
    [misheard, *_] = [each for each, _ in held if any(step.heard == "" for step in each.conversation.steps)]
    assert "[heard: no sentence]" in transcript(misheard)
    assert isinstance(misheard.conversation, Conversation)
