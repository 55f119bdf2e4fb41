"""What holds in each step of the table, whatever it is about. Each is tried with every case of
`scripts/dialogue_cases`: whose name stands in the journal, which basket a sentence is about, and whether the
microphone opens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from agent.deciding import conversation as talk
from agent.deciding.basket import Basket
from agent.deciding.challenged import Challenged
from agent.deciding.choice import CHOICE
from agent.deciding.dialogue import TABLE, step
from agent.deciding.offered import AskOffer, AwaitingOffer
from agent.deciding.reply_words import REPLIES
from agent.deciding.surroundings import Surroundings
from scripts.dialogue_cases import CASES
from scripts.dialogue_values import CHANCE, POLICY, Case
from scripts.state_tables import _states


class Tried(NamedTuple):
    """A case in a state, and what came of it."""

    state: Any
    case: Case
    after: Any
    effects: tuple[talk.Effect, ...]

    @property
    def event(self) -> Any:
        return self.case.event

    @property
    def in_hand(self) -> set[Basket | None]:
        """What it may be about."""
        choice = getattr(self.state, "choice", ())
        found = {getattr(self.state, "basket", None), getattr(self.event, "basket", None), *choice}
        found.add(getattr(self.event, "runner_up", None))
        return (found | {self.case.proposed}) - {None}

    @property
    def owner(self) -> str:
        """Who ordered what is in hand; of nothing, who speaks."""
        if hasattr(self.state, "speaker"):
            return str(self.state.speaker.person)
        return self.actor

    @property
    def actor(self) -> str:
        """Who speaks, or gives a factor."""
        speaker = getattr(self.event, "speaker", None)
        return str(speaker.person if speaker is not None else getattr(self.event, "person", ""))

    def all(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]


def _tried(**around_it: Any) -> Iterator[Tried]:
    """Anew in each test, so that a tool that changes code sees which tests run it. `around_it`: what is
    otherwise in the surroundings of each."""
    for state_type, event_type in TABLE:
        for case in CASES[event_type]:
            if (case.proposed and state_type is not talk.Idle) or (
                case.only_in and state_type not in case.only_in
            ):
                continue
            around = Surroundings(POLICY, case.circumstances, case.proposed, case.offers, case.house)
            for state in _states(state_type, sentence_asked=case.sentence_asked):
                yield Tried(state, case, *step(state, case.event, replace(around, **around_it)))


OF_WHO_ORDERED = re.compile(
    "gave_up|read_back|asked_.+|declined_.+|refused_other_voice|went_on|offer_over|factor_late|chose_neither"
)
OF_WHO_ACTED = re.compile("consented|confirmed_by_.+|approved_by_.+|phone_refused|order_open|proposal_.+")
OF_NOBODY = re.compile("refused_(?!other_voice).+|proposed|sensor_silent|not_understood")
OF_NO_BASKET = {"chose_neither", "not_understood", "sensor_silent"}
ABOUT_A_BASKET = re.compile(
    f"{OF_WHO_ORDERED.pattern}|{OF_WHO_ACTED.pattern}|{OF_NOBODY.pattern}|cancelled|postponed|.+_limit|journal_full"
)


def test_what_is_written_names_its_basket() -> None:
    for tried in _tried():
        for record in tried.all(talk.Record):
            choosing = isinstance(tried.state, talk.Choosing) and record.code in ("gave_up", "chose_neither")
            if choosing or record.code in OF_NO_BASKET:
                assert record.basket is None, tried
            elif ABOUT_A_BASKET.fullmatch(record.code):
                assert record.basket in tried.in_hand, tried


def test_what_is_written_names_whose_it_is() -> None:
    for tried in _tried():
        for record in tried.all(talk.Record):
            if OF_WHO_ORDERED.fullmatch(record.code):
                assert record.person == tried.owner, tried
            elif OF_WHO_ACTED.fullmatch(record.code):
                assert record.person == tried.actor, tried
            elif OF_NOBODY.fullmatch(record.code):
                assert record.person == "", tried
            elif record.code in ("cancelled", "postponed"):
                whoever_says_so = isinstance(tried.state, talk.Confirming | Challenged | AwaitingOffer)
                assert record.person == (tried.actor if whoever_says_so else tried.owner), tried
            elif isinstance(record, talk.Record):
                assert isinstance(record.person, str), tried


def test_a_sentence_about_things_names_those_in_hand() -> None:
    for tried in _tried():
        for say in tried.all(talk.Say):
            named = set(re.findall(r"{(\w+)}", REPLIES["en"][say.key]))
            if named & {"one", "other"}:
                assert {say.basket, say.other} <= tried.in_hand and say.basket != say.other, tried
            elif named & {"items", "Items", "total"}:
                assert say.basket in tried.in_hand or say.title, tried
            assert say.basket is None or say.basket in tried.in_hand, tried


def test_a_sentence_that_names_a_bound_has_one() -> None:
    for tried in _tried():
        for say in tried.all(talk.Say):
            if set(re.findall(r"{(\w+)}", REPLIES["en"][say.key])) & {"limit", "count"}:
                assert say.limit > 0, tried


def test_every_reply_is_one_that_there_is() -> None:
    assert {say.key for tried in _tried() for say in tried.all(talk.Say)} <= REPLIES["en"].keys()


def test_the_microphone_opens_for_what_is_asked_and_for_nothing_else() -> None:
    for tried in _tried():
        says = tried.all(talk.Say)
        assert len(says) <= 1, tried
        opens = [say.listen for say in says]
        match tried.after:
            case talk.Choosing():
                assert opens == [CHOICE], tried
            case talk.Confirming() | talk.AskingAnother() | talk.AwaitingFactor():
                assert opens == ["consent"], tried
            case talk.Idle():
                assert opens in ([], [""]), tried
            case AwaitingOffer() | talk.Committing():
                assert opens == [], tried


def test_a_question_is_about_what_is_in_hand_of_who_asked_for_it() -> None:
    for tried in _tried():
        if not hasattr(tried.after, "speaker"):
            continue
        ordered = isinstance(tried.event, talk.OrderHeard) and tried.after != tried.state
        took_over = ordered and tried.after.speaker == tried.event.speaker
        assert took_over or tried.after.speaker == tried.state.speaker, tried
        of = tried.after.choice if isinstance(tried.after, talk.Choosing) else (tried.after.basket,)
        assert {*of} <= tried.in_hand, tried
        if isinstance(tried.after, talk.Confirming | talk.AwaitingFactor):
            assert tried.after.said == tried.after.basket.digest, tried


def test_the_tries_of_a_question_go_up_by_one_or_begin_anew() -> None:
    counted = (talk.Confirming, talk.AskingAnother, talk.AwaitingFactor)
    for tried in _tried():
        if isinstance(tried.after, counted):
            before = tried.state.tries if isinstance(tried.state, counted) else 0
            assert tried.after.tries in {1, before, before + 1}, tried


def test_what_is_signed_is_what_was_read_back_of_who_ordered() -> None:
    signed = 0
    for tried in _tried():
        for commit in tried.all(talk.Commit):
            signed += 1
            assert (commit.basket, commit.speaker) == (tried.state.basket, tried.state.speaker), tried
            assert commit.said == tried.state.said == commit.basket.digest, tried
            assert commit.offer == tried.state.offer == tried.after.offer, tried
            assert tried.after == talk.Committing(commit.basket, commit.speaker, commit.offer), tried
            given = getattr(tried.event, "factor", None)
            assert commit.factors == (("voice", given) if given else ("voice",)), tried
    assert signed > 3


def test_nothing_is_signed_for_a_day_that_has_changed() -> None:
    for tried in _tried(delivery_stands=False, chance=CHANCE):
        assert not tried.all(talk.Commit), tried


@pytest.mark.parametrize("language", sorted(REPLIES))
def test_whatever_reads_back_tells_the_day_where_it_is_known(language: str) -> None:
    """What does not answer an order but a wrong answer comes after such a one."""
    replies = REPLIES[language].items()
    read_back = [reply for key, reply in replies if re.fullmatch("read_back(?!_differs).*", key)]
    assert len(read_back) > 5
    assert [reply for reply in read_back if "{comes}" not in reply] == []


def test_an_offer_is_asked_for_what_is_in_hand() -> None:
    asked = [(tried, ask) for tried in _tried() for ask in tried.all(AskOffer)]
    assert asked
    for tried, ask in asked:
        assert isinstance(tried.after, AwaitingOffer) and ask.basket == tried.after.basket, tried


@pytest.mark.parametrize("language", sorted(REPLIES))
def test_what_every_step_says_can_be_said_in(language: str) -> None:
    known = REPLIES[language].keys()
    assert not {say.key for tried in _tried() for say in tried.all(talk.Say)} - known
