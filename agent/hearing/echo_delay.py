"""How long after it was written a sound comes back through the microphone: generalised cross-correlation
with phase transform (Knapp and Carter, "The generalized correlation method for estimation of time delay",
IEEE Trans. ASSP 24, 1976)."""

from __future__ import annotations

import numpy as np

from agent.hearing.audio import SAMPLE_RATE, Float32

LONGEST_DELAY = SAMPLE_RATE
"""Sound servers and Bluetooth loudspeakers stay within a second."""

_FEWEST_SAMPLES = SAMPLE_RATE // 2
_PROMINENCE = 9.0  # of the peak, in standard deviations of the rest: chance stays below 6
_RANGE_HZ = (200, 4_000)


def echo_delay(heard: Float32, played: Float32) -> int | None:
    """Samples between `played` and its echo in `heard`, float32 [n] each that began together; None where
    nothing of it can be found (a headset, silence, too little sound)."""
    count = min(len(heard), len(played) + LONGEST_DELAY)
    if count < _FEWEST_SAMPLES or not played.any() or not heard.any():
        return None
    size = 1 << (count + LONGEST_DELAY).bit_length()
    cross = np.fft.rfft(heard[:count], size) * np.conj(np.fft.rfft(played[:count], size))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    cross[(hertz < _RANGE_HZ[0]) | (hertz > _RANGE_HZ[1])] = 0
    magnitude = np.abs(cross)
    correlation = np.fft.irfft(cross / np.sqrt(magnitude + 1e-3 * magnitude.max() + 1e-12), size)
    correlation = np.abs(correlation[:LONGEST_DELAY])
    best = int(correlation.argmax())
    spread = float(correlation.std()) or 1.0
    return best if (float(correlation[best]) - float(correlation.mean())) / spread >= _PROMINENCE else None
