"""A model that rests leaves the memory, comes back when it is expected, and then hears the same."""

from __future__ import annotations

import weakref
from threading import Event

import numpy as np
import pytest

from agent.hearing.ears import Ears
from agent.hearing.moonshine import Moonshine
from agent.hearing.resting_model import RestingModel
from agent.plumbing.errors import ModelError
from agent.plumbing.settings import Asr, Paths, Settings
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import corner_shop


def test_after_a_rest_it_gives_the_same() -> None:
    model = RestingModel(lambda: Moonshine(default_models_dir()))
    sound = np.random.default_rng(1).uniform(-0.1, 0.1, 16_000).astype(np.float32)
    before = model.encode(sound)
    model.rest()
    assert np.array_equal(model.encode(sound), before)


def test_what_was_encoded_ahead_is_the_same_and_is_not_done_again() -> None:
    model = RestingModel(lambda: Moonshine(default_models_dir()))
    sound = np.random.default_rng(1).uniform(-0.1, 0.1, 16_000).astype(np.float32)
    expected = model.encode(sound)
    model.encode_ahead(sound)
    ahead = model.encode(sound)
    assert np.array_equal(ahead, expected)
    assert model.encode(sound) is ahead
    model.rest()
    assert model.encode(sound) is not ahead


def test_what_was_encoded_ahead_for_other_sound_is_left() -> None:
    model = RestingModel(lambda: Moonshine(default_models_dir()))
    low, high = (np.full(16_000, level, np.float32) for level in (0.01, 0.1))
    expected = model.encode(high)
    model.encode_ahead(low)
    assert np.array_equal(model.encode(high), expected)


def test_while_it_rests_nothing_of_it_is_kept() -> None:
    loaded: list[weakref.ref[Moonshine]] = []

    def load() -> Moonshine:
        made = Moonshine(default_models_dir())
        loaded.append(weakref.ref(made))
        return made

    model = RestingModel(load)
    assert loaded[0]() is not None
    model.rest()
    assert loaded[0]() is None


def test_it_is_loaded_while_the_caller_goes_on(moonshine: Moonshine) -> None:
    asked, may_end = Event(), Event()
    may_end.set()

    def load() -> Moonshine:
        asked.set()
        may_end.wait()
        return moonshine

    model = RestingModel(load)
    model.rest()
    asked.clear()
    may_end.clear()
    model.expect()
    model.expect()
    assert asked.wait()
    model.rest()  # it is on its way: somebody has just begun to speak
    may_end.set()
    assert model.encode(np.ones(16_000, np.float32)).shape[0] == 1


def test_what_is_missing_is_told_when_it_is_made() -> None:
    def load() -> Moonshine:
        raise ModelError("model_missing", "gone")

    with pytest.raises(ModelError):
        RestingModel(load)


def test_the_ears_let_it_rest_after_so_much_quiet_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    ears = Ears(Settings(paths=Paths(models_dir=str(default_models_dir())), asr=Asr(rest_after_seconds=5)))
    ears.use_grammar(corner_shop(), "corner shop")
    rests: list[str] = []
    monkeypatch.setattr(ears._recogniser, "rest", lambda: rests.append("once"))
    rested_by = []
    for _ in range(200):
        ears.push(np.zeros(1_280, np.int16), 0)
        rested_by.append(len(rests))
    assert rested_by == [0] * 61 + [1] * 139  # 62 frames of 80 ms
