"""`earmark feedback list|clear`: what the device kept where somebody said that it went wrong."""

from __future__ import annotations

import argparse
import datetime
import json

import msgspec

from agent.commands.operators import connect
from agent.plumbing.operator_feedback import (
    MOST_SHOWN,
    ClearFeedback,
    FeedbackCleared,
    FeedbackShown,
    ShowFeedback,
)
from agent.plumbing.terminal import plain


def show(arguments: argparse.Namespace) -> int:
    """Prints what was understood and said before each, oldest first."""
    limit = min(arguments.limit, MOST_SHOWN)
    shown: FeedbackShown = connect(arguments).ask(ShowFeedback(limit), FeedbackShown)
    if arguments.json:
        print(json.dumps(msgspec.to_builtins(shown.feedback), ensure_ascii=False))
        return 0
    for feedback in shown.feedback:
        at = datetime.datetime.fromtimestamp(feedback.at_s).strftime("%Y-%m-%d %H:%M")
        print(plain(f"{at}  {feedback.language}  release {feedback.release}"))
        for turn in feedback.turns:
            print(plain(f"    {turn.state:<16} {turn.said:<24} {turn.about}".rstrip()))
        if not feedback.turns:
            print("    nothing had been said for a while")
    if shown.kept > len(shown.feedback):
        print(f"{shown.kept} are kept, these are the newest")
    if not shown.kept:
        print('Nobody has said that anything went wrong. To do so, after the wake word: "that was wrong".')
    return 0


def clear(arguments: argparse.Namespace) -> int:
    """Forgets all of it. Raises EarmarkError feedback_unwritable."""
    cleared: FeedbackCleared = connect(arguments).ask(ClearFeedback(), FeedbackCleared)
    print(f"Forgotten: {cleared.count}.")
    return 0
