"""Short sounds that say what a sentence says, for whoever is near and does not wait for it: made, not stored.

Apart by direction and rhythm, not by pitch alone: up for "ordered", down for "refused", level and twice for
"queued", one tick for "heard" (Blattner et al., "Earcons and icons", Human-Computer Interaction 4, 1989).
"""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32, Int16, to_int16

_PEAK = 0.16
_FADE_S = 0.012
_REST: tuple[float, float] = (0.0, 0.12)

# Hertz and seconds of each note.
_NOTES: dict[str, tuple[tuple[float, float], ...]] = {
    "heard": ((1_175.0, 0.08),),
    "ordered": ((784.0, 0.09), (988.0, 0.09), (1_319.0, 0.16)),
    "queued": ((880.0, 0.08), _REST, (880.0, 0.08)),
    "refused": ((523.0, 0.12), (392.0, 0.20)),
}
EARCONS = tuple(_NOTES)


def earcon(name: str) -> Int16:
    """One of EARCONS, int16 [n] at 16 kHz, at most 0.4 s."""
    return to_int16(np.concatenate([_note(*note) for note in _NOTES[name]]))


def _note(hertz: float, seconds: float) -> Float32:
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    fade = np.clip(np.minimum(times, times[-1] - times) / _FADE_S, 0.0, 1.0)
    # A little of the octave makes it a chime; the decay keeps it from sounding like a fault.
    tone = np.sin(2 * np.pi * hertz * times) + 0.3 * np.sin(4 * np.pi * hertz * times)
    note: Float32 = (_PEAK * fade * np.exp(-4 * times) * tone).astype(np.float32)
    return note
