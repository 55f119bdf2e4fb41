"""How long it takes from a text to its first sound."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from agent.hearing.speech import Speech

FIXED = (
    "Cancelled. Nothing is ordered.",
    "I am still waiting. Say: yes, place my order. Or say: cancel.",
    "It is too noisy for me to know your voice, so I ordered nothing. Try again when it is quieter.",
    "Sorry, was that a yes? Say: yes, place my order. Or say: cancel.",
    "All right. I have learned nothing and kept nothing.",
    "I could not hear you well enough. I have kept nothing.",
)
"""Said the same way each time."""

_AFTER_READ_BACK = "Say: yes, place my order. Or say: cancel."
_READ_BACK = "{count} bags of {roast} roast coffee, {total} zloty in total. " + _AFTER_READ_BACK
_COUNTS = ("Two", "Three", "Four", "Seven", "Twelve", "Twenty")
_ROASTS = ("dark", "medium", "light")


def run_speech_bench() -> dict[str, Any]:
    """Milliseconds to the first sound, p50 and p95: `known` (said before, or prepared), `new` (fixed replies
    never said before), `read_back` (new items and total, the rest prepared), and `whole` (the same
    read-backs, spoken to their end before the first sound). The loudspeaker's own delay is not in them."""
    speech = Speech()
    new = [_first_ms(speech, text) for text in FIXED]
    for text in FIXED:
        speech.speak(text, "en")
    known = [_first_ms(speech, text) for text in FIXED * 5]
    speech.speak(_AFTER_READ_BACK, "en")
    read_backs = [
        _READ_BACK.format(count=count, roast=roast, total="thirty-eight")
        for count in _COUNTS
        for roast in _ROASTS
    ]
    read_back = [_first_ms(speech, text) for text in read_backs]
    apart = [text.replace("zloty", "euro").replace(". ", ", ") for text in read_backs]
    whole = [_first_ms(speech, text) for text in apart]
    times = {"known": known, "new": new, "read_back": read_back, "whole": whole}
    return {f"{name}_ms": _percentiles(measured) for name, measured in times.items()}


def _first_ms(speech: Speech, text: str) -> float:
    begin = time.perf_counter()
    next(speech.sentences(text, "en"))
    return 1_000 * (time.perf_counter() - begin)


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(times, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "texts": len(times)}
