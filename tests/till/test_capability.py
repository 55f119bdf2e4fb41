"""A compromised `voice` can forge words, embeddings and consent, of everybody. It gets the voice tier's cap
and no more."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.bench.played_phone import PlayedPhone
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages
from agent.plumbing.messages import Message, RunnerUp
from agent.plumbing.settings import Touch
from agent.plumbing.site_messages import BadgeRead, EnterPressed, PinTyped
from agent.plumbing.speaker_models import GE2E
from tests.committing.kit import DEVICE, make_bench
from tests.till.kit import ANNA, BERT, EDITION, make_till, phrase, utterance
from tests.till.wired import WiredTill

CARLA = (0.0, 0.0, 1.0)
PIN, BADGE, MONAS_BADGE = "4711", "44556677", "0055667788"
NINETY_FIVE = "okay nabu order five bags of dark roast coffee"  # zloty

_WORDS = st.sampled_from(
    [
        NINETY_FIVE,
        "okay nabu order three bottles of olive oil",
        "okay nabu order ninety nine bags of coffee",
        "okay nabu order a pack of butter",
        "and three bottles of olive oil",
        "yes place my order",
        "yes order five bags",
        "yes learn my voice",
        "okay nabu learn my voice",
        "okay nabu forget my voice",
        "yes delete my voice",
        "okay nabu you may remember what i order",
        "yes you may remember my orders",
        "okay nabu add three bottles of olive oil to the list",
        "add it to the list",
        "okay nabu order the list",
        "okay nabu clear the list",
        "yes clear the list",
        "okay nabu ask for a quote",
        "okay nabu how much is a pack of butter",
        "no make it two",
        "no make it ninety nine",
        "make it five",
        "repeat that",
        "yes",
        "the first",
        "no",
        "",
        *(phrase(number) for number in range(6)),
    ]
)
_VOICES = st.sampled_from([ANNA, BERT, CARLA, (0.6, 0.8, 0.0), (), None])
_LISTEN_IDS = st.integers(-1, 12)


def _utterances(listen_ids: st.SearchStrategy[int]) -> st.SearchStrategy[Message]:
    return st.builds(
        utterance,
        listen_ids,
        _WORDS,
        _VOICES,
        gap=st.sampled_from([-0.1, -5.0]),
        open_words=_WORDS,
        speech_ms=st.sampled_from([0, 800, 2_500, 1 << 40]),
        snr_db=st.sampled_from([None, 3.0, 30.0]),
        runners_up=st.lists(st.builds(RunnerUp, _WORDS, st.floats(0, 9)), max_size=2).map(tuple),
    )


_ANY_MESSAGE: st.SearchStrategy[Message] = st.one_of(
    _utterances(_LISTEN_IDS),
    st.builds(messages.VoiceReady, st.sampled_from([GE2E, "another-model"])),
    st.builds(messages.GrammarTaken, st.sampled_from([EDITION.grammar_id, "other"]), st.just("")),
    st.builds(messages.WentOn, _LISTEN_IDS),
    st.builds(messages.Silence, _LISTEN_IDS),
    st.builds(messages.Woken, st.floats(0, 1)),
    st.builds(messages.Spoken, _LISTEN_IDS),
    st.builds(messages.VoiceFault, st.just("audio_no_frames"), st.just("")),
    st.builds(messages.VoiceMended, st.just("audio_no_frames")),
)
_MOVES = st.one_of(
    st.tuples(st.just("message"), _ANY_MESSAGE),
    st.tuples(st.just("answer"), _utterances(st.just(1))),
    *(st.tuples(st.just("forge an order"), st.just(voice)) for voice in (ANNA, BERT, CARLA)),
    st.tuples(st.just("forge a voice"), _VOICES),
    st.tuples(st.just("operator enrols"), st.just(None)),
    st.tuples(st.just("operator forgets"), st.integers(0, 3)),
    st.tuples(st.just("Anna types her PIN"), st.just(None)),
    *(st.tuples(st.just(move), st.just(None)) for move in ("Anna's phone approves", "Carla shows her badge")),
    st.tuples(st.just("Mona shows her badge"), st.just(None)),
    st.tuples(st.just("somebody presses Enter"), st.just(None)),
    st.tuples(st.just("restart"), st.just(None)),
    st.tuples(st.just("an hour passes"), st.just(None)),
)


def test_every_message_of_voice_is_tried() -> None:
    """Or a new one would be forgotten above."""
    tried = {"Utterance", "VoiceReady", "GrammarTaken", "WentOn", "Silence", "Woken", "Spoken", "VoiceFault"}
    assert {type_.__name__ for type_ in messages.VoiceToTill.__args__} == tried | {"VoiceMended"}


_RULE = '[[rule]]\nid = "r"\nover_minor = 50_00\nrequire = '
_SHIFTS = "schema_version = 2\n[shift]\nhours = 24\n"
_RULES = ["", *(f'{_RULE}"{need}"' for need in ("factor", "phone", "second"))]
_NEW = (
    'schema_version = 3\n[[rule]]\nid = "n"\nrequire = "challenge"\nunusual = ["goods", "amount", "hour"]\n'
)
_POLICIES = st.sampled_from([*_RULES, *(_SHIFTS + rule for rule in _RULES), _NEW, f"{_NEW}{_RULES[1]}"])


@contextmanager
def _household(folder: Path, policy: str = "") -> Iterator[WiredTill]:
    """Three people, of whom Anna has a PIN and a phone, and Carla a badge; where there are shifts, Mona too,
    whose voice nobody knows. No order expires, which would free what it took."""
    bench = make_bench(folder)
    touch = Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")
    orders = msgspec.structs.replace(bench.settings.orders, intent_lifetime_seconds=604_800)
    bench.settings = msgspec.structs.replace(bench.settings, touch=touch, orders=orders)
    bench.restart_device()
    till = WiredTill(bench, folder, policy)
    for name, voice in (("Anna", ANNA), ("Bert", BERT), ("Carla", CARLA)):
        till.desk.people.add(name, Voiceprint(GE2E, voice), now_s=0)
    anna, _, carla = (person.pseudonym for person in till.desk.people.all())
    till.desk.factors.set(anna, "pin", PIN)
    till.desk.factors.set(carla, "badge", BADGE)
    if _SHIFTS in policy:
        mona = till.desk.people.add("Mona", None, now_s=0)
        till.desk.factors.set(mona.pseudonym, "badge", MONAS_BADGE)
    till.phone = PlayedPhone(anna, "Anna")
    till.desk.phones.add(till.phone.pairing)
    yield till
    till.close()
    bench.desk.close()
    bench.journal.close()


def _forge_an_order(till: WiredTill, voice: tuple[float, ...] | None) -> None:
    till.from_voice(utterance(0, NINETY_FIVE, voice))
    if till.said and till.said[-1].text.endswith("Do you want another?"):
        till.from_voice(utterance(till.question, "yes", voice))
    till.from_voice(utterance(till.question, "yes place my order", voice))


def _forge_a_voice(till: WiredTill, voice: tuple[float, ...] | None) -> None:
    """What an enrolment asks for, whether one is under way or not."""
    till.from_voice(utterance(till.question, "yes learn my voice", voice))
    for number in range(5):
        till.from_voice(utterance(till.question, phrase(number), voice))


def _approve(till: WiredTill) -> None:
    """Whatever it is asked."""
    assert till.phone is not None
    if asked := till.till._proofs.asked_of(till.phone.pairing.person):
        answer = till.phone.answer(asked, "approve", shop_id="corner-shop", now_s=till.desk.now_s())
        till.from_broker(f"va/v1/d/{DEVICE}/dn/approval", answer)


def _play(till: WiredTill, move: str, what: object) -> None:
    match what:
        case messages.Utterance() if move == "answer":
            till.from_voice(msgspec.structs.replace(what, listen_id=till.question))
        case Message():
            till.from_voice(what)
        case int():
            till.forget(what)
        case _ if move == "forge an order":
            _forge_an_order(till, what)  # type: ignore[arg-type]
        case _ if move == "forge a voice":
            _forge_a_voice(till, what)  # type: ignore[arg-type]
        case _ if move == "operator enrols":
            till.enrol("Dora")
        case _ if move == "Anna types her PIN":
            till.from_touch(PinTyped(PIN))
        case _ if move in ("Carla shows her badge", "Mona shows her badge"):
            till.pass_by(4)  # or it would still be the one before
            till.from_touch(BadgeRead(BADGE if move.startswith("Carla") else MONAS_BADGE))
        case _ if move == "somebody presses Enter":
            till.from_touch(EnterPressed())
        case _ if move == "Anna's phone approves":
            _approve(till)
        case _ if move == "restart":
            till.restart()
        case _:
            till.pass_by(3600)


@settings(max_examples=30)
# An hour may pass each time, and it is still the same day.
@given(st.lists(_MOVES, min_size=8, max_size=23), _POLICIES)
def test_whatever_voice_sends_spending_by_voice_stays_under_the_daily_cap(
    moves: list[tuple[str, object]], house: str
) -> None:
    with tempfile.TemporaryDirectory() as folder, _household(Path(folder), house) as till:
        pressed, before = False, None
        for move, what in moves:
            spent = len(till.spent)
            _play(till, move, what)
            if _SHIFTS in house and any("badge" in factors for _, factors in till.spent[spent:]):
                assert pressed, "no badge confirms but after a key since the read-back"
            awaiting = till.till._spoken.awaiting
            asked = awaiting and (awaiting.basket.digest, awaiting.speaker, awaiting.wants, awaiting.second)
            if move == "somebody presses Enter":
                pressed = asked is not None
            elif asked != before:
                pressed = False
            before = asked
        policy = till.desk.settings.policy
        by_voice = [minor for minor, factors in till.spent if factors == ("voice",)]
        assert sum(by_voice) <= policy.voice_day_max_minor
        assert all(minor <= policy.voice_order_max_minor for minor in by_voice)


def test_forged_conversations_of_three_people_do_reach_the_cap(tmp_path: Path) -> None:
    """Or the property above would prove nothing."""
    with _household(tmp_path) as till:
        for voice in (BERT, CARLA, BERT):
            _forge_an_order(till, voice)
            till.restart()
        assert till.spent == [(95_00, ("voice",))] * 2
        assert till.said[-1].text.startswith("With what others ordered, that would be more than")


def test_a_second_persons_agreement_does_not_widen_what_a_voice_may_spend(tmp_path: Path) -> None:
    with _household(tmp_path, f'{_RULE}"second"') as till:
        for voice in (BERT, ANNA):
            _forge_an_order(till, voice)
            before = len(till.spent)
            till.from_touch(BadgeRead(BADGE))
            assert len(till.spent) == before + 1
            till.restart()
        assert till.spent == [(95_00, ("voice",))] * 2
        _forge_an_order(till, ANNA)  # above the cap of all voices
        till.from_touch(BadgeRead(BADGE))
        assert len(till.spent) == 2
        _approve(till)
        till.from_touch(BadgeRead(BADGE))
        assert till.spent[2:] == [(95_00, ("voice", "phone"))]


def test_whoever_speaks_on_a_shift_reaches_the_cap_and_no_more(tmp_path: Path) -> None:
    with _household(tmp_path, _SHIFTS) as till:
        _forge_an_order(till, None)
        assert not till.spent, "nobody is on, and no voice begins a shift"
        till.from_touch(BadgeRead(MONAS_BADGE))
        for _ in range(4):
            _forge_an_order(till, None)
        assert till.spent == [(95_00, ("voice",))] * 2
        till.pass_by(4)
        till.from_touch(BadgeRead(MONAS_BADGE))
        assert len(till.spent) == 2, "it ends the shift, and confirms nothing that is open"
        till.pass_by(4)
        till.from_touch(BadgeRead(MONAS_BADGE))
        _forge_an_order(till, None)
        till.from_touch(EnterPressed())
        till.from_touch(BadgeRead(MONAS_BADGE))  # for the basket that waits for it
        assert till.spent[2:] == [(95_00, ("voice", "badge"))]
        till.restart()
        _forge_an_order(till, None)
        assert len(till.spent) == 3


def test_who_is_forgotten_and_enrolled_again_has_spent_what_was_spent(tmp_path: Path) -> None:
    with _household(tmp_path) as till:
        for _ in range(3):
            till.forget(1)  # Bert, later Carla, later the one that was made
            till.enrol("Dora")
            _forge_a_voice(till, CARLA if len(till.desk.people) > 1 else BERT)
            _forge_an_order(till, BERT)
            _forge_an_order(till, CARLA)
        assert till.spent == [(95_00, ("voice",))] * 2


def test_what_a_pin_confirmed_takes_nothing_from_what_voice_may_buy(tmp_path: Path) -> None:
    with _household(tmp_path) as till:
        for voice in (BERT, CARLA):
            _forge_an_order(till, voice)
        till.from_voice(utterance(0, NINETY_FIVE, ANNA))
        till.from_touch(PinTyped(PIN))
        assert till.spent[2:] == [(95_00, ("voice", "pin"))]
        by_voice = till.desk.journal.spent_by_voice_since(0, "PLN")
        till.restart()
        assert till.desk.journal.spent_by_voice_since(0, "PLN") == by_voice == 190_00


@pytest.mark.parametrize("hours", [23, 25])
def test_the_cap_is_of_a_day(tmp_path: Path, hours: int) -> None:
    with _household(tmp_path) as till:
        for voice in (BERT, CARLA):
            _forge_an_order(till, voice)
        till.pass_by(hours * 3600)
        _forge_an_order(till, BERT)
        assert len(till.spent) == (3 if hours > 24 else 2)


def test_the_forged_conversations_of_one_person_do_reach_the_cap(tmp_path: Path) -> None:
    bench = make_bench(tmp_path)
    till = make_till(bench, tmp_path, online=False)
    for _ in range(5):
        till.wake_and_say("order five bags of dark roast coffee")
        if till.decided[-1] == "asked_another":
            till.answer("yes")
        if till.decided[-1] == "read_back":
            till.answer("yes place my order")
    assert till.decided[-1] == "day_over_limit"
    assert sum(order.total.minor for order in till.desk.journal.orders()) == 2 * 5 * 1900
    bench.desk.close()
    bench.journal.close()
