"""Where speech begins and ends, by samples alone."""

from __future__ import annotations

import pytest

from agent.hearing.ending import Ending
from agent.hearing.endpointing import Endpointer, Outcome
from agent.hearing.voice_activity import CHUNK_MS, CHUNK_SAMPLES
from agent.plumbing.settings import Endpoint

SETTINGS = Endpoint(silence_ms=700, longest_utterance_ms=5_000)
WINDOW_MS = 3_000


def run(
    endpointer: Endpointer, *stretches: tuple[float, int], ending: Ending = Ending.UNKNOWN
) -> tuple[Outcome | None, int]:
    """Feeds (probability, ms) stretches; the outcome and the ms after which it came. At each pause the
    speech ends in `ending`."""
    at = 0
    for probability, ms in stretches:
        for _ in range(round(ms / CHUNK_MS)):
            outcome = endpointer.push(probability)
            at += CHUNK_MS
            if outcome is Outcome.PAUSE:
                endpointer.look(ending)
            elif outcome is not None:
                return outcome, at
    return None, at


def answer() -> Endpointer:
    return Endpointer(SETTINGS, window_ms=WINDOW_MS)


def test_silence_ends_an_utterance_and_its_bounds_are_kept() -> None:
    endpointer = answer()
    outcome, at = run(endpointer, (0.0, 640), (0.9, 960), (0.0, 2_000))
    assert outcome is Outcome.UTTERANCE
    assert at == pytest.approx(640 + 960 + SETTINGS.silence_ms, abs=CHUNK_MS)
    assert endpointer.begin == 640 // CHUNK_MS * CHUNK_SAMPLES
    assert endpointer.end == (640 + 960) // CHUNK_MS * CHUNK_SAMPLES


def test_a_pause_inside_an_order_does_not_end_it() -> None:
    endpointer = answer()
    assert run(endpointer, (0.9, 480), (0.0, 608), (0.9, 480))[0] is None
    assert run(endpointer, (0.0, 2_000))[0] is Outcome.UTTERANCE


def test_nothing_said_is_told_when_the_window_is_over() -> None:
    outcome, at = run(answer(), (0.1, 10_000))
    assert outcome is Outcome.NOTHING_HEARD
    assert at == pytest.approx(WINDOW_MS, abs=CHUNK_MS)


def test_speech_that_begins_late_in_the_window_is_heard_to_its_end() -> None:
    outcome, at = run(answer(), (0.0, 2_880), (0.9, 1_600), (0.0, 2_000))
    assert outcome is Outcome.UTTERANCE
    assert at > WINDOW_MS


def test_a_click_is_no_utterance() -> None:
    outcome, at = run(answer(), (0.9, 64), (0.0, 10_000))
    assert outcome is Outcome.NOTHING_HEARD
    assert at == pytest.approx(WINDOW_MS, abs=CHUNK_MS)


def test_an_utterance_longer_than_the_limit_ends_there() -> None:
    outcome, at = run(answer(), (0.9, 60_000))
    assert outcome is Outcome.UTTERANCE
    assert at == pytest.approx(SETTINGS.longest_utterance_ms, abs=CHUNK_MS)


def test_once_somebody_talks_a_little_less_is_still_speech() -> None:
    endpointer = answer()
    assert run(endpointer, (0.9, 320), (0.4, 1_600))[0] is None
    assert run(answer(), (0.4, 1_600))[0] is None


def test_the_tail_of_the_wake_word_is_no_order() -> None:
    waked = Endpointer(SETTINGS, window_ms=WINDOW_MS, after_wake=True)
    assert run(waked, (0.9, 320), (0.0, 10_000)) == (
        Outcome.NOTHING_HEARD,
        pytest.approx(WINDOW_MS, abs=CHUNK_MS),
    )


def test_an_order_that_follows_the_wake_word_without_a_pause_is_whole() -> None:
    waked = Endpointer(SETTINGS, window_ms=WINDOW_MS, after_wake=True)
    assert run(waked, (0.9, 1_600), (0.0, 2_000))[0] is Outcome.UTTERANCE
    assert waked.begin == 0


def test_a_short_word_after_a_pause_is_an_order() -> None:
    waked = Endpointer(SETTINGS, window_ms=WINDOW_MS, after_wake=True)
    assert run(waked, (0.9, 320), (0.0, 320), (0.9, 256), (0.0, 2_000))[0] is Outcome.UTTERANCE
    assert waked.begin >= 640 // CHUNK_MS * CHUNK_SAMPLES


@pytest.mark.parametrize(
    ("ending", "silence_ms"),
    [
        (Ending.COMPLETE, SETTINGS.complete_silence_ms),
        (Ending.OPEN, SETTINGS.silence_ms),
        (Ending.HANGING, SETTINGS.hanging_silence_ms),
        (Ending.UNKNOWN, SETTINGS.silence_ms),
    ],
)
def test_how_much_silence_ends_a_sentence_depends_on_its_ending(ending: Ending, silence_ms: int) -> None:
    outcome, at = run(answer(), (0.9, 960), (0.0, 3_000), ending=ending)
    assert outcome is Outcome.UTTERANCE
    assert at == pytest.approx(960 + silence_ms, abs=CHUNK_MS)


def test_a_sentence_is_judged_anew_at_each_pause() -> None:
    endpointer = answer()
    assert run(endpointer, (0.9, 480), (0.0, 1_120), ending=Ending.HANGING)[0] is None
    outcome, at = run(endpointer, (0.9, 480), (0.0, 3_000), ending=Ending.COMPLETE)
    assert outcome is Outcome.UTTERANCE
    assert at == pytest.approx(480 + SETTINGS.complete_silence_ms, abs=CHUNK_MS)


def test_who_goes_on_talking_is_no_longer_complete() -> None:
    endpointer = answer()
    assert run(endpointer, (0.9, 480), (0.0, 384), ending=Ending.COMPLETE)[0] is None
    assert run(endpointer, (0.9, 480), (0.0, 608))[0] is None


def test_a_pause_is_told_once_and_soon() -> None:
    endpointer = answer()
    told = [endpointer.push(0.9 if 10 <= chunk < 30 else 0.0) for chunk in range(45)]
    assert told.index(Outcome.PAUSE) == 30 + SETTINGS.pause_ms // CHUNK_MS - 1
    assert told.count(Outcome.PAUSE) == 1


def test_even_a_hanging_sentence_ends_at_the_limit() -> None:
    stretches = ((0.9, 320), (0.0, 960)) * 10
    outcome, at = run(answer(), *stretches, ending=Ending.HANGING)
    assert outcome is Outcome.UTTERANCE
    assert at == pytest.approx(SETTINGS.longest_utterance_ms, abs=CHUNK_MS)
