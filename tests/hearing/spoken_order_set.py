"""A set of orders as `agent.bench.order_set` reads it, spoken by a synthetic voice."""

from __future__ import annotations

import json
from pathlib import Path

import soundfile

from agent.hearing.audio import SAMPLE_RATE
from tests.hearing.conftest import spoken

_SLOTS = {
    "coffeeDrink": ["latte", "mocha"],
    "size": ["small", "large"],
    "roast": ["dark roast"],
    "numberOfShots": ["double shot"],
    "milkAmount": ["soy milk"],
    "sugarAmount": ["sugar"],
}


def write_order_set(folder: Path, *orders: tuple[str, dict[str, str]]) -> Path:
    """`orders`: what is said, and how it is labelled. The recordings are 1.wav, 2.wav, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "domain.json").write_text(json.dumps({"openings": ["give me"], "slots": _SLOTS}))
    labels = []
    for number, (text, slots) in enumerate(orders, 1):
        soundfile.write(folder / f"{number}.wav", spoken("rms", text), SAMPLE_RATE)
        labels.append(json.dumps({"audio": f"{number}.wav", "slots": slots}))
    (folder / "labels.jsonl").write_text("\n".join(labels))
    return folder
