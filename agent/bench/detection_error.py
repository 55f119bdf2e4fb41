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
LOOSER_FALSE_ACCEPT_RATE = 0.01
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
    """Fractions; `threshold` is the lowest with at most FALSE_ACCEPT_RATE of false accepts, `looser` the same
    with LOOSER_FALSE_ACCEPT_RATE, and at `equal` false accepts no longer outnumber false rejects. Each is
    infinite where only a threshold above all scores will do."""

    eer: float
    frr: float
    threshold: float
    looser: float
    equal: float


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
    strict, looser = (
        int(np.argmax(far <= rate + 1e-12)) for rate in (FALSE_ACCEPT_RATE, LOOSER_FALSE_ACCEPT_RATE)
    )
    at = np.append(thresholds, np.inf)
    return ErrorRates(eer, float(frr[strict]), float(at[strict]), float(at[looser]), float(at[after]))


def intervals(trials: list[Scored]) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of the equal error rate and of the false rejects at FALSE_ACCEPT_RATE.

    Each of 1,000 seeded resamples draws speakers with replacement (the enrolled and the strangers apart), and
    for each speaker recordings with replacement; a trial counts as often as its template, its speaker and its
    recording were drawn. Windows of a recording stay together. Resamples that hold only one kind are left
    out."""
    rng = np.random.default_rng(_SEED)
    speakers = sorted({trial.template for trial in trials})
    enrolled = len(speakers)
    speakers += sorted({trial.speaker for trial in trials} - set(speakers))
    recordings = sorted({(trial.speaker, trial.recording) for trial in trials})
    template = np.array([speakers.index(trial.template) for trial in trials])
    speaker = np.array([speakers.index(trial.speaker) for trial in trials])
    place = {recording: number for number, recording in enumerate(recordings)}
    recording = np.array([place[trial.speaker, trial.recording] for trial in trials])
    of_one = [np.flatnonzero([name == owner for owner, _ in recordings]) for name in speakers]
    scores = np.array([trial.score for trial in trials])
    genuine = template == speaker
    eers, frrs = [], []
    for _ in range(_RESAMPLES):
        drawn = np.concatenate([_drawn(enrolled, rng), _drawn(len(speakers) - enrolled, rng)])
        copies = np.zeros(len(recordings))
        for mine in of_one:
            copies[mine] = _drawn(len(mine), rng)
        weights = drawn[template] * np.where(genuine, 1.0, drawn[speaker]) * copies[recording]
        if (weights * genuine).any() and (weights * ~genuine).any():
            rates = error_rates(scores, genuine, weights)
            eers.append(rates.eer)
            frrs.append(rates.frr)
    return _interval(eers), _interval(frrs)


def _drawn(count: int, rng: np.random.Generator) -> Float64:
    """How often each of `count` was drawn, in as many draws with replacement."""
    return np.bincount(rng.integers(0, max(1, count), count), minlength=count).astype(np.float64)


def _interval(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, _INTERVAL)
    return float(low), float(high)
