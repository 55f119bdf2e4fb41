"""The shopping list in the journal: on disk before it is promised, bounded, and gone with the person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.committing.journal import Journal
from agent.committing.journal_lists import MOST_ENTRIES, MOST_OF_ONE, Reminder
from agent.committing.journal_mend import open_journal
from agent.plumbing.errors import JournalError
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed
from tests.committing.test_journal import move, queue

ANNA, BERT = "p-0000000a", "p-0000000b"


def add(journal: Journal, *skus: str, person: str = ANNA, quantity: int = 1) -> None:
    journal.add_to_list([(sku, quantity, f"a {sku}") for sku in skus], person=person, now_s=NOW_S)


def skus(journal: Journal) -> list[str]:
    return [entry.sku for entry in journal.on_list()]


def test_it_is_there_after_a_kill_and_one_s_own_becomes_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db")
    add(journal, "milk", "tea")
    add(journal, "milk", quantity=2)
    add(journal, "milk", person=BERT)
    journal.remind(Reminder(ANNA, NOW_S + 60, None))
    with Journal(tmp_path / "j.db") as after:  # while the first never closed it
        found = [(entry.person, entry.sku, entry.quantity) for entry in after.on_list()]
        assert found == [(ANNA, "milk", 3), (ANNA, "tea", 1), (BERT, "milk", 1)]
        assert after.reminder() == Reminder(ANNA, NOW_S + 60, None)
        after.take_off_list([entry.number for entry in after.on_list() if entry.sku == "milk"])
        assert skus(after) == ["tea"]
        after.remind(None)
        assert after.reminder() is None
    journal.close()


def test_what_is_ordered_is_off_it_unless_the_shop_refuses(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        queue(journal, product="milk", fat="semi")
        add(journal, "milk?fat=semi", "rice")
        assert skus(journal) == ["milk?fat=semi", "rice"], "the order of before is another one"
        intent = queue(journal, product="milk", fat="semi")
        assert skus(journal) == ["rice"]
        add(journal, "milk?fat=semi")
        assert skus(journal) == ["rice", "milk?fat=semi"], "wanted anew"
        journal.take_off_list([journal.on_list()[-1].number])
        move(journal, intent, "refused")
        assert skus(journal) == ["milk?fat=semi", "rice"]
        assert len(journal.list_of(ANNA)) == 2


def test_it_is_bounded_and_what_was_ordered_makes_room(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        add(journal, "rice", *(f"p-{at}" for at in range(MOST_ENTRIES - 1)))
        with pytest.raises(JournalError) as full:
            add(journal, "tea", "sugar")
        assert full.value.code == "list_full" and full.value.next_step
        assert len(skus(journal)) == MOST_ENTRIES and "tea" not in skus(journal)
        add(journal, "p-1")
        queue(journal, product="rice")
        add(journal, "tea")
        assert len(skus(journal)) == MOST_ENTRIES and len(journal.list_of(ANNA)) == MOST_ENTRIES
        with pytest.raises(JournalError):
            add(journal, "tea", quantity=MOST_OF_ONE)


def test_on_a_full_disk_nothing_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path / "j.db") as journal:
        add(journal, "milk")
        monkeypatch.setattr(journal._reserve, "take", lambda: False)
        writes: tuple[Callable[[], None], ...] = (
            lambda: add(journal, "tea"),
            lambda: journal.take_off_list([1]),
            lambda: journal.remind(Reminder(ANNA, NOW_S, None)),
        )
        for write in writes:
            with pytest.raises(JournalError) as full:
                write()
            assert full.value.code == "journal_full"
        assert skus(journal) == ["milk"] and journal.reminder() is None


def test_what_is_undone_is_undone_in_one_write(tmp_path: Path) -> None:
    friday, monday = Reminder(ANNA, NOW_S + 60, None), Reminder(BERT, NOW_S + 120, None)
    with Journal(tmp_path / "j.db") as journal:
        add(journal, "milk", quantity=MOST_OF_ONE)
        add(journal, "rice", quantity=3)
        journal.remind(friday)
        milk, rice = journal.on_list()
        with pytest.raises(JournalError):
            journal.undo_on_list(less=[(rice.number, 1)], again=[milk], reminded=(friday, None), now_s=NOW_S)
        assert journal.on_list() == [milk, rice] and journal.reminder() == friday
        journal.undo_on_list(less=[(rice.number, 1)], again=[], reminded=(monday, None), now_s=NOW_S)
        assert journal.on_list()[1].quantity == 2 and journal.reminder() == friday
        journal.undo_on_list(
            less=[(milk.number, MOST_OF_ONE), (rice.number, 9)], again=[milk],
            reminded=(friday, monday), now_s=NOW_S,
        )  # fmt: skip
        assert skus(journal) == ["milk"] and journal.reminder() == monday


def test_who_is_forgotten_takes_their_part_along(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        add(journal, "milk", "rice")
        add(journal, "tea", person=BERT)
        journal.remind(Reminder(ANNA, NOW_S, None))
        journal.forget_people([ANNA], now_s=NOW_S)
        journal.scrub()
        assert skus(journal) == ["tea"] and journal.reminder() is None
        assert ANNA.encode() not in (tmp_path / "j.db").read_bytes()
        journal.remind(Reminder(BERT, NOW_S, None))
        journal.forget_people([ANNA], now_s=NOW_S)
        assert journal.reminder() is not None


def test_a_mended_journal_has_the_list_of_before(bench: Bench) -> None:
    add(bench.journal, "milk", "coffee?roast=dark")
    bench.journal.remind(Reminder(ANNA, NOW_S, None))
    bench.trust_time()
    bench.road.commit(agreed())
    assert skus(bench.journal) == ["milk"]
    path = Path(bench.settings.paths.state_dir) / "journal.db"
    bench.journal.close()
    with sqlite3.connect(path) as db:
        [root] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096] = 0xFF
    path.write_bytes(data)
    journal = bench.journal = open_journal(path, bench.keys.public_jwk(), DEVICE)
    assert skus(journal) == ["milk"] and len(journal.orders()) == 1
    assert len(journal.list_of(ANNA)) == 1
    assert journal.reminder() == Reminder(ANNA, NOW_S, None)
    journal.read_through()
