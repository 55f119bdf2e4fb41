"""Nobody is cut off inside a sentence, a complete one ends sooner, and what was recognised at a pause is kept
only where it was the end."""

from __future__ import annotations

import numpy as np
import pytest

from agent.hearing.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Float32, to_int16
from agent.hearing.drafts import MOST_LOOKS, Drafts
from agent.hearing.ending import Ending
from agent.hearing.listener import MARGIN_SAMPLES, Capture, Listener, Paused
from agent.hearing.recogniser import Recogniser
from agent.hearing.recognition import Draft, Recognition
from agent.hearing.voice_activity import VoiceActivity
from agent.hearing.waking import Waking
from agent.plumbing.settings import Endpoint, Wake
from tests.hearing.conftest import room, spoken

SETTINGS = Endpoint()


class Heard:
    """What became of `sound`: the recognition, the endings at its pauses, the silence waited for (ms)."""

    def __init__(self, recogniser: Recogniser, sound: Float32, settings: Endpoint = SETTINGS) -> None:
        listener = Listener(settings, Waking(Wake(), None), VoiceActivity())
        drafts = Drafts(recogniser)
        listener.listen(1, "order", 5_000)
        self.endings: list[Ending] = []
        pcm = to_int16(np.pad(sound, (0, -len(sound) % FRAME_SAMPLES)))
        for number, frame in enumerate(pcm.reshape(-1, FRAME_SAMPLES), 1):
            event = listener.push(frame, 0)
            if isinstance(event, Paused):
                self.endings.append(drafts.look(event.so_far))
                listener.look(self.endings[-1])
            elif isinstance(event, Capture):
                self.capture = event
                self.recognition = drafts.recognition(event)
                self.waited_ms = number * FRAME_MS - (event.end - MARGIN_SAMPLES) * 1_000 / SAMPLE_RATE
                return
        raise AssertionError("it never ended")


def with_pauses(voice: str, pause_s: float, *parts: str) -> Float32:
    pieces = [room(0.5)]
    for part in parts:
        pieces += [_trimmed(spoken(voice, part)), room(pause_s)]
    return np.concatenate([*pieces[:-1], room(2.0)])


def _trimmed(samples: Float32) -> Float32:
    """Without the silence that a synthetic voice begins and ends with."""
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


@pytest.mark.parametrize("voice", ["slt", "rms"])
@pytest.mark.parametrize(
    "parts", [("order two", "boxes of", "green tea"), ("get me three bottles", "of olive oil")]
)
def test_a_sentence_with_pauses_is_heard_to_its_end(
    recogniser: Recogniser, voice: str, parts: tuple[str, ...]
) -> None:
    sound = with_pauses(voice, 0.95, *parts)
    heard = Heard(recogniser, sound)
    assert heard.recognition.words == " ".join(parts)
    assert heard.endings[:-1] == [Ending.HANGING] * (len(parts) - 1)
    cut_off = Heard(recogniser, sound, Endpoint(hanging_silence_ms=SETTINGS.silence_ms))
    assert cut_off.recognition.words != " ".join(parts)


def test_a_complete_sentence_ends_sooner_than_one_that_may_go_on_and_a_hanging_one_last(
    recogniser: Recogniser,
) -> None:
    waited = {}
    for sentence in ("order paper towels please", "order paper towels", "order two boxes of"):
        heard = Heard(recogniser, with_pauses("slt", 0.0, sentence))
        waited[heard.endings[-1]] = heard.waited_ms
    assert Ending.COMPLETE in waited
    assert waited[Ending.COMPLETE] < SETTINGS.silence_ms < waited[Ending.HANGING]
    assert waited[Ending.COMPLETE] == pytest.approx(SETTINGS.complete_silence_ms, abs=FRAME_MS + 32)
    assert waited[Ending.HANGING] == pytest.approx(SETTINGS.hanging_silence_ms, abs=FRAME_MS + 32)


def test_speech_that_is_no_order_ends_after_the_usual_silence(recogniser: Recogniser) -> None:
    heard = Heard(recogniser, with_pauses("slt", 0.0, "the weather in the mountains was terrible yesterday"))
    assert heard.waited_ms == pytest.approx(SETTINGS.silence_ms, abs=FRAME_MS + 32)


def test_what_was_recognised_at_the_last_pause_is_what_would_be_recognised_now(
    recogniser: Recogniser,
) -> None:
    heard = Heard(recogniser, with_pauses("rms", 0.95, "order two boxes of", "green tea"))
    assert heard.recognition == recogniser.recognise(heard.capture.sentence, "order")


class _Engine:
    """Counts; everything is the beginning of something."""

    def __init__(self, ending: Ending = Ending.HANGING) -> None:
        self.drafted, self.finished, self._ending = 0, 0, ending

    def draft(self, sentence: Float32, entry: str, whole: Float32 | None = None) -> Draft:
        self.drafted += 1
        return Draft(Recognition("so far", "so far", 0.0, ending=self._ending), sentence, entry)

    def finish(self, draft: Draft) -> Recognition:
        self.finished += 1
        return draft.recognition._replace(words=f"{len(draft.samples)}")


def _said(seconds: int) -> Capture:
    end = seconds * SAMPLE_RATE
    return Capture(1, "order", room(seconds + 1.0), np.ones(1, bool), 0, end, 0)


def test_an_end_at_the_last_pause_is_not_decoded_again() -> None:
    engine = _Engine(Ending.OPEN)
    drafts = Drafts(engine)  # type: ignore[arg-type]
    assert drafts.look(_said(2)) is Ending.OPEN
    assert drafts.recognition(_said(2)).words == str(2 * SAMPLE_RATE)
    assert (engine.drafted, engine.finished) == (1, 1)


def test_speech_that_went_on_is_decoded_whole() -> None:
    engine = _Engine(Ending.OPEN)
    drafts = Drafts(engine)  # type: ignore[arg-type]
    drafts.look(_said(2))
    assert drafts.recognition(_said(3)).words == str(3 * SAMPLE_RATE)
    assert (engine.drafted, engine.finished) == (2, 2)


def test_the_second_step_waits_for_the_end_of_what_hangs() -> None:
    engine = _Engine()
    drafts = Drafts(engine)  # type: ignore[arg-type]
    drafts.look(_said(2))
    assert (engine.drafted, engine.finished) == (1, 0)
    assert drafts.recognition(_said(2)).words == str(2 * SAMPLE_RATE)
    assert (engine.drafted, engine.finished) == (1, 1)


def test_whoever_pauses_all_the_time_costs_no_more_than_so_many_looks() -> None:
    engine = _Engine()
    drafts = Drafts(engine)  # type: ignore[arg-type]
    endings = [drafts.look(_said(seconds)) for seconds in range(1, 15)]
    assert endings == [Ending.HANGING] * MOST_LOOKS + [Ending.UNKNOWN] * (14 - MOST_LOOKS)
    assert engine.drafted == MOST_LOOKS
    drafts.begin()
    assert drafts.look(_said(1)) is Ending.HANGING
