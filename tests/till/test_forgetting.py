"""After somebody is forgotten nothing in the whole state folder names them, whenever it was interrupted; what
stays for a while is said, and goes by itself."""

from __future__ import annotations

import base64
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.committing.approvals import Pairing
from agent.committing.cancelling import BY_OPERATOR
from agent.committing.intents import SignedIntent
from agent.committing.journal import FILE_NAME, Journal
from agent.committing.journal_lists import Reminder
from agent.committing.journal_people import GIVEN_BACK_FOR_S, Left
from agent.committing.jws import public_jwk
from agent.committing.trusted_time import Lost
from agent.deciding.verification import Voiceprint
from agent.plumbing import durable
from agent.plumbing.errors import JournalError
from agent.plumbing.speaker_models import GE2E
from agent.till.erasing import Erasure
from agent.till.factors import Factors
from agent.till.people import People
from agent.till.phones import Phones
from agent.till.profiles import Consent, Profile
from tests.committing.kit import NOW_S, agreed, make_bench
from tests.till.kit import ANNA, BERT, Till, make_till

LONG_AFTER = NOW_S + GIVEN_BACK_FOR_S + 10
NAME = "Annabella Quux"


def traces(folder: Path, *words: str) -> list[str]:
    """The files that hold one of `words`: in their names, as they are, or inside something in base64."""
    needles = [needle for word in words for needle in (word.encode(), *_inside_base64(word.encode()))]
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if any(word in path.name for word in words)
        or (path.is_file() and any(needle in path.read_bytes() for needle in needles))
    ]


def _inside_base64(word: bytes) -> Iterator[bytes]:
    """As it looks at each of the three places where it may begin."""
    for before in range(3):
        text = base64.urlsafe_b64encode(bytes(before) + word)
        yield text[-(-before * 8 // 6) : -4]


def order_by(till: Till, words: str = "order two bags of dark roast coffee") -> str:
    till.wake_and_say(words)
    till.answer("yes place my order")
    return till.desk.journal.orders(1)[0].intent_id


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """The device's files in a folder without the shop's, and Anna with a long name, a PIN and a profile."""
    bench = make_bench(tmp_path)
    (tmp_path / "state" / "people").mkdir()
    people = People(tmp_path / "state" / "people")
    profile = Profile(Consent("may I?", "yes learn my voice", NOW_S, "en"), role="parent")
    people.add(NAME, Voiceprint(GE2E, ANNA, ANNA), now_s=NOW_S, profile=profile)
    till = make_till(bench, tmp_path / "state")
    till.desk.factors.set(till.desk.people.all()[0].pseudonym, "badge", "123456")
    yield till
    bench.desk.close()
    bench.journal.close()


def test_nothing_in_the_state_folder_names_who_was_forgotten(till: Till, tmp_path: Path) -> None:
    state = tmp_path / "state"
    [anna] = till.desk.people.all()
    order_by(till)
    till.deliver()
    order_by(till, "order three bags of dark roast coffee")
    till.deliver()
    refused = order_by(till, "order four bags of dark roast coffee")
    till.desk.cancel(refused, BY_OPERATOR)
    (state / f"{FILE_NAME}-damaged").write_bytes((state / FILE_NAME).read_bytes() + anna.pseudonym.encode())
    (state / f"{FILE_NAME}-damaged-wal").write_bytes(anna.pseudonym.encode())
    found = traces(state, NAME, anna.pseudonym)
    assert {f"people/{anna.pseudonym}.json", "factors.json", f"{FILE_NAME}-damaged"} <= set(found)
    assert any(file.startswith(FILE_NAME) for file in traces(state, anna.pseudonym))

    left = till.desk.forget(anna.pseudonym, at_once=True)
    assert left == Left()
    assert traces(state, NAME, anna.pseudonym) == []
    orders = till.desk.journal.orders()
    assert [(row.person, row.state) for row in orders] == [("", "refused"), ("", "ordered"), ("", "ordered")]
    assert till.decided[-1] == "forgotten"
    till.desk.journal.read_through()


def test_what_a_restored_shop_needs_stays_two_nights_and_then_goes_by_itself(
    till: Till, tmp_path: Path
) -> None:
    """Its receipt can be given back meanwhile, with the bytes that it is about (docs/adr/0054)."""
    [anna] = till.desk.people.all()
    intent_id = order_by(till)
    till.deliver()
    lost = (Lost(NOW_S - 60, NOW_S + 60),)
    left = till.desk.forget(anna.pseudonym)
    assert left is not None
    assert (left.open_orders, left.signed) == (0, 1)
    assert till.desk.journal.to_return(lost) == [intent_id]
    assert traces(tmp_path / "state", NAME) == []
    assert traces(tmp_path / "state" / "people") == []
    till.desk.erasure.look(now_s=left.until_s - 10)
    assert till.desk.people.forgotten() == (anna.pseudonym,)
    till.desk.erasure.look(now_s=left.until_s)
    assert traces(tmp_path / "state", anna.pseudonym) == []
    assert till.desk.people.forgotten() == ()
    assert till.desk.journal.to_return(lost) == []
    assert till.desk.journal.receipt(intent_id) is not None


def test_an_order_that_has_no_end_yet_keeps_its_person_until_it_has(till: Till, tmp_path: Path) -> None:
    """It still has to leave as it was signed, and its receipt is still believed."""
    [anna] = till.desk.people.all()
    intent_id = order_by(till)
    left = till.desk.forget(anna.pseudonym, at_once=True)
    assert left == Left(open_orders=1)
    till.desk.erasure.look(now_s=LONG_AFTER)
    till.deliver()
    assert "Ordered" in till.said
    till.desk.erasure.look(now_s=LONG_AFTER)
    assert traces(tmp_path / "state", NAME, anna.pseudonym) == []
    row = till.desk.journal.order(intent_id)
    assert row is not None and (row.state, row.person) == ("ordered", "")


def test_a_conversation_that_goes_on_does_not_name_them_again(till: Till, tmp_path: Path) -> None:
    [anna] = till.desk.people.all()
    till.wake_and_say("order two bags of dark roast coffee")
    till.desk.forget(anna.pseudonym)
    for _ in range(4):
        if till.listening is not None:
            till.answer("yes place my order")
    assert till.desk.journal.orders() == []
    till.desk.journal.scrub()
    assert traces(tmp_path / "state", anna.pseudonym) == []


def test_other_peoples_rows_stay_theirs(till: Till) -> None:
    [anna] = till.desk.people.all()
    bert = till.desk.people.add("Bert", Voiceprint(GE2E, BERT), now_s=NOW_S)
    till.wake_and_say("order two bags of dark roast coffee", BERT)
    till.answer("yes place my order", BERT)
    till.deliver()
    till.desk.forget(anna.pseudonym, at_once=True)
    [row] = till.desk.journal.orders()
    assert row.person == bert.pseudonym
    assert till.desk.journal.signed_bytes(row.intent_id)[1]
    assert {row.person for row in till.desk.journal.decisions()} == {"", bert.pseudonym}


def test_what_it_spent_still_counts_for_the_device(till: Till) -> None:
    [anna] = till.desk.people.all()
    order_by(till)
    till.deliver()
    spent = till.desk.journal.spent_by_voice_since(NOW_S - 60, "PLN")
    till.desk.forget(anna.pseudonym, at_once=True)
    assert till.desk.journal.spent_by_voice_since(NOW_S - 60, "PLN") == spent > 0


def test_who_still_reads_the_journal_holds_the_erasure_up_and_it_goes_on_later(
    till: Till, tmp_path: Path
) -> None:
    [anna] = till.desk.people.all()
    order_by(till)
    till.deliver()
    reader = Journal(tmp_path / "state" / FILE_NAME)
    reader._db.execute("BEGIN")
    reader._db.execute("SELECT * FROM orders").fetchone()
    till.desk.journal._db.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(JournalError) as refused:
        till.desk.forget(anna.pseudonym, at_once=True)
    assert refused.value.code == "forget_unfinished"
    assert till.desk.people.get(anna.pseudonym) is None
    reader._db.execute("COMMIT")
    reader.close()
    till.desk.erasure.look(now_s=LONG_AFTER)
    assert traces(tmp_path / "state", NAME, anna.pseudonym) == []


def test_what_a_phone_had_answered_goes_with_its_pairing(tmp_path: Path) -> None:
    with Journal(tmp_path / FILE_NAME) as journal:
        phones = Phones(tmp_path / "phones.json", journal)
        phones.add(Pairing("p-0000000a", public_jwk(ECKey.generate_key("P-256")), b"k" * 32))
        journal.meta_set("phone_answers", '{"minutes": {"p-0000000a": 5, "p-0000000b": 6}}')
        phones.erase("p-0000000a")
        journal.scrub()
    assert traces(tmp_path, "p-0000000a") == []
    assert traces(tmp_path, "p-0000000b") == [FILE_NAME]


def test_a_request_that_was_answered_keeps_no_bytes_in_her_name(tmp_path: Path) -> None:
    """A ticket or a return: signed, in a table of its own."""
    anna, bert = "p-0000000a", "p-0000000b"
    columns = "ask_id, kind, title, payload, sha256, outcome, exp, queued_at_s"

    def signed(person: str) -> bytes:
        claims = base64.urlsafe_b64encode(f'{{"sub": "{person}"}}'.encode()).rstrip(b"=")
        return b'{"data": {"signed": "e30.' + claims + b'.c2ln"}}'

    with Journal(tmp_path / FILE_NAME) as journal:
        journal._db.execute(
            f"CREATE TABLE IF NOT EXISTS requests ({columns.replace('ask_id', 'ask_id TEXT UNIQUE')})"
        )
        for id_, person, outcome in (("1", anna, "answered"), ("2", anna, ""), ("3", bert, "answered")):
            values = (id_, "ticket", "", signed(person), "", outcome, NOW_S, NOW_S)
            journal._db.execute(f"INSERT INTO requests ({columns}) VALUES (?,?,?,?,?,?,?,?)", values)
        left, _ = journal.forget_people([anna], now_s=NOW_S)
        assert left == Left(open_orders=1)
        kept = dict(journal._db.execute("SELECT ask_id, payload FROM requests").fetchall())
        assert kept == {"1": b"", "2": signed(anna), "3": signed(bert)}


def test_what_a_release_without_lists_has_left_of_somebody_it_forgot_goes(tmp_path: Path) -> None:
    """It emptied every column `person`, as always, and knew of no list."""
    with Journal(tmp_path / FILE_NAME) as journal:
        for person, what in (("p-0badcafe", "Annabella's own tea"), ("", "rice")):
            journal.add_to_list([(what, 1, what)], person=person, now_s=NOW_S)
        journal.remind(Reminder("p-0badcafe", NOW_S, None))
        for table in ("list_entries", "list_reminders"):
            journal._db.execute(f"UPDATE {table} SET person = '' WHERE person != ''")
        assert [entry.sku for entry in journal.on_list()] == ["rice"], "also before it is gone"
        assert journal.reminder() is None
        Erasure(People(tmp_path / "people"), (), journal).look(now_s=NOW_S)
        assert [entry.sku for entry in journal.on_list()] == ["rice"], "which was nobody's from the beginning"
        assert traces(tmp_path, "Annabella") == [], "nor in the log that SQLite writes ahead"


def test_a_phone_that_an_earlier_release_has_left_goes_with_whose_it_was(till: Till, tmp_path: Path) -> None:
    state, [anna] = tmp_path / "state", till.desk.people.all()
    jwk = public_jwk(ECKey.generate_key("P-256"))
    for person in (anna.pseudonym, "p-0badcafe"):
        till.desk.phones.add(Pairing(person, jwk, b"k" * 32))
    till.desk.erasure.look(now_s=NOW_S)
    assert till.desk.phones.people() == (anna.pseudonym,)
    assert traces(state, "p-0badcafe") == []
    (state / "people" / f"{anna.pseudonym}.json").write_text("not to be read")
    people = People(state / "people")
    assert people.get(anna.pseudonym) is None and people.is_kept(anna.pseudonym), "damaged, and not forgotten"


class Killed(BaseException):
    """The power went."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with Anna in all of it: one order over, one open, one taken back."""
    state = tmp_path_factory.mktemp("before")
    people = People(state / "people")
    anna = people.add(NAME, Voiceprint(GE2E, ANNA, ANNA), now_s=NOW_S, profile=Profile(role="parent"))
    with Journal(state / FILE_NAME) as journal:
        Factors(state / "factors.json", journal).set(anna.pseudonym, "badge", "123456")
        for state_ in ("ordered", "refused", "expired"):
            payload = f'{{"sub": "{anna.pseudonym}"}}'.encode()
            signed = SignedIntent(str(uuid.uuid4()), "up", payload, "ab" * 32, NOW_S, NOW_S + 60)
            order = msgspec.structs.replace(agreed(), person=anna.pseudonym)
            journal.queue(signed, order, now_s=NOW_S, monotonic_ns=1)
            journal.queue_cancel(signed.intent_id, payload, now_s=NOW_S)
            receipt = None if state_ == "expired" else b"receipt"
            journal.move(
                signed.intent_id,
                state_,  # type: ignore[arg-type]
                now_s=NOW_S,
                monotonic_ns=2,
                receipt=receipt,
            )
            journal.settle_cancel(signed.intent_id, "too_late", now_s=NOW_S)
        journal.record_decision(
            conversation="c", code="consented", title="", person=anna.pseudonym, at_s=NOW_S
        )
    return state


def open_erasure(state: Path) -> tuple[Erasure, People, Factors, Journal]:
    people, journal = People(state / "people"), Journal(state / FILE_NAME)
    factors = Factors(state / "factors.json", journal)
    return Erasure(people, (factors.forget,), journal), people, factors, journal


def test_killed_anywhere_she_is_whole_or_forgotten_after_the_next_start(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each step that reaches the disk."""
    steps, wholes = 0, 0
    pseudonym = next((before / "people").glob("p-*.json")).stem
    for last in range(1, 60):
        state = tmp_path / str(last)
        shutil.copytree(before, state)
        erasure, _, _, journal = open_erasure(state)
        with monkeypatch.context() as patched:
            ended = _killed_at(last, patched)
            try:
                erasure.forget(pseudonym, now_s=LONG_AFTER)
            except Killed:
                journal._db.close()
            else:
                journal.close()
                assert not ended()
                steps = last
        if steps:
            break
        erasure, people, factors, journal = open_erasure(state)
        erasure.look(now_s=LONG_AFTER)
        journal.close()
        if people.get(pseudonym) is None:
            assert traces(state, NAME, pseudonym) == [], last
            continue
        wholes += 1
        assert people.problems == []
        assert people.all()[0].profile.role == "parent"
        with Journal(state / FILE_NAME) as journal:
            assert factors.has(pseudonym)
            assert {row.person for row in journal.orders()} == {pseudonym}
            assert all(journal.signed_bytes(row.intent_id)[1] for row in journal.orders())
    assert steps > 20
    assert 0 < wholes < steps / 2


def _killed_at(last: int, patched: pytest.MonkeyPatch) -> Callable[[], bool]:
    """The power goes at the step of that number; whether it did."""
    count = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def take(*arguments: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == last:
                raise Killed
            done = step(*arguments, **named)
            count += 1
            if count == last:
                raise Killed
            return done

        return take

    for owner, name in (
        (Path, "unlink"),
        (durable, "write"),
        (durable, "flush"),
        (Journal, "_transaction"),
        (Journal, "scrub"),
    ):
        patched.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: count >= last
