"""Error rates of a detector that accepts a trial whose score reaches a threshold: the equal error rate, and
the false rejects at a given rate of false accepts.

As NIST's speaker recognition evaluations define them; intervals by a bootstrap over speakers and recordings,
since trials of one speaker, or windows of one recording, are no independent draws (Bengio and Mariéthoz, "A
statistical significance test for person authentication", 2004).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

FALSE_ACCEPT_RATE = 0.001
_RESAMPLES = 1_000
_SEED = 11
_INTERVAL = (2.5, 97.5)  # percentiles


class Scored(NamedTuple):
    """One trial: whose template, whose voice, out of which recording, and the score."""

    template: str
    speaker: str
    recording: str
    score: float

    @property
    def genuine(self) -> bool:
        """Whether the template is the speaker's own."""
        return self.template == self.speaker


class ErrorRates(NamedTuple):
    """Fractions; `threshold` is the lowest with at most FALSE_ACCEPT_RATE of false accepts."""

    eer: float
    frr: float
    threshold: float


def error_rates(
    scores: Float64, genuine: npt.NDArray[np.bool_], weights: Float64 | None = None
) -> ErrorRates:
    """Of float64 [n] scores, of which `genuine` should be accepted; `weights` count a trial more than once.

    Equal scores are accepted or rejected together. The equal error rate lies on the line between the two
    thresholds around it. Raises ValueError without weight on both kinds.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    thresholds, place = np.unique(scores, return_inverse=True)
    of_genuine = np.bincount(place, weights * genuine, len(thresholds))
    of_impostor = np.bincount(place, weights * ~genuine, len(thresholds))
    if not of_genuine.sum() > 0 or not of_impostor.sum() > 0:
        raise ValueError("error rates need genuine and impostor trials")
    # One more threshold than scores: above all of them, everybody is rejected.
    frr = np.append(0.0, np.cumsum(of_genuine)) / of_genuine.sum()
    far = 1.0 - np.append(0.0, np.cumsum(of_impostor)) / of_impostor.sum()
    gap = frr - far
    after = int(np.argmax(gap >= 0.0))
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    eer = float(frr[before] + share * (frr[after] - frr[before]))
    strict = int(np.argmax(far <= FALSE_ACCEPT_RATE + 1e-12))
    threshold = float(thresholds[strict]) if strict < len(thresholds) else float("inf")
    return ErrorRates(eer, float(frr[strict]), threshold)


def intervals(trials: list[Scored]) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of the equal error rate and of the false rejects at FALSE_ACCEPT_RATE.

    Each of 1,000 seeded resamples draws speakers with replacement (the enrolled and the strangers apart), and
    for each speaker recordings with replacement; a trial counts as often as its template, its speaker and its
    recording were drawn. Windows of a recording stay together. Resamples that hold only one kind are left
    out."""
    rng = np.random.default_rng(_SEED)
    enrolled = sorted({trial.template for trial in trials})
    strangers = sorted({trial.speaker for trial in trials} - set(enrolled))
    recordings: dict[str, list[str]] = {}
    for trial in trials:
        mine = recordings.setdefault(trial.speaker, [])
        if trial.recording not in mine:
            mine.append(trial.recording)
    scores = np.array([trial.score for trial in trials])
    genuine = np.array([trial.genuine for trial in trials])
    eers, frrs = [], []
    for _ in range(_RESAMPLES):
        drawn = _drawn(enrolled, rng) | _drawn(strangers, rng)
        copies = {
            (speaker, name): count
            for speaker, names in recordings.items()
            for name, count in _drawn(names, rng).items()
        }
        weights = np.array([_weight(trial, drawn, copies) for trial in trials])
        if (weights * genuine).any() and (weights * ~genuine).any():
            rates = error_rates(scores, genuine, weights)
            eers.append(rates.eer)
            frrs.append(rates.frr)
    return _interval(eers), _interval(frrs)


def _weight(trial: Scored, drawn: dict[str, int], copies: dict[tuple[str, str], int]) -> float:
    own = 1 if trial.genuine else drawn[trial.speaker]
    return float(drawn[trial.template] * own * copies[trial.speaker, trial.recording])


def _drawn(names: list[str], rng: np.random.Generator) -> dict[str, int]:
    if not names:
        return {}
    counts = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
    return dict(zip(names, counts.tolist(), strict=True))


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, _INTERVAL)
    return float(low), float(high)
