"""The mark: spoken orders of many people, every slot right, against the grammar that the product compiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.bench.order_set import OrderSet
from agent.bench.orders import run_orders_bench
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import default_models_dir
from tests.hearing.conftest import shared_data


def _subset(folder: Path, into: Path, every: int) -> Path:
    (into / "audio").symlink_to(folder / "audio")
    (into / "domain.json").symlink_to(folder / "domain.json")
    lines = (folder / "labels.jsonl").read_text().splitlines()[::every]
    (into / "labels.jsonl").write_text("\n".join(lines))
    return into


def test_a_tenth_of_the_orders_is_accepted_clean_and_nearly_so_in_noise(tmp_path: Path) -> None:
    folder = _subset(shared_data("orders"), tmp_path, 10)
    noise = shared_data("noise", "kitchen.flac")
    clean, noisy = run_orders_bench(folder, noise, [12.0], default_models_dir())["results"]
    assert clean == {"snr_db": None, "utterances": 16, "accepted": 16, "wrong": 0, "asked": 0, "rejected": 0}
    assert noisy["snr_db"] == 12.0
    assert noisy["accepted"] >= 14
    assert sum(noisy[key] for key in ("accepted", "wrong", "asked", "rejected")) == 16


@pytest.mark.slow
def test_99_percent_of_clean_orders_are_accepted() -> None:
    result = run_orders_bench(shared_data("orders"), None, [], default_models_dir())
    (clean,) = result["results"]
    assert clean["utterances"] == 153
    assert clean["accepted"] >= 0.99 * clean["utterances"]
    assert result["real_time_factor"] > 0


def test_words_become_the_slots_of_the_labels() -> None:
    orders = OrderSet(shared_data("orders"))
    words = "brew an 8 oz dark roast house coffee with soy milk and a lot of brown sugar"
    assert orders.slots(words) == {
        "size": "eight ounce",
        "roast": "dark roast",
        "coffeeDrink": "house coffee",
        "milkAmount": "soy milk",
        "sugarAmount": "a lot of brown sugar",
    }
    assert orders.slots("get me two latte") == {"coffeeDrink": "latte", "quantity": "2"}
    assert orders.slots("no") is None
    assert orders.slots("brew a bicycle") is None


def test_every_label_can_be_said() -> None:
    """A label that the grammar cannot produce would make the mark unreachable."""
    orders = OrderSet(shared_data("orders"))
    for order in orders.orders:
        slots = order.slots
        front = [slots[slot] for slot in ("size", "roast", "numberOfShots") if slot in slots]
        back = [slots[slot] for slot in ("milkAmount", "sugarAmount") if slot in slots]
        words = " ".join(["give me a", *front, slots["coffeeDrink"]]) + (
            " with " + " and ".join(back) if back else ""
        )
        assert orders.slots(words) == slots


def test_a_folder_that_is_no_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError) as caught:
        run_orders_bench(tmp_path, None, [], default_models_dir())
    assert caught.value.code == "bench_set_invalid"


def test_a_ratio_without_noise_is_an_error() -> None:
    with pytest.raises(AudioError) as caught:
        run_orders_bench(shared_data("orders"), None, [12.0], default_models_dir())
    assert caught.value.code == "bench_noise"
