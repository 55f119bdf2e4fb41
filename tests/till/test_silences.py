"""A sensor that is not heard any more, in the till: told once, at a good moment, and proposing nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agent.plumbing.errors import JournalError
from agent.plumbing.settings import Proposals
from agent.plumbing.site_messages import Proposal, SensorState
from agent.till.silences import SensorSilences
from tests.committing.kit import make_bench
from tests.till.kit import Till, make_till
from tests.till.low_sensors import ANY_HOUR, BEANS, LOW, REST_S, TAKE, restarted, with_sensors

AFTER_S = BEANS.silent_after_seconds
SILO = msgspec.structs.replace(BEANS, id="silo", name="the silo", topic="s")
SILENT = "I have not heard from the coffee machine's sensor since yesterday."


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return make_till(with_sensors(make_bench(tmp_path), BEANS), tmp_path)


def hear(till: Till, age_s: int | None, sensor: str = "beans", **details: object) -> None:
    """`sensors` says how long ago its newest good reading came."""
    level = None if age_s is None else 0.4
    till.sensing.received(SensorState(sensor, age_s, level, **{"refused": {}} | details))  # type: ignore[arg-type]


def tells(till: Till) -> bool:
    """The till's own turn; whether it told of a silence."""
    till.finish_speaking()
    before = till.decided.count("sensor_silent")
    till.sensing.look()
    return till.decided.count("sensor_silent") > before


def test_it_is_told_once_and_again_only_after_it_came_back(till: Till) -> None:
    hear(till, 0)
    assert not tells(till)
    till.bench.clocks.pass_by(AFTER_S - 1)
    assert not tells(till)
    till.bench.clocks.pass_by(1)
    assert tells(till)
    assert till.said == SILENT
    assert till.listening is None, "a sensor cannot open the microphone"
    till.bench.clocks.pass_by(10 * AFTER_S)
    till.bench.trust_time()
    hear(till, 11 * AFTER_S)
    assert not tells(till)
    hear(till, 0)
    assert not tells(till)
    till.bench.clocks.pass_by(AFTER_S)
    assert tells(till)


def test_restarts_of_both_processes_neither_repeat_nor_forget_it(till: Till, tmp_path: Path) -> None:
    hear(till, 0)
    assert not tells(till)
    for _ in range(6):  # a silence of 24 hours in six lives of the till
        till.bench.clocks.pass_by(AFTER_S / 6)
        assert not tells(till) or till.said == SILENT
        till = restarted(till, tmp_path)
        hear(till, None)  # and as many of `sensors`, which knows nothing of before
    till.bench.clocks.pass_by(1)
    assert not tells(till)
    assert till.decided.count("sensor_silent") == 1
    till = restarted(till, tmp_path)
    till.bench.clocks.pass_by(2 * AFTER_S)
    till.bench.trust_time()
    hear(till, None)
    assert not tells(till)
    hear(till, 5)
    assert not tells(till)
    till.bench.clocks.pass_by(AFTER_S)
    assert tells(till)


def test_refused_payloads_and_a_bus_that_is_away_are_silence_too(till: Till) -> None:
    hear(till, None, refused={"reading_not_json": 90, "reading_negative": 3, "reading_old": 1, "a": 0})
    till.bench.clocks.pass_by(AFTER_S)
    assert tells(till)
    assert till.said == "I have not heard from the coffee machine's sensor yet."
    [row] = till.silences.all()
    assert row.refused == {"reading_not_json": 90, "reading_negative": 3, "reading_old": 1}
    assert (row.silent, row.ever, row.unheard_s, row.fault) == (True, False, AFTER_S, "")
    hear(till, None, bus_fault="broker_not_listening")
    assert till.silences.all()[0].fault == "broker_not_listening"
    till.sensing.lost()
    assert till.silences.all()[0].fault == "sensors_not_connected"
    assert not tells(till)


def test_while_sensors_is_away_the_silence_lasts_on(till: Till) -> None:
    hear(till, 0)
    till.sensing.lost()
    till.bench.clocks.pass_by(AFTER_S)
    assert tells(till)


def test_it_waits_for_the_end_of_the_night_and_of_a_conversation(till: Till, tmp_path: Path) -> None:
    with_sensors(till.bench, BEANS, limits=Proposals(quiet_from="00:00", quiet_until="23:59"))
    till = restarted(till, tmp_path)
    hear(till, AFTER_S)
    assert not tells(till), "it is night"
    with_sensors(till.bench, BEANS, limits=ANY_HOUR)
    till = restarted(till, tmp_path)
    hear(till, AFTER_S)
    till.spoken.woken()
    assert not tells(till), "somebody is speaking"
    till.spoken.silent(0)
    till.wake_and_say("okay nabu order a pack of butter")
    assert not tells(till), "something is asked"
    till.answer("no")
    assert tells(till)


def test_the_wall_clock_makes_no_sensor_silent_and_tells_nothing_twice(till: Till) -> None:
    for hours in (5, -9, 30, -60):
        hear(till, 10)
        till.bench.clocks.wall_s += hours * 3_600
        assert not tells(till)
        assert not till.silences.is_silent("beans")
        assert till.silences.all()[0].unheard_s == 10
    hear(till, AFTER_S)
    assert tells(till)
    for hours in (5, -9, 30, -60):
        till.bench.clocks.wall_s += hours * 3_600
        assert not tells(till)


def test_a_silent_sensor_proposes_nothing_and_repeats_nothing(till: Till) -> None:
    hear(till, AFTER_S)
    till.sensing.received(LOW)
    assert tells(till)
    till.bench.clocks.pass_by(2 * REST_S)
    assert not tells(till)
    assert "proposed" not in till.decided
    hear(till, 0)
    till.sensing.look()
    assert till.decided[-1] == "proposed", "it was only waiting to be heard again"


def test_no_question_is_repeated_on_a_reading_that_says_nothing_about_now(till: Till) -> None:
    hear(till, 0)
    till.sensing.received(LOW)
    till.sensing.look()
    assert till.decided == ["proposed"]
    till.finish_speaking()
    till.bench.clocks.pass_by(till.desk.settings.site_broker.oldest_reading_seconds + 1)
    till.sensing.look()
    assert till.decided == ["proposed"]
    hear(till, 0)
    till.sensing.look()
    assert till.decided == ["proposed", "proposed"]


def test_what_was_asked_can_be_answered_although_the_sensor_has_fallen_silent(till: Till) -> None:
    hear(till, 0)
    till.sensing.received(LOW)
    till.sensing.look()
    till.bench.clocks.pass_by(AFTER_S)
    assert tells(till)
    till.wake_and_say(TAKE)
    assert till.said.startswith("Two bags of dark roast coffee, thirty-eight zloty in total.")
    till.answer("no")
    assert till.decided[-1] == "cancelled"
    assert till.proposals.awaiting() is None


def test_one_sensor_speaks_once_in_a_rest_whatever_about(till: Till) -> None:
    hear(till, AFTER_S)
    assert tells(till)
    hear(till, 0)
    till.sensing.received(LOW)
    till.finish_speaking()
    till.bench.clocks.pass_by(REST_S - 1)
    till.sensing.look()
    assert "proposed" not in till.decided
    hear(till, 0)
    till.bench.clocks.pass_by(1)
    till.sensing.look()
    assert till.decided[-1] == "proposed"
    hear(till, AFTER_S)
    assert not tells(till)


def test_sensors_that_fell_silent_together_are_told_in_one_sentence(tmp_path: Path) -> None:
    till = make_till(with_sensors(make_bench(tmp_path), BEANS, SILO), tmp_path)
    hear(till, AFTER_S)
    hear(till, AFTER_S, "silo")
    assert tells(till)
    assert till.said == (
        "I have not heard from the sensors of the coffee machine and the silo since yesterday."
    )
    assert not tells(till)


def test_what_cannot_be_noted_is_not_said(till: Till) -> None:
    hear(till, AFTER_S)

    def full(*_: object) -> None:
        raise JournalError("journal_full", "no room", "earmark doctor")

    keep, till.silences._keep = till.silences._keep, full  # type: ignore[method-assign]
    assert not tells(till)
    till.silences._keep = keep  # type: ignore[method-assign]
    assert tells(till)


def test_a_damaged_silence_in_the_journal_counts_as_none(
    till: Till, capfd: pytest.CaptureFixture[str]
) -> None:
    till.desk.journal.meta_set("silence:beans", '{"unheard_s": "long"}')
    assert SensorSilences(till.desk).said_at_s("beans") == 0
    assert "journal_value_altered" in capfd.readouterr().err


def test_unknown_sensors_are_only_counted(till: Till) -> None:
    before = till.silences.all()
    for number in range(1_000):
        till.sensing.received(SensorState(f"s{number}", 0, 0.1, {}))
        till.sensing.received(Proposal(f"s{number}", 0.1, wanted=True))
    assert not tells(till)
    assert till.silences.all() == before
