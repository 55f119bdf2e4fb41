"""Marks of a wake phrase: chosen on one half of the recordings, counted on the other."""

from __future__ import annotations

from agent.bench.wake_marks import Half, Marks, chosen_marks, halves, split
from agent.hearing.waking import WakeDecision


def _decided(*heard: tuple[float, float]) -> list[WakeDecision]:
    """Of (score, nats) each; which stage decided does not matter here."""
    return [WakeDecision("none", score, nats, 0) for score, nats in heard]


def test_the_first_stage_being_sure_lowers_the_mark() -> None:
    marks = Marks(-6.0, 0.9, -14.0)
    assert marks.wake(_decided((0.5, -5.9), (0.5, -6.1), (0.95, -13.9), (0.95, -14.1))) == 2


def test_marks_are_chosen_between_the_clips_and_the_other_speech() -> None:
    half = Half({None: [_decided((0.5, -5.0))] * 3}, [_decided((0.5, -13.0)), _decided((0.99, -22.0))], 1.0)
    marks = chosen_marks(half)
    assert half.missed(marks) == {None: 0}
    assert half.false_alarms(marks) == 0
    assert -12.0 < marks.nats < -6.0


def test_a_false_alarm_weighs_more_than_any_miss() -> None:
    half = Half({None: [_decided((0.5, -9.0))] * 5}, [_decided((0.5, -8.0))], 1.0)
    marks = chosen_marks(half)
    assert half.false_alarms(marks) == 0
    assert half.missed(marks) == {None: 5}


def test_each_half_is_counted_with_the_marks_of_the_other() -> None:
    clips = {
        None: [_decided((0.5, -5.0)), _decided((0.5, -5.0))],
        10.0: [_decided((0.5, -9.0)), _decided((0.5, -15.0))],
    }
    others = [_decided(), _decided((0.5, -10.0)), _decided((0.5, -11.0))]
    first, second = halves(clips, others, [0.5, 0.25, 0.5])
    assert (first.hours, second.hours) == (1.0, 0.25)
    assert first.clips == {None: [clips[None][0]], 10.0: [clips[10.0][0]]}
    rows = split((first, second), Marks(-6.0, 0.9, -14.0))
    assert rows[0]["negative_hours"] == 1.0
    assert rows[0]["chosen"] == chosen_marks(second)._asdict()
    assert rows[1]["chosen"] == chosen_marks(first)._asdict()
    assert rows[1]["marks_in_use"]["results"] == [
        {"snr_db": None, "clips": 1, "missed": 0},
        {"snr_db": 10.0, "clips": 1, "missed": 1},
    ]
    assert rows[0]["marks_in_use"]["false_alarms"] == 0
