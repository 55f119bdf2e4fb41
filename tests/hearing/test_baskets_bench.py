"""Orders of several items and corrections, from a synthetic voice to the basket."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.bench.baskets import BasketsBench, run_baskets_bench
from agent.bench.made_baskets import KINDS, MadeBasket
from agent.plumbing.errors import AudioError
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import spoken

CATALOGUE = Path(__file__).parents[2] / "order_backend" / "catalogues" / "corner_shop.json"


def test_one_sentence_of_each_kind_is_understood() -> None:
    result = run_baskets_bench(CATALOGUE, None, [], len(KINDS), 5, default_models_dir())
    (clean,) = result["results"]
    assert {kind: row["utterances"] for kind, row in clean["kinds"].items()} == dict.fromkeys(KINDS, 1)
    assert clean["right"] >= len(KINDS) - 1
    assert clean["wrong"] == 0


def test_a_basket_is_right_only_when_every_line_is() -> None:
    bench = BasketsBench(CATALOGUE, default_models_dir())
    samples = spoken("slt", "order two bags of rice and three cans of dog food")
    right = {"rice": 2, "dog-food": 3}
    assert bench.outcome(MadeBasket("two_items", "", right), samples) == "right"
    assert bench.outcome(MadeBasket("two_items", "", {"rice": 2}), samples) == "wrong"
    assert bench.outcome(MadeBasket("two_items", "", {**right, "rice": 3}), samples) == "wrong"


def test_silent_noise_is_an_error(tmp_path: Path) -> None:

    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    with pytest.raises(AudioError) as caught:
        run_baskets_bench(CATALOGUE, tmp_path / "silence.wav", [6.0], 1, 5, default_models_dir())
    assert caught.value.code == "bench_noise"
