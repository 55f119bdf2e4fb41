"""What sensors propose, in the till: said at a suitable moment, taken by a known voice, never more."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.deciding.conversation import Proposed
from agent.plumbing.errors import JournalError
from agent.plumbing.settings import Proposals
from agent.plumbing.site_messages import Proposal
from agent.till.proposals import SensorProposals
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import ANNA, BERT, Till, make_till, utterance
from tests.till.low_sensors import BEANS, CONSENT, FULL, LOW, REST_S, TAKE, look, restarted, with_sensors

ASKS = "The coffee machine is down to a fifth. Order two bags of dark roast coffee for thirty-eight zloty?"


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return make_till(with_sensors(make_bench(tmp_path), BEANS), tmp_path)


def test_it_is_said_with_basket_and_total_and_opens_no_microphone(till: Till) -> None:
    assert look(till, LOW)
    assert till.said == f"{ASKS} Say: okay nabu, yes, place my order."
    assert till.listening is None
    assert till.decided == ["proposed"]
    assert not till.desk.journal.orders()


def test_a_known_voice_gets_it_read_back_and_its_consent_orders_it(till: Till) -> None:
    look(till, LOW)
    till.wake_and_say(TAKE)
    assert till.said.startswith("Two bags of dark roast coffee, thirty-eight zloty in total.")
    assert not till.desk.journal.orders()
    till.answer(CONSENT)
    till.deliver()
    [order] = till.desk.journal.orders()
    assert order.state == "ordered"
    assert order.person in till.desk.people.voiceprints()


@pytest.mark.parametrize("embedding", [BERT, None])
def test_a_stranger_can_neither_take_it_nor_consent_to_it(
    till: Till, embedding: tuple[float, ...] | None
) -> None:
    look(till, LOW)
    till.wake_and_say(TAKE, embedding)
    assert till.decided[-1].startswith("refused_")
    till.wake_and_say(CONSENT, speech_ms=900)
    assert till.decided[-1] == "refused_too_short"
    till.wake_and_say(TAKE)
    till.answer(CONSENT, BERT)
    assert till.decided[-1] == "refused_other_voice"
    assert not till.desk.journal.orders()
    till.wake_and_say(TAKE)
    assert till.decided[-1] == "read_back", "it still waits for somebody who is known"


def test_no_later_and_silence(till: Till) -> None:
    clocks = till.bench.clocks
    assert look(till, LOW)
    till.wake_and_say("okay nabu later")
    assert till.decided[-1] == "proposal_postponed"
    clocks.pass_by(REST_S - 1)
    assert not look(till, LOW)
    clocks.pass_by(1)
    assert look(till, LOW)
    till.wake_and_say("okay nabu no thanks", BERT)
    assert till.decided[-1] == "proposal_declined", "anybody may decline"
    till.wake_and_say(TAKE)
    assert "nothing to confirm" in till.said, "what was declined does not wait"
    clocks.pass_by(24 * 3600 - 1)
    assert not look(till, LOW)
    clocks.pass_by(1)
    assert look(till, LOW)
    clocks.pass_by(REST_S)
    assert look(till, LOW), "nobody answered: once more"
    clocks.pass_by(100 * 24 * 3600)
    till.bench.trust_time()
    assert not look(till, LOW), "then it is only shown"
    [shown] = till.proposals.all()
    assert shown.standing.awaits_answer
    till.wake_and_say("okay nabu no")
    assert till.decided[-1] == "proposal_declined"
    till.wake_and_say("okay nabu no")
    assert till.said == "All right."


def test_a_denial_or_later_after_the_read_back_is_an_answer_too(till: Till) -> None:
    look(till, LOW)
    till.wake_and_say(TAKE)
    till.answer("later")
    assert till.decided[-1] == "postponed"
    assert till.proposals.awaiting() is not None
    till.wake_and_say(TAKE)
    till.answer("no")
    assert till.decided[-1] == "cancelled"
    assert till.proposals.awaiting() is None
    assert not till.desk.journal.orders()


def test_what_is_queued_or_on_its_way_is_not_proposed_even_after_restarts(till: Till, tmp_path: Path) -> None:
    till.desk.online = False
    look(till, LOW)
    till.wake_and_say(TAKE)
    till.answer(CONSENT)
    clocks = till.bench.clocks
    clocks.pass_by(2 * REST_S)
    assert not look(till, LOW), "queued"
    till = restarted(till, tmp_path)
    assert not look(till, LOW), "queued, and another process"
    till.deliver()
    clocks.pass_by(2 * REST_S)
    assert not look(till, FULL) and not look(till, LOW), "on its way, refilled and low again"
    till = restarted(till, tmp_path)
    assert not look(till, LOW)
    assert till.proposals.all()[0].on_its_way
    clocks.pass_by(30 * 24 * 3600)
    till.bench.trust_time()
    assert look(till, LOW), "delivered long ago"
    [_] = till.desk.journal.orders()


def test_an_order_by_voice_of_the_same_thing_counts_as_well(till: Till) -> None:
    till.wake_and_say("okay nabu order a bag of dark roast coffee")
    till.answer(CONSENT)
    till.deliver()
    assert not look(till, LOW)


def test_a_restart_makes_nothing_news(till: Till, tmp_path: Path) -> None:
    assert look(till, LOW)
    till = restarted(till, tmp_path)
    assert not look(till, LOW)
    till.wake_and_say(TAKE)
    assert till.decided[-1] == "read_back", "what was said before can still be agreed to"
    till.answer("no")
    till = restarted(till, tmp_path)
    till.bench.clocks.pass_by(2 * REST_S)
    till.bench.trust_time()
    assert not look(till, LOW)


def test_nothing_is_said_until_the_sensors_have_said_it_to_this_process(till: Till, tmp_path: Path) -> None:
    look(till, LOW)
    till = restarted(till, tmp_path)
    till.bench.clocks.pass_by(2 * REST_S)
    till.bench.trust_time()
    assert not look(till)
    assert look(till, LOW)
    till.bench.clocks.pass_by(2 * REST_S)
    till.sensing.lost()
    assert not look(till)


def test_it_waits_for_a_suitable_moment(till: Till) -> None:
    till.spoken.woken()
    assert not look(till, LOW), "somebody is speaking"
    till.spoken.silent(0)
    till.wake_and_say("okay nabu order a pack of butter")
    assert not look(till, LOW), "something is asked"
    till.answer("no")
    till.proposals.reported(LOW)
    due = till.proposals.due()
    assert due is not None
    till.spoken.speak_up(Proposed(due.basket, "x", 0.2), lambda: pytest.fail("it is speaking"))
    till.finish_speaking()
    till.spoken.begin_enrolment("Bert")
    assert not look(till, LOW), "somebody is enrolled"
    till.answer("no", BERT)
    assert look(till, LOW)


def test_at_night_without_time_or_without_people_it_is_only_shown(till: Till, tmp_path: Path) -> None:
    for person in till.desk.people.all():
        till.desk.people.forget(person.pseudonym)
    assert not look(till, LOW), "nobody could agree"
    assert [waiting.sensor.id for waiting in till.proposals.all()] == ["beans"]
    with_sensors(till.bench, BEANS, limits=Proposals(quiet_from="00:00", quiet_until="23:59"))
    till = restarted(till, tmp_path)
    assert not look(till, LOW)
    with_sensors(till.bench, BEANS)
    till.bench.clocks.boot_id = "boot-2"
    till.bench.restart_device()
    till.desk.settings, till.desk.road, till.desk.journal = (
        till.bench.settings, till.bench.road, till.bench.journal
    )  # fmt: skip
    till.__post_init__()
    assert not till.desk.road.clock_trusted()
    assert not look(till, LOW)
    till.bench.trust_time()
    assert look(till, LOW)


def test_a_sensor_of_something_that_is_not_sold_is_left_out_and_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gold = msgspec.structs.replace(BEANS, id="gold", topic="g", product="gold")
    burnt = msgspec.structs.replace(BEANS, id="burnt", topic="b", options={"roast": "burnt"})
    odd = msgspec.structs.replace(BEANS, id="odd", topic="o", options={"colour": "dark"})
    till = make_till(with_sensors(make_bench(tmp_path), gold, burnt, odd, BEANS), tmp_path)
    log = capfd.readouterr().err
    assert [f"sensor_product_unknown sensor={name}" in log for name in ("gold", "burnt", "odd", "beans")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert look(till, Proposal("gold", 0.0, wanted=True), LOW)


def test_a_typed_basket_comes_first(till: Till) -> None:
    till.typed = TypedDialogue(till.desk, "en", lambda _: None, till.what_is_low)
    till.typed.typed("order a pack of butter")
    look(till, LOW)
    till.wake_and_say(TAKE)
    assert till.said.startswith("One pack of butter")
    till.answer("no")
    till.wake_and_say(TAKE)
    assert till.said.startswith("Two bags of dark roast coffee"), (
        "declining the butter said nothing of coffee"
    )


_HOSTILE = st.lists(
    st.tuples(
        st.builds(
            Proposal,
            st.sampled_from(["beans", "beans", "signing.pem", "", "\0" * 64]),
            st.floats(0, 1),
            st.booleans(),
        ),
        st.integers(0, REST_S),
    ),
    max_size=30,
)


@settings(max_examples=30)
@given(_HOSTILE)
def test_whatever_sensors_send_nothing_is_ordered_and_it_is_said_once_an_hour(
    hostile: list[tuple[Proposal, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        till = make_till(with_sensors(make_bench(Path(folder)), BEANS), Path(folder))
        said, seconds = 0, 0
        for report, later_s in hostile:
            till.bench.clocks.pass_by(later_s)
            seconds += later_s
            said += look(till, report)
            if till.sent:
                till.spoken.heard(utterance(0, "nothing that is understood", ANNA))
        assert said <= 1 + seconds // REST_S
        assert not till.desk.journal.orders()
        assert not {"consented", "read_back"} & set(till.decided)
        till.bench.desk.close()
        till.bench.journal.close()


def test_a_damaged_standing_in_the_journal_counts_as_none(
    till: Till, capfd: pytest.CaptureFixture[str]
) -> None:
    till.desk.journal.meta_set("proposal:beans", "{}x")
    assert SensorProposals(till.desk, till.silences).all() == []
    assert "journal_value_altered" in capfd.readouterr().err


def test_a_refill_that_could_not_be_written_down_is_not_forgotten(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a machine that is full would be proposed to be filled."""
    assert look(till, LOW)
    till.bench.clocks.pass_by(2 * REST_S)

    def full(*_: object) -> None:
        raise JournalError("journal_full", "no room", "make room")

    with monkeypatch.context() as patched:
        patched.setattr(till.desk.journal, "meta_set", full)
        look(till, FULL)
    assert not look(till), "it was refilled meanwhile"
    till.bench.clocks.pass_by(2 * REST_S)
    assert not look(till)
