"""What the device has come to, in one word: for the ear a short sound, for the eye a lamp and a line."""

from __future__ import annotations

from typing import Literal

from agent.deciding.reply_words import REPLIES

Signal = Literal["ready", "listening", "heard", "refused", "queued", "ordered", "disputed", "deaf"]

_REFUSALS = (
    "refused_",
    "shop_",
    "gave_up",
    "cannot_",
    "journal_",
    "queue_full",
    "clock_",
    "rule_",
    "not_understood",
    "too_loud",
    "much_talk",
    "nothing_ordered",
    "not_read_back",
    "quantity_too_large",
    "too_many_lines",
    "too_long",
    "order_over_limit",
    "day_over_limit",
    "which_unclear",
    "again_unknown",
    "usual_unknown",
    "again_gone",
    "say_how_to_order",
    "sentence_needed",
    "factor_wrong",
    "factor_late",
    "phone_wrong",
    "phone_refused",
    "second_wrong",
    "not_approved",
    "shift_unknown",
    "shift_locked",
    "shift_failed",
    "challenge_wrong",
    "wrong_",
    "pace_slowest",
    "pace_fastest",
    "language_fixed",
    "nothing_to_repeat",
    "said_once",
)


_DISPUTED = ("shop_over_agreed", "shop_other_lines", "shop_forgotten")


def signal_of(key: str) -> Signal | None:
    """What the reply `key` tells; None where it is one step of a conversation. An error code that no reply
    knows is said as "cannot commit", and is a refusal."""
    if key in ("ordered", "announce_ordered"):
        return "ordered"
    if key == "queued":
        return "queued"
    if key in _DISPUTED:
        return "disputed"
    return "refused" if key.startswith(_REFUSALS) or key not in REPLIES["en"] else None
