"""Where in a sentence the speech stops, judged by what the search along the grammar found."""

from __future__ import annotations

import math

from agent.hearing.beam import BoundDecode, Hypothesis
from agent.hearing.ending import Ending
from agent.hearing.grammar_automaton import GrammarAutomaton
from agent.hearing.recognition import SURE_AHEAD_NATS

SURE_GAP = -0.5  # nats a token behind free speech; of clean orders nineteen in twenty lie above

_HANGS_BY_NATS = 1.0
_HANGING_GAP = -1.0  # the end of a sentence that breaks off is often misheard
_LONGEST_BY_HANGING = 2.0
"""Speech stops inside a sentence where its beginning alone is so much likelier than any whole sentence, not
far behind free speech, and free speech has not many more tokens: else most of the sound is something else."""


def judged_ending(found: BoundDecode, free: Hypothesis, automaton: GrammarAutomaton) -> Ending:
    """Of the sentence in `found`; `free` is the open decode of the same sound."""
    if _hangs(found, free, automaton):
        return Ending.HANGING
    if not found.finished or nats_behind(found.finished[0], free) < SURE_GAP:
        return Ending.UNKNOWN
    # Another sentence that is nearly as likely may be the one that goes on.
    near = (h for h in found.finished if found.finished[0].score - h.score < SURE_AHEAD_NATS)
    return Ending.OPEN if any(automaton.may_mean_more(h.state) for h in near) else Ending.COMPLETE


def _hangs(found: BoundDecode, free: Hypothesis, automaton: GrammarAutomaton) -> bool:
    """Whether the speech stops inside a sentence."""
    beginning = found.cut_off
    if beginning is None or automaton.complete(beginning.state):
        return False
    ahead = beginning.score - found.finished[0].score if found.finished else math.inf
    as_long = len(free.tokens) <= _LONGEST_BY_HANGING * len(beginning.tokens)
    return as_long and ahead >= _HANGS_BY_NATS and nats_behind(beginning, free) >= _HANGING_GAP


def nats_behind(bound: Hypothesis, free: Hypothesis) -> float:
    """Nats a token that `bound` lies behind `free`; never above 0."""
    return min(0.0, (bound.score - free.score) / max(1, len(bound.tokens)))
