"""What operators ask about the feedback that is kept."""

from __future__ import annotations

from agent.deciding.feedback_given import Feedback
from agent.plumbing.operator_feedback import FeedbackRow, FeedbackShown, TurnRow
from agent.till.feedback import FeedbackKept

MOST_LETTERS = 12_000
"""In one frame, which holds 64 KiB; a letter has at most four bytes."""


def shown(kept: FeedbackKept, limit: int) -> FeedbackShown:
    """The newest `limit`, fewer where their words are too long for one frame."""
    rows: list[FeedbackRow] = []
    letters = 0
    for feedback in reversed(kept.all()[-limit:]):
        letters += sum(len(turn.state) + len(turn.said) + len(turn.about) for turn in feedback.turns)
        if rows and letters > MOST_LETTERS:
            break
        rows.append(_row(feedback))
    return FeedbackShown(tuple(reversed(rows)), len(kept.all()))


def _row(feedback: Feedback) -> FeedbackRow:
    turns = tuple(TurnRow(turn.state, turn.said, turn.about) for turn in feedback.turns)
    return FeedbackRow(feedback.at_s, feedback.language, feedback.release, turns)
