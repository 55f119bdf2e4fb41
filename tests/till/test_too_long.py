"""An order that is longer than the voice speaks, and messages that are longer than a frame."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from agent.bench.played_phone import PlayedPhone
from agent.deciding.basket import Basket
from agent.deciding.choice import CHOICE, Alternatives, answers
from agent.deciding.conversation import Say
from agent.deciding.inquired import Inquired
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages, operator
from agent.plumbing.ipc import LONGEST_FRAME_BYTES, IpcConnection
from agent.plumbing.messages import LONGEST_SAID
from agent.plumbing.settings import Touch
from agent.plumbing.speaker_models import GE2E
from agent.till.heard import aside_phrases, choice_phrases
from agent.till.phones import Phones
from agent.till.proofs import Proofs
from tests.committing.kit import CATALOGUE_FILE, Bench
from tests.till.kit import ANNA, EDITION, Till, edition_of, make_till, utterance
from tests.till.wired import WiredTill


def _name(letter: str) -> str:
    """Nearly as long as a name may be: twelve words, 491 letters."""
    return " ".join([letter * 40] * 12)


def _catalogue() -> bytes:
    raw = json.loads(CATALOGUE_FILE.read_bytes())
    for letter in "xy":
        words = {"en": {"say": _name(letter)}}
        raw["products"].append({"id": f"long-{letter}", "unit": "box", "price_minor": 500, "words": words})
    return json.dumps(raw).encode()


LONG = edition_of(_catalogue())
ONE = f"order a box of {_name('x')}"
BOTH = f"{ONE} and a box of {_name('y')}"
CONSENT = "yes place my order"


class Room:
    """Anna, on a till whose shop sells things with long names."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        touch = Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")
        bench.settings = msgspec.structs.replace(bench.settings, touch=touch)
        bench.restart_device()
        self.till = make_till(bench, folder)
        self.desk = self.till.desk
        self.desk.edition = LONG
        self.desk.phones = Phones(folder / "phones.json", bench.journal)
        self.proofs = Proofs(self.desk, lambda: [self.till.spoken])
        self.anna = self.desk.people.all()[0].pseudonym
        self.phone = PlayedPhone(self.anna, "Anna")

    def order(self, words: str) -> None:
        self.till.wake_and_say(words, grammar_id=LONG.grammar_id)

    def answer(self, words: str) -> None:
        self.till.answer(words, grammar_id=LONG.grammar_id)

    @property
    def orders(self) -> int:
        return len(self.desk.journal.orders())


@pytest.fixture
def room(bench: Bench, tmp_path: Path) -> Iterator[Room]:
    made = Room(bench, tmp_path)
    yield made
    said = [message.text for message in made.till.sent if isinstance(message, messages.Say)]
    assert said and max(map(len, said)) <= LONGEST_SAID, "whatever was said could be"


def test_what_cannot_be_read_out_is_refused_in_words_and_in_parts_it_is_ordered(room: Room) -> None:
    room.order(BOTH)
    assert room.till.said.startswith("That is too long to read out, so I have ordered nothing. Order less")
    assert room.till.listening is None and room.till.decided == ["too_long"]
    room.order(ONE)
    assert room.till.said.startswith("One box of xxx") and "five zloty in total" in room.till.said
    room.answer(CONSENT)
    assert room.orders == 1 and room.till.decided == ["too_long", "read_back", "consented"]


def test_more_that_makes_it_too_long_ends_it_and_nothing_of_it_is_ordered(room: Room) -> None:
    room.order(ONE)
    room.answer(f"and a box of {_name('y')}")
    assert room.till.decided == ["read_back", "too_long"] and room.till.listening is None
    room.order(CONSENT)
    assert room.orders == 0


def test_a_phone_shows_it_and_its_approval_is_the_order(room: Room) -> None:
    room.desk.phones.add(room.phone.pairing)
    room.order(BOTH)
    assert room.till.said.startswith(
        "Different things: two, ten zloty in total. That is too long to read out."
    )
    assert room.till.decided == ["asked_phone"]
    room.answer(CONSENT)
    assert room.orders == 0, "nobody has heard it"
    asked = room.proofs.asked_of(room.anna)
    assert asked is not None and len(asked.lines) == 2
    now_s = room.desk.now_s()
    room.proofs.received(room.phone.answer(asked, "approve", shop_id="corner-shop", now_s=now_s))
    assert room.orders == 1 and room.till.decided[-1] == "confirmed_by_phone"
    [row] = room.desk.journal.orders()
    assert row.title.startswith("one box of xxx") and row.factors == "phone"
    room.till.timers[-1]()
    assert room.till.said.startswith("Your order is queued: one box of xxx")
    assert room.till.said.endswith(", and so on."), "what only tells is cut"


def test_no_badge_confirms_what_only_a_phone_would_show(room: Room) -> None:
    room.desk.phones.add(room.phone.pairing)
    room.desk.factors.set(room.anna, "badge", "44556677")
    room.order(BOTH)
    room.proofs.badge("44556677")
    assert room.orders == 0 and "That is too long to read out" in room.till.said
    assert room.till.listening is not None


def test_a_long_answer_is_said_before_the_question_that_stands_and_the_question_whole(room: Room) -> None:
    room.order(ONE)
    before = len(room.till.sent)
    room.till.spoken._apply(Inquired("It is in stock. " * 40))
    told, asked = (message for message in room.till.sent[before:] if isinstance(message, messages.Say))
    assert told.then is None and told.text.startswith("It is in stock.")
    assert asked.text.startswith("One box of xxx") and asked.then is not None
    room.answer(CONSENT)
    assert room.orders == 1


def test_an_answer_that_fits_is_said_with_the_question_in_one_breath(room: Room) -> None:
    room.order(ONE)
    before = len(room.till.sent)
    room.till.spoken._apply(Inquired("It is in stock."))
    [both] = room.till.sent[before:]
    assert isinstance(both, messages.Say) and both.text.startswith("It is in stock. One box of xxx")


@pytest.mark.parametrize(
    ("fault", "said"),
    [("speech_too_long", "That is too long to read out"), ("audio_sink_gone", "I have not read that back")],
)
def test_a_question_beside_an_order_that_was_not_said_is_over_in_words(
    till: Till, fault: str, said: str
) -> None:
    for _ in range(2):
        till.wake_and_say("okay nabu talk to a person")
        if till.listening is not None:
            break
    assert till.listening is not None and till.spoken._questions.under_way
    till.spoken.spoken(till.listening.listen_id, fault)
    assert till.said.startswith(said) and till.listening is None
    assert not till.spoken._questions.under_way


@pytest.mark.parametrize(("words", "besides"), [(["x" * 495], 0), (["x" * 480], 1), (["x"] * 12, 1)])
def test_what_may_be_answered_to_a_long_choice_is_taken_by_voice(words: list[str], besides: int) -> None:
    """One answer may be too long, all together may be, or they may be too many."""
    rice = EDITION.catalogue.line("rice", {}, 2, "en")
    long = replace(rice, title=" ".join(words))
    first, last = [long] * besides, [rice if besides else long]
    baskets = [Basket((*first, *(replace(one, quantity=n) for one in last), *first), 1) for n in (2, 3)]
    choice = Alternatives(*baskets)
    every = {*answers(choice, "en"), *aside_phrases("en")}
    phrases = choice_phrases(Say("which", CHOICE, *choice), "en")
    assert "two" in phrases and "speak slower" in phrases and set(phrases) < every
    say = messages.Say(1, "x" * LONGEST_SAID, "en", messages.Listen(1, CHOICE, 1_000, phrases))
    frame = msgspec.msgpack.encode(say)
    assert len(frame) <= LONGEST_FRAME_BYTES
    assert msgspec.msgpack.decode(frame, type=messages.TillToVoice) == say
    too_many = msgspec.structs.replace(say, then=messages.Listen(1, CHOICE, 1_000, tuple(every)))
    frame = msgspec.msgpack.encode(too_many)
    with pytest.raises((msgspec.ValidationError, AssertionError)):
        assert len(frame) <= LONGEST_FRAME_BYTES
        msgspec.msgpack.decode(frame, type=messages.TillToVoice)


def test_a_message_longer_than_a_frame_ends_nothing_and_its_question_is_over(
    bench: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wired = WiredTill(bench, tmp_path)
    wired.desk.people.add("Anna", Voiceprint(GE2E, ANNA), now_s=0)
    wired.from_voice(utterance(0, "order two bags of dark roast coffee"))
    wired.till._spoken._line.say("x" * LONGEST_FRAME_BYTES, "en", "consent")
    wired._turn()
    assert "ipc_frame_too_long" in capfd.readouterr().err
    assert wired.said[-1].text.startswith("That is too long to read out")
    wired.from_voice(utterance(0, "order two bags of dark roast coffee"))
    assert wired.said[-1].text.startswith("Two bags of dark roast coffee")
    wired.close()


def test_what_is_longer_than_a_frame_is_no_reply_to_who_types_and_ends_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    """Also where it comes by itself, as a receipt does."""
    wired = WiredTill(bench, tmp_path)
    ours, theirs = socket.socketpair()
    session = wired.till._open_session(IpcConnection(theirs), 0)
    with IpcConnection(ours) as screen:
        session.asked(operator.ChatLine("en", "help"))
        assert isinstance(screen.receive(operator.OperatorAnswer)[0], operator.ChatReply)
        assert session.chat is not None
        session.chat._apply(Inquired("x" * LONGEST_FRAME_BYTES))
        problem, _ = screen.receive(operator.OperatorAnswer)
        assert isinstance(problem, operator.Problem) and problem.code == "ipc_frame_too_long"
        session.asked(operator.ChatLine("en", "help"))
        assert isinstance(screen.receive(operator.OperatorAnswer)[0], operator.ChatReply)
    wired.close()
