"""Speaks orders for things that a coffee shop does not sell, for `earmark bench orders --rejects DIR`.

python scripts/unsold_orders.py DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.story.customers import SAMPLE_RATE_HZ, Customer  # noqa: E402

VOICES = (
    Customer("slt", "flite", "slt"),
    Customer("rms", "flite", "rms"),
    Customer("awb", "flite", "awb"),
    Customer("espeak", "espeak-ng", "en-us"),
)

# Some are near to what is sold, as people's mistakes are; none is an order of the set.
SENTENCES = (
    "can I have a large pizza with extra cheese",
    "I want a small lemonade with ice",
    "get me a green tea with honey",
    "give me a chocolate milkshake with whipped cream",
    "make me a ham and cheese sandwich",
    "I'd like a glass of orange juice",
    "may I have a bottle of sparkling water",
    "can I get a slice of apple pie",
    "brew me a pot of chamomile tea",
    "give me a medium hot dog with mustard",
    "I want a double cheeseburger with fries",
    "get me a large bag of potato chips",
    "can I have a bowl of tomato soup",
    "make me a fruit salad with yogurt",
    "I'd like two tickets to the movies",
    "order a box of printer paper",
    "can I have the bill please",
    "give me a minute to think about it",
    "I want to know what time you close",
    "get me a taxi to the airport",
    "could I have a table by the window",
    "I'd like a large popcorn with butter",
    "make me a strawberry smoothie with almond milk",
    "can I get a dark chocolate bar with sea salt",
    "I don't want a latte",
)


def main(arguments: list[str]) -> int:
    """0 when every sentence was spoken by every voice."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for voice in VOICES:
        for number, sentence in enumerate(SENTENCES):
            path = folder / f"{voice.name}-{number:02}.wav"
            soundfile.write(path, voice.says(sentence), SAMPLE_RATE_HZ)
    print(f"{len(VOICES) * len(SENTENCES)} recordings in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
