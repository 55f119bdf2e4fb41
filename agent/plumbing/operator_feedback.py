"""What the operator socket speaks about feedback: `earmark feedback`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from agent.plumbing.messages import Message

MOST_SHOWN = 100


class ShowFeedback(Message, frozen=True):
    """The newest `limit` of what was kept where somebody said that it went wrong. The answer is
    `FeedbackShown`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_SHOWN)] = 20


class ClearFeedback(Message, frozen=True):
    """Forget all of it. The answer is `FeedbackCleared`."""


class TurnRow(msgspec.Struct, frozen=True):
    """In `state` the device said the reply of that key, about the basket `about`."""

    state: str
    said: str
    about: str


class FeedbackRow(msgspec.Struct, frozen=True):
    """At that Unix time, in a conversation in that language, with that release."""

    at_s: int
    language: str
    release: str
    turns: tuple[TurnRow, ...]


class FeedbackShown(Message, frozen=True):
    """Oldest first; of `kept` in all."""

    feedback: tuple[FeedbackRow, ...]
    kept: int


class FeedbackCleared(Message, frozen=True):
    count: int
