"""When an order comes is read back where the shop has just said so, and is part of what is agreed to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent.committing.asking import Question
from agent.deciding.conversation import Commit
from agent.deciding.placed import NotCommitted
from agent.deciding.policy_file import parse_policy
from agent.deciding.verification import Verdict
from agent.plumbing.told import Told
from agent.till.coming import FRESH_S, LEAST_LEFT_S, RESTS_S, Coming
from agent.till.desk import Conversation
from agent.till.house import HouseRules
from tests.committing.kit import NOW_S, agreed, make_bench
from tests.till.kit import Till, make_till
from tests.till.test_challenge import words

DAY, NEXT_DAY = "2026-11-20", "2026-11-23"
ORDER, CONSENT = "okay nabu order two bags of dark roast coffee", "yes place my order"


class Shop:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.waiting: list[Callable[[Told | str], None]] = []

    def ask(self, question: Question, then: Callable[[Told | str], None]) -> None:
        self.questions.append(question)
        self.waiting.append(then)

    def tell(self, day: str, until_s: int) -> None:
        self.waiting.pop()(Told(kind="delivery", delivery_date=day, until_s=until_s))


class Clock:
    now_s = NOW_S


@pytest.fixture
def shop() -> Shop:
    return Shop()


def coming_of(shop: Shop) -> Coming:
    coming = Coming(lambda: Clock.now_s, lambda: date(2026, 11, 18))
    coming.use(shop.ask)
    return coming


@pytest.fixture(autouse=True)
def _now() -> None:
    Clock.now_s = NOW_S


def test_it_is_asked_once_and_names_nothing(shop: Shop) -> None:
    coming = coming_of(shop)
    assert coming.day() == ""
    coming.look()
    coming.look()
    assert shop.questions == [Question("delivery")]
    shop.tell(DAY, NOW_S + 10_000)
    coming.look()
    assert coming.day() == DAY and len(shop.questions) == 1
    Clock.now_s += RESTS_S
    coming.look()
    assert len(shop.questions) == 2 and coming.day() == DAY


def test_it_is_believed_for_some_minutes_and_no_longer_than_the_shop_says(shop: Shop) -> None:
    coming = coming_of(shop)
    coming.look()
    shop.tell(DAY, NOW_S + 10_000)
    Clock.now_s += FRESH_S - 1
    assert coming.day() == DAY
    Clock.now_s += 1
    assert coming.day() == "" and coming.stands(DAY), "nobody has said otherwise"
    coming.look()
    shop.tell(DAY, Clock.now_s + LEAST_LEFT_S + 1)
    assert coming.day() == DAY
    Clock.now_s += 1
    assert coming.day() == "" and coming.stands(DAY)
    Clock.now_s += LEAST_LEFT_S
    assert not coming.stands(DAY) and coming.stands("")
    Clock.now_s = NOW_S - 50
    assert coming.day() == "", "told in the future: a clock has jumped"


def test_another_day_is_another_promise(shop: Shop) -> None:
    coming = coming_of(shop)
    coming.look()
    shop.tell(NEXT_DAY, NOW_S + 10_000)
    assert not coming.stands(DAY) and coming.stands(NEXT_DAY)


@pytest.mark.parametrize("day", ["2026-11-25", "2026-11-17", "", "2026-13-01"])
def test_a_day_that_its_name_does_not_tell_is_not_said(shop: Shop, day: str) -> None:
    coming = coming_of(shop)
    coming.look()
    shop.tell(day, NOW_S + 10_000)
    assert coming.day() == ""


def test_a_shop_that_does_not_say_until_when_or_is_silent_is_not_believed_nor_asked_all_the_time(
    shop: Shop,
) -> None:
    coming = coming_of(shop)
    coming.look()
    shop.tell(DAY, 0)
    coming.look()
    assert coming.day() == "" and len(shop.questions) == 1
    Clock.now_s += RESTS_S
    coming.look()
    shop.waiting.pop()("ask_silent")
    coming.look()
    assert len(shop.questions) == 2
    Clock.now_s += RESTS_S
    coming.look()
    shop.waiting.pop()("ask_offline")
    coming.look()
    assert len(shop.questions) == 4, "nobody was asked"


# --- in a conversation ---


@pytest.fixture
def till(tmp_path: Path, shop: Shop) -> Till:
    till = make_till(make_bench(tmp_path), tmp_path)
    till.desk.online = True
    till.desk.coming.use(shop.ask)
    return till


def test_the_day_is_read_back_and_agreed_to(till: Till, shop: Shop) -> None:
    till.spoken.woken()
    shop.tell(DAY, NOW_S + 10_000)
    till.wake_and_say(ORDER)
    assert "in total. It comes on Friday. Say:" in till.said
    till.answer(CONSENT)
    assert till.decided[-1] == "consented" and len(till.desk.journal.orders()) == 1


def test_what_is_not_known_yet_or_offline_is_not_said(till: Till, shop: Shop) -> None:
    till.spoken.woken()
    till.wake_and_say(ORDER)
    assert "comes" not in till.said
    shop.tell(DAY, NOW_S + 10_000)
    till.answer(CONSENT)
    assert till.decided[-1] == "consented", "nothing was promised, so nothing has changed"
    till.desk.online = False
    till.wake_and_say("okay nabu order a pack of butter")
    assert "comes" not in till.said


def test_another_day_at_the_consent_is_read_back_first(till: Till, shop: Shop) -> None:
    till.spoken.woken()
    shop.tell(DAY, NOW_S + 10_000)
    till.wake_and_say(ORDER)
    till.bench.clocks.pass_by(RESTS_S)
    till.desk.coming.look()
    shop.tell(NEXT_DAY, NOW_S + 10_000)
    till.answer(CONSENT)
    assert "It comes on Monday." in till.said and not till.desk.journal.orders()
    till.answer(CONSENT)
    assert till.decided[-1] == "consented" and len(till.desk.journal.orders()) == 1


def test_so_it_is_where_words_are_said_again(till: Till, shop: Shop) -> None:
    till.desk.house = HouseRules(parse_policy('rule = [{id = "r", require = "challenge"}]'))
    till.spoken.woken()
    shop.tell(DAY, NOW_S + 10_000)
    till.wake_and_say(ORDER)
    assert "in total. It comes on Friday. To place it, say these words after me:" in till.said
    till.bench.clocks.pass_by(RESTS_S)
    till.desk.coming.look()
    shop.tell(NEXT_DAY, NOW_S + 10_000)
    till.answer(words(till), open_words=words(till))
    assert "It comes on Monday." in till.said and not till.desk.journal.orders()
    till.answer(words(till), open_words=words(till))
    assert till.decided == ["asked_challenge", "asked_challenge", "confirmed_by_challenge"]
    assert len(till.desk.journal.orders()) == 1


def test_the_day_is_part_of_what_is_agreed_to(till: Till) -> None:
    basket = agreed().basket
    told, other = basket.coming(DAY), basket.coming(NEXT_DAY)
    assert len({basket.digest, told.digest, other.digest}) == 3 and told.coming("").digest == basket.digest
    speaker = Verdict(till.desk.people.all()[0].pseudonym)
    for said in (basket.digest, other.digest):
        outcome, intent_id = till.desk.commit(Commit(told, speaker, said=said), Conversation.new(), 0)
        assert (outcome, intent_id) == (NotCommitted("not_read_back"), "")
