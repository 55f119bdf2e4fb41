"""Other speech made by synthetic voices: a seed makes it again, and nobody in it says the wake phrase."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from agent.bench import made_texts
from agent.bench.made_people import MadePerson
from agent.bench.made_speech import NEAR, in_room, made_speech
from agent.bench.made_texts import holds, near_texts, reading_texts
from agent.hearing.audio import SAMPLE_RATE
from agent.hearing.wake_check import PHRASES


def test_a_seed_makes_the_same_speech_and_another_another() -> None:
    one, same, other = (list(islice(made_speech("alexa", seed), 6)) for seed in (1, 1, 2))
    for passage, again in zip(one, same, strict=True):
        assert passage[:3] == again[:3]
        np.testing.assert_array_equal(passage.sound, again.sound)
    assert [passage.text for passage in one] != [passage.text for passage in other]
    assert [passage.kind for passage in one] == [NEAR, "read", "read", "read", "read", NEAR]
    for passage in one:
        assert passage.sound.dtype == np.float32
        assert 0.04 < np.abs(passage.sound).max() < 0.61


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_text_holds_the_wake_phrase(phrase: str) -> None:
    rng = np.random.default_rng(1)
    sources = [near_texts(phrase, rng), *reading_texts(phrase, rng).values()]
    for texts in sources:
        assert not any(holds(phrase, text) for text in islice(texts, 2_000))


def test_a_phrase_is_found_whatever_stands_around_it_and_not_inside_another_word() -> None:
    assert holds("okay_nabu", "Well: OKAY,  nabu!")
    assert holds("alexa", "alexa")
    assert not holds("alexa", "Alexander and a lexicon")
    assert not holds("okay_nabu", "okay no nabu")


def test_a_text_on_the_machine_that_holds_the_wake_phrase_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "people").write_text(("one two three four " * 10 + "Okay, Nabu! five ") * 20)
    (tmp_path / "people.dat").write_text("index")
    (tmp_path / "ascii-art").write_text("picture " * 50)
    monkeypatch.setattr(made_texts, "FORTUNES_DIR", tmp_path)
    rng = np.random.default_rng(1)
    passages = list(islice(reading_texts("okay_nabu", rng)["fortunes"], 50))
    assert {word for passage in passages for word in passage.split()} >= {"one", "two", "three", "four"}
    assert not any("kay, Nabu" in passage or "picture" in passage for passage in passages)
    others = islice(reading_texts("alexa", rng)["fortunes"], 50)
    assert any("Okay, Nabu!" in passage for passage in others)


def test_a_voice_that_is_faster_takes_less_time() -> None:
    heart = MadePerson("hibari", "heart")
    slow, fast = (
        len(heart.says("the driver was looking for the garden gate", speed)) for speed in (0.8, 1.3)
    )
    assert 1.3 < slow / fast < 2.0


def test_a_room_goes_on_sounding_after_a_click() -> None:
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[100] = 1.0
    heard = in_room(click, 0.5, np.random.default_rng(1))
    assert len(heard) == len(click)
    assert heard[100] == pytest.approx(1.0, abs=1e-3)
    early, late, gone = (
        float(np.square(heard[int(a * SAMPLE_RATE) : int(b * SAMPLE_RATE)]).sum())
        for a, b in ((0.02, 0.12), (0.3, 0.4), (0.6, 0.7))
    )
    assert early > 30 * late > 0
    assert gone < 1e-6 * late
