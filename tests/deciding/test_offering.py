"""After two failures another way is offered, one that is ready and would be taken; no reply is a dead end."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agent.deciding import conversation as talk
from agent.deciding.challenged import Challenged
from agent.deciding.dialogue import TABLE, step
from agent.deciding.replies import render
from agent.deciding.reply_words import REPLIES
from agent.deciding.signals import signal_of
from agent.deciding.surroundings import Surroundings
from agent.deciding.verification import Verdict
from agent.deciding.ways import WAYS, Way
from scripts.dialogue_cases import CASES
from scripts.dialogue_values import ANNA, CALM, COFFEE, POLICY, TEA, WORDS
from scripts.state_tables import _states
from tests.deciding.conftest import HEARS

CHAT: tuple[Way, ...] = ("chat", "person")
NOISY = talk.Answered(talk.Answer("consent"), Verdict(reason="too_noisy"))
CONFUSED = talk.Confused()
SAID = COFFEE.digest


def around(*ways: Way) -> Surroundings:
    return Surroundings(POLICY, CALM, ways=ways)


def says(effects: tuple[talk.Effect, ...]) -> talk.Say:
    (say,) = (effect for effect in effects if isinstance(effect, talk.Say))
    return say


@pytest.mark.parametrize("event", [CONFUSED, talk.Confused("too_loud"), NOISY])
def test_whoever_is_heard_badly_twice_is_asked_for_a_pin_where_there_is_one(event: talk.Event) -> None:
    asked: talk.State = talk.Confirming(COFFEE, ANNA, said=SAID)
    asked, effects = step(asked, event, around("pin", "phone", *CHAT))
    assert isinstance(asked, talk.Confirming) and says(effects).ways == ()
    asked, effects = step(asked, event, around("pin", "phone", *CHAT))
    assert asked == talk.AwaitingFactor(COFFEE, ANNA, wants="factor", said=SAID)
    assert says(effects) == talk.Say("factor_needed", "consent", COFFEE, first="hard_to_hear")
    assert talk.Record("asked_factor", COFFEE, ANNA.person) in effects
    done, effects = step(asked, talk.FactorGiven(ANNA.person, "pin"), around("pin"))
    assert isinstance(done, talk.Committing)
    assert talk.Commit(COFFEE, ANNA, ("voice", "pin"), said=SAID) in effects


def test_a_phone_is_asked_for_where_there_is_neither_pin_nor_badge() -> None:
    asked, effects = step(talk.Confirming(COFFEE, ANNA, 2, said=SAID), CONFUSED, around("phone", *CHAT))
    assert asked == talk.AwaitingFactor(COFFEE, ANNA, wants="phone", said=SAID)
    assert says(effects).key == "phone_needed"


def test_words_that_are_heard_badly_twice_are_not_asked_for_a_third_time() -> None:
    state = Challenged(COFFEE, ANNA, WORDS, 2, said=SAID)
    for event in (CONFUSED, talk.ChallengeAnswered(WORDS, Verdict(reason="too_noisy"))):
        asked, _ = step(state, event, around("badge"))
        assert asked == talk.AwaitingFactor(COFFEE, ANNA, wants="factor", said=SAID)


@pytest.mark.parametrize(
    "event", [talk.Silent(), talk.ChangeUnclear(), talk.OrderHeard(TEA, Verdict("bert"))]
)
def test_what_is_no_failure_of_hearing_asks_for_no_pin(event: talk.Event) -> None:
    after, _ = step(talk.Confirming(COFFEE, ANNA, 2, said=SAID), event, around("pin", *CHAT))
    assert not isinstance(after, talk.AwaitingFactor)


def test_nobody_is_offered_what_they_do_not_have() -> None:
    asked, effects = step(talk.Confirming(COFFEE, ANNA, 2, said=SAID), CONFUSED, around())
    assert isinstance(asked, talk.Confirming) and says(effects) == talk.Say(
        "again_otherwise", "consent", COFFEE
    )
    assert says(step(asked, CONFUSED, around())[1]).ways == ()


def test_a_second_wrong_pin_offers_the_phone_and_no_third_ends_without_a_way() -> None:
    wrong = talk.FactorRefused("factor_wrong")
    asked, effects = step(talk.AwaitingFactor(COFFEE, ANNA, said=SAID), wrong, around(*WAYS))
    assert says(effects).ways == ()
    asked, effects = step(asked, wrong, around(*WAYS))
    assert (says(effects).key, says(effects).ways) == ("factor_wrong", ("phone", "person"))
    after, effects = step(asked, wrong, around(*WAYS))
    assert isinstance(after, talk.Idle)
    assert (says(effects).key, says(effects).ways) == ("not_confirmed", CHAT)


def test_two_things_that_were_not_understood_in_a_row_lead_to_another_way() -> None:
    stranger = talk.OrderHeard(COFFEE, Verdict(reason="too_noisy"))
    for first, second in ((CONFUSED, CONFUSED), (CONFUSED, stranger), (stranger, CONFUSED)):
        after, effects = step(talk.Idle(), first, around("badge", *CHAT))
        assert says(effects).ways == ()
        after, effects = step(after, second, around("badge", *CHAT))
        assert says(effects).ways == ("badge", *CHAT)
    helped, _ = step(talk.Idle(1), talk.Helped(), around(*CHAT))
    assert says(step(helped, CONFUSED, around(*CHAT))[1]).ways == ()


@pytest.mark.parametrize("language", sorted(REPLIES))
def test_each_way_is_a_sentence_after_the_reply(language: str) -> None:
    say = talk.Say("not_understood", ways=WAYS)
    alone = render(replace(say, ways=()), language, "PLN", HEARS)
    told = render(say, language, "PLN", HEARS)
    assert told.startswith(f"{alone} ") and "{" not in told
    named = [REPLIES[language][f"way_{way}"] for way in ("badge", "phone", "chat")]
    assert all(sentence in told for sentence in named)


CHOSEN = re.compile(
    "cancelled|postponed|fine|left_as_it_is|proposal_.+|ordered|announce_ordered|queued|shop_cancelled"
    "|sensors?_silent|shop_(over_agreed|other_lines)"
)
"""Replies that end what somebody wanted ended, or that tell how it went: there is nothing to go on with."""

NO_MORE_OF_IT = {"pace_slowest", "pace_fastest", "shop_cancelled", "wrong_lost"}

NEXT_STEP = {
    "en": "earmark |[Ss]ay|[Tt]ype|[Oo]rder again|order it again|[Ww]hoever ordered|[Tt]ry|come closer"
    "|[Ii]n the shop|ask the shop|Ask for fewer|Order it|Order some|Order less|[Yy]ou can (order|say)"
    r"|Hold up your badge|\{wake\}|[Oo]rder something else|Ask me again|Wait a little",
    "pl": "earmark |[Pp]owiedz|[Nn]apisz|[Ww]pisz|[Pp]owt[óo]rz|[Zz]am[óo]w |[Ss]próbuj|[Pp]odejdź|w sklepie"
    "|[Mm]ożesz (zamówić|powtórzyć)|Zmniejsz|[Pp]rzyłóż kartę|Kto zamawiał|na przykład|[Pp]oczekaj"
    "|[Oo]dczekaj|Zapytaj jeszcze raz|mówi:",
    "ko": r"earmark |주세요|\{wake\}|하세요|하시|[수어] 있습니다|됩니다|다시|문의",
}


@pytest.mark.parametrize("language", sorted(NEXT_STEP))
def test_whatever_ends_without_an_order_names_a_next_step(language: str) -> None:
    ends, without = set(), set()
    for state_type, event_type in TABLE:
        for case in CASES[event_type]:
            if case.only_in and state_type not in case.only_in:
                continue
            given = Surroundings(POLICY, case.circumstances, case.proposed, case.offers, case.house)
            for state in _states(state_type, sentence_asked=case.sentence_asked):
                after, effects = step(state, case.event, given)
                says = [effect for effect in effects if isinstance(effect, talk.Say)]
                if isinstance(after, talk.Idle):
                    ends |= {say.key for say in says if not CHOSEN.fullmatch(say.key)}
    ends |= {key for key in REPLIES["en"] if signal_of(key) == "refused"} - NO_MORE_OF_IT
    without = {key for key in ends if not re.search(NEXT_STEP[language], REPLIES[language][key])}
    assert len(ends) > 30
    assert without == set()
