"""The real till is brought a new catalogue while it serves the old one; this test is `voice`, shop and
operator, and kills whom it likes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.bench.made_catalogue import made_catalogue
from agent.deciding.edition import source_id
from agent.plumbing import messages, operator
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.speaker_models import GE2E
from agent.till.catalogue_store import FILE_NAME
from tests.committing.kit import CATALOGUE_FILE
from tests.plumbing.stand_ins import alive, comes_true
from tests.till.kit import EDITION, edition_of, utterance
from tests.till.till_process import TillProcess, running_till

ORDER, PEAS, CONSENT = (
    "order two bags of dark roast coffee",
    "order a box of green peas",
    "yes place my order",
)


def catalogue(version: int, **values: Any) -> bytes:
    """The corner shop with another version, everything dearer by 10 zloty, and peas."""
    raw = json.loads(CATALOGUE_FILE.read_bytes()) | {"version": version}
    for product in raw["products"]:
        product["price_minor"] += 1_000
    words = {"en": {"say": f"green peas number {version}", "hear": ["green peas"]}}
    raw["products"].append({"id": "peas", "unit": "box", "price_minor": 500, "words": words})
    return json.dumps(raw | values).encode()


def grammar_id(source: bytes) -> str:
    return edition_of(source).grammar_id


SECOND, THIRD = catalogue(2), catalogue(3)
V1, V2, V3 = EDITION.grammar_id, grammar_id(SECOND), grammar_id(THIRD)
LARGE = msgspec.json.encode(
    msgspec.structs.replace(made_catalogue(5_000), shop_id="corner-shop", currency="PLN", version=2)
)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[TillProcess]:
    with running_till(tmp_path) as till:
        till.health()  # it serves
        yield till


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TillProcess]:
    """One for all catalogues that it cannot serve: it goes on with the first."""
    with running_till(tmp_path_factory.mktemp("till")) as till:
        voice_comes(till)
        yield till


def bring(till: TillProcess, source: bytes, version: int = 0) -> IpcConnection:
    """As `earmark catalogue load` does; what becomes of it comes out of the connection."""
    client, fd = till.client(), sealed_memfd(source)
    named = version or json.loads(source)["version"]
    client.send(operator.LoadCatalogue(named, source_id(source)), (fd,))
    os.close(fd)
    return client


def answer(client: IpcConnection) -> str:
    """The next stage, or the code of a problem."""
    message, _ = client.receive(operator.OperatorAnswer)
    return message.stage if isinstance(message, operator.CatalogueAt) else message.code


def offered(till: TillProcess) -> str:
    """The next grammar that `voice` is given."""
    while True:
        message, fds = till.voice.receive(messages.TillToVoice)
        for fd in fds:
            os.close(fd)
        if isinstance(message, messages.UseGrammar):
            return message.grammar_id


def hear_by(till: TillProcess, name: str, fault: str = "") -> None:
    """`voice` is offered just that, and takes it (or says why not)."""
    assert offered(till) == name
    till.voice.send(messages.GrammarTaken(name, fault))


def voice_comes(till: TillProcess, name: str = V1) -> None:
    till.voice.send(messages.VoiceReady(GE2E))
    hear_by(till, name)


def state(till: TillProcess) -> operator.CatalogueHealth:
    return till.health().catalogue


def served(till: TillProcess, version: int) -> bool:
    """Comes true, and the order in hand is read back at that version's price."""
    return comes_true(lambda: state(till).version == version)


def workshop(till: TillProcess) -> int:
    pid = till.child.process.pid
    [found] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found)


def jobs(till: TillProcess) -> list[int]:
    pid = workshop(till)
    return [int(job) for job in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def orders_at(till: TillProcess, name: str, price: str) -> None:
    """An order in the voice of Anna is read back at that price."""
    till.trust_time()
    till.voice.send(utterance(0, ORDER, grammar_id=name))
    assert price in till.next_said().text


OLD, NEW = "thirty-eight zloty", "fifty-eight zloty"


def test_it_is_compiled_offered_and_in_use_once_voice_hears_by_it(till: TillProcess) -> None:
    voice_comes(till)
    till.trust_time()
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        assert state(till) == operator.CatalogueHealth(1, 20, 2, "waiting")
        assert offered(till) == V2
        orders_at(till, V1, OLD)
        till.voice.send(messages.GrammarTaken(V2))
        assert answer(client) == "in_use"
    assert state(till) == operator.CatalogueHealth(2, 21)
    orders_at(till, V2, NEW)
    till.voice.send(utterance(0, PEAS, grammar_id=V2))
    assert "green peas" in till.next_said().text


def test_the_old_one_serves_in_full_while_the_new_one_is_compiled(till: TillProcess) -> None:
    """An order from wake word to journal, and a typed one."""
    voice_comes(till)
    till.trust_time()
    os.kill(workshop(till), signal.SIGSTOP)
    with bring(till, SECOND) as client:
        assert answer(client) == "compiling"
        till.voice.send(utterance(0, ORDER))
        said = till.next_said()
        assert said.then is not None
        till.voice.send(utterance(said.then.listen_id, CONSENT))
        assert comes_true(lambda: till.health().queued == 1)
        with till.client() as chat:
            chat.send(operator.ChatLine("en", "order a box of green tea"))
            assert "one box of green tea" in chat.receive(operator.ChatReply)[0].text.lower()
        assert state(till).next_stage == "compiling"
        os.kill(workshop(till), signal.SIGCONT)
        assert answer(client) == "waiting"
        hear_by(till, V2)
        assert answer(client) == "in_use"


def test_a_newer_one_supersedes_what_is_being_compiled(till: TillProcess) -> None:
    voice_comes(till)
    os.kill(workshop(till), signal.SIGSTOP)
    with bring(till, SECOND) as second:
        assert answer(second) == "compiling"
        third = bring(till, THIRD)
        assert answer(second) == "catalogue_superseded"
    with third:
        assert answer(third) == "compiling"
        os.kill(workshop(till), signal.SIGCONT)
        assert answer(third) == "waiting"
        hear_by(till, V3)
        assert answer(third) == "in_use"
    assert state(till) == operator.CatalogueHealth(3, 21)


def test_a_newer_one_waits_for_the_answer_to_the_offer_before_it(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, SECOND) as second:
        assert [answer(second), answer(second)] == ["compiling", "waiting"]
        third = bring(till, THIRD)
    with third:
        assert [answer(third), answer(third)] == ["compiling", "waiting"]
        hear_by(till, V2)
        hear_by(till, V3)
        assert answer(third) == "in_use"


def _fault(till: TillProcess, code: str) -> None:
    shown = state(till)
    assert (shown.version, shown.next_version, shown.fault) == (1, 0, code)
    assert shown.fault_detail and shown.fault_next_step


@pytest.mark.parametrize(
    ("source", "version", "code"),
    [
        (b"not a catalogue", 2, "catalogue_syntax"),
        (b'{"version": 2, "schema_version": 99}', 2, "catalogue_syntax"),
        (catalogue(2, products=[]), 2, "catalogue_invalid"),
        (catalogue(2, shop_id="other-shop"), 2, "catalogue_other_shop"),
        (catalogue(2, currency="EUR"), 2, "catalogue_other_currency"),
        (catalogue(2), 3, "catalogue_differs"),
        (catalogue(1), 1, "catalogue_same_version"),
    ],
)
def test_what_cannot_be_served_is_told_and_shown_and_the_old_one_goes_on(
    refusing: TillProcess, source: bytes, version: int, code: str
) -> None:
    with bring(refusing, source, version) as client:
        told = answer(client)
        assert (answer(client) if told == "compiling" else told) == code
    _fault(refusing, code)
    orders_at(refusing, V1, OLD)


def test_a_descriptor_that_is_no_sealed_file_is_refused(refusing: TillProcess) -> None:
    before = state(refusing)
    with refusing.client() as client, Path("/dev/zero").open("rb") as zero:
        client.send(operator.LoadCatalogue(2, source_id(SECOND)), (zero.fileno(),))
        assert answer(client) == "ipc_fd_not_sealed"
    assert state(refusing) == before


def test_a_good_one_ends_the_fault_of_a_bad_one(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, b"not a catalogue", 2) as client:
        assert [answer(client), answer(client)] == ["compiling", "catalogue_syntax"]
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        hear_by(till, V2)
        assert answer(client) == "in_use"
    assert state(till).fault == ""


def test_versions_never_go_back(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, THIRD) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        hear_by(till, V3)
        assert answer(client) == "in_use"
    for older in (SECOND, CATALOGUE_FILE.read_bytes()):
        with bring(till, older) as client:
            assert answer(client) == "catalogue_older"
    with bring(till, THIRD) as client:
        assert answer(client) == "in_use"
    till.kill_and_start_again()
    assert state(till) == operator.CatalogueHealth(3, 21), "though the settings' file has version 1"
    voice_comes(till, V3)


def test_what_voice_cannot_hear_by_is_given_up(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        hear_by(till, V2, fault="grammar_invalid")
        assert answer(client) == "catalogue_refused"
    _fault(till, "catalogue_refused")
    orders_at(till, V1, OLD)


def test_without_voice_it_waits_and_voice_is_given_the_one_in_use_first(till: TillProcess) -> None:
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        voice_comes(till)
        hear_by(till, V2)
        assert answer(client) == "in_use"


def test_a_voice_that_starts_again_is_given_the_one_in_use(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        hear_by(till, V2)
        assert answer(client) == "in_use"
    till.new_voice()
    voice_comes(till, V2)
    orders_at(till, V2, NEW)


def test_voice_is_killed_before_it_took_it(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        assert offered(till) == V2
        till.new_voice()
        voice_comes(till, V1)
        assert offered(till) == V2
        orders_at(till, V1, OLD)
        till.voice.send(messages.GrammarTaken(V2))
        assert answer(client) == "in_use"


def test_a_catalogue_that_voice_dies_of_is_given_up(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        for _ in range(2):
            assert offered(till) == V2
            till.new_voice()
            voice_comes(till, V1)
        assert answer(client) == "catalogue_voice_died"
    _fault(till, "catalogue_voice_died")


@pytest.mark.parametrize("step", ["compiling", "waiting", "offered", "taken", "in_use"])
def test_the_till_is_killed_at_each_step(till: TillProcess, step: str) -> None:
    """What is kept is served: the old one until `voice` has taken the new one, from then on that."""
    voice_comes(till)
    if step == "compiling":
        os.kill(workshop(till), signal.SIGSTOP)
    if step == "waiting":
        till.new_voice()
        assert comes_true(lambda: not till.health().voice)
    forked = workshop(till)
    with bring(till, SECOND) as client:
        assert answer(client) == "compiling"
        if step != "compiling":
            assert answer(client) == "waiting"
        if step in ("offered", "taken", "in_use"):
            assert offered(till) == V2
        if step in ("taken", "in_use"):
            till.voice.send(messages.GrammarTaken(V2))
        if step == "in_use":
            assert answer(client) == "in_use"
        till.kill_and_start_again()
    assert comes_true(lambda: not alive(forked))
    now = state(till)
    assert now.next_version == 0
    if step == "taken":  # the message was read, or was not
        assert now.version in (1, 2)
    else:
        assert now.version == (2 if step == "in_use" else 1)
    voice_comes(till, {1: V1, 2: V2}[now.version])
    orders_at(till, *{1: (V1, OLD), 2: (V2, NEW)}[now.version])
    assert not list(till.folder.glob("*.next"))
    with bring(till, THIRD) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        hear_by(till, V3)
        assert answer(client) == "in_use"


def test_the_compiler_is_killed(till: TillProcess) -> None:
    with bring(till, LARGE) as client:
        assert answer(client) == "compiling"
        assert comes_true(lambda: bool(jobs(till)))
        os.kill(jobs(till)[0], signal.SIGKILL)
        assert answer(client) == "work_died"
    _fault(till, "work_died")


def test_the_workshop_is_killed_and_the_till_starts_anew_with_the_one_in_use(till: TillProcess) -> None:
    with bring(till, LARGE) as client:
        assert answer(client) == "compiling"
        os.kill(workshop(till), signal.SIGKILL)
        assert till.child.process.wait() == 1
    till.kill_and_start_again()
    assert state(till) == operator.CatalogueHealth(1, 20)


def test_a_disk_that_does_not_take_it_leaves_the_old_one_to_everybody(till: TillProcess) -> None:
    voice_comes(till)
    with bring(till, SECOND) as client:
        assert [answer(client), answer(client)] == ["compiling", "waiting"]
        kept = till.folder / FILE_NAME
        aside = kept.rename(kept.with_suffix(".aside"))
        (kept / "in the way").mkdir(parents=True)
        hear_by(till, V2)
        assert answer(client) == "catalogue_unwritable"
        hear_by(till, V1)
        (kept / "in the way").rmdir()
        kept.rmdir()
        aside.rename(kept)
    _fault(till, "catalogue_unwritable")
    orders_at(till, V1, OLD)


# --- the settings' file ---


def test_a_newer_file_is_taken_up_after_a_restart_while_the_old_one_serves(till: TillProcess) -> None:
    till.catalogue_file.write_bytes(SECOND)
    till.kill_and_start_again()
    voice_comes(till)
    hear_by(till, V2)
    assert served(till, 2)


@pytest.mark.parametrize(
    ("lying", "code"),
    [(b"{", "catalogue_syntax"), (catalogue(2, products=[]), "catalogue_invalid"), (None, "")],
)
def test_a_file_that_cannot_be_served_stops_no_start(
    till: TillProcess, lying: bytes | None, code: str
) -> None:
    if lying is None:
        till.catalogue_file.unlink()
    else:
        till.catalogue_file.write_bytes(lying)
    till.kill_and_start_again()
    assert comes_true(lambda: state(till).fault == code)
    assert state(till).version == 1
    voice_comes(till)
    orders_at(till, V1, OLD)


def test_what_was_compiled_is_read_again_and_made_again_where_it_is_damaged(till: TillProcess) -> None:
    [compiled] = till.folder.glob("catalogue.compiled")
    made = compiled.stat().st_ino
    till.kill_and_start_again()
    assert state(till).version == 1
    assert compiled.stat().st_ino == made
    compiled.write_bytes(compiled.read_bytes()[:-1] + b"?")
    till.kill_and_start_again()
    voice_comes(till)
    assert compiled.stat().st_ino != made


def test_the_first_start_without_a_catalogue_says_where_to_put_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_till(tmp_path, catalogue=b"{}") as till:
        assert till.child.process.wait() == 1
    assert "catalogue_syntax" in capfd.readouterr().err


def test_a_large_one_is_compiled_without_keeping_the_till(till: TillProcess) -> None:
    """No measure of speed: the till answers again and again before the compiler is done."""
    voice_comes(till)
    with bring(till, LARGE) as client:
        assert answer(client) == "compiling"
        answers = 0
        while state(till).next_stage == "compiling":
            answers += 1
            time.sleep(0.01)
        assert answers > 5
        assert answer(client) == "waiting"
