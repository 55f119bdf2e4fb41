"""The mark: spoken orders of many people, every slot right, against the grammar that the product compiles."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
import soundfile

from agent.bench.order_set import OrderSet
from agent.bench.orders import Heard, run_orders_bench
from agent.bench.trade import trade
from agent.hearing.recognition import NO_SENTENCE_GAP
from agent.plumbing.errors import AudioError
from agent.plumbing.settings_file import default_models_dir
from tests.hearing.conftest import room, shared_data, spoken
from tests.hearing.spoken_order_set import write_order_set

# It decodes for a minute or two with two models; the limit is for a hang.


def _subset(folder: Path, into: Path, every: int) -> Path:
    (into / "audio").symlink_to(folder / "audio")
    (into / "domain.json").symlink_to(folder / "domain.json")
    lines = (folder / "labels.jsonl").read_text().splitlines()[::every]
    (into / "labels.jsonl").write_text("\n".join(lines))
    return into


@pytest.mark.slow
def test_a_tenth_of_the_orders_is_accepted_clean_and_nearly_so_in_noise(tmp_path: Path) -> None:
    folder = _subset(shared_data("orders"), tmp_path, 10)
    noise = shared_data("noise", "kitchen.flac")
    clean, noisy = run_orders_bench(folder, noise, [12.0], default_models_dir())["results"]
    assert clean == {"snr_db": None, "utterances": 16, "accepted": 16, "wrong": 0, "asked": 0, "rejected": 0}
    assert noisy["snr_db"] == 12.0
    assert noisy["accepted"] >= 14
    assert sum(noisy[key] for key in ("accepted", "wrong", "asked", "rejected")) == 16


def _synthetic_set(folder: Path) -> Path:
    """Two orders; the second carries a wrong label."""
    return write_order_set(
        folder,
        (
            "give me a large latte with soy milk",
            {"coffeeDrink": "latte", "size": "large", "milkAmount": "soy milk"},
        ),
        ("give me a small mocha", {"coffeeDrink": "mocha"}),
    )


def test_without_any_recordings_of_people_the_bench_counts_and_draws(tmp_path: Path) -> None:
    orders, others = tmp_path / "orders", tmp_path / "others" / "deep"
    orders.mkdir()
    others.mkdir(parents=True)
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, room(3.0) * 100, 16_000)
    soundfile.write(others / "a.wav", spoken("slt", "the weather was terrible yesterday"), 16_000)
    soundfile.write(others / "b.flac", spoken("slt", "give me a small mocha"), 16_000)
    (others / "notes.txt").write_text("no sound")
    result = run_orders_bench(
        _synthetic_set(orders),
        noise,
        [30.0],
        default_models_dir(),
        rejects=tmp_path / "others",
        curve=tmp_path / "trade.json",
    )
    clean, noisy = result["results"]
    assert clean == {"snr_db": None, "utterances": 2, "accepted": 1, "wrong": 1, "asked": 0, "rejected": 0}
    assert noisy["snr_db"] == 30.0
    assert result["rejects"] == {"utterances": 2, "accepted": 1}
    assert result["real_time_factor"] > 0
    trade = json.loads((tmp_path / "trade.json").read_text())
    assert [row["snr_db"] for row in trade["orders"]] == [None, 30.0]
    assert trade["rejects_accepted"][0] == 0.5
    assert trade["gates"][-1] == 0.0
    assert _png_size(tmp_path / "trade.png") == (1_000, 560)


def _png_size(path: Path) -> tuple[int, int]:
    """Width and height after checking the signature, every chunk's checksum and the amount of pixels."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert int.from_bytes(data[at + 8 + length : at + 12 + length], "big") == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height = (int.from_bytes(chunks[b"IHDR"][i : i + 4], "big") for i in (0, 4))
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + 3 * width)
    return width, height


def test_a_curve_shows_what_each_gate_lets_pass() -> None:
    orders = {None: [Heard(-0.1, "accepted"), Heard(-1.0, "asked"), Heard(-2.0, "wrong")]}
    data = trade(orders, [Heard(-1.5, "wrong"), Heard(NO_SENTENCE_GAP, "wrong")], -1.4)
    at = {gate: i for i, gate in enumerate(data["gates"])}
    (row,) = data["orders"]
    shares = [row[outcome][at[-1.2]] for outcome in ("accepted", "asked", "wrong")]
    assert shares == [pytest.approx(1 / 3), pytest.approx(1 / 3), 0.0]
    assert [data["rejects_accepted"][at[gate]] for gate in (-3.0, -1.5, -1.4)] == [0.5, 0.5, 0.0]


def test_a_folder_without_sound_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError) as caught:
        run_orders_bench(
            _synthetic_set(tmp_path / "orders"), None, [], default_models_dir(), rejects=tmp_path / "empty"
        )
    assert caught.value.code == "bench_set_invalid"


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
