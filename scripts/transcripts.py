"""Writes docs/transcripts.md: some of the written conversations, chosen to be read.

python -m scripts.transcripts           write
python -m scripts.transcripts --check   fail where the page is not up to date

The words are those of docs/conversations, which `earmark bench conversations` holds against the device.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from agent.bench.conversation_file import Conversation, Step, read_files
from agent.bench.conversations import FOLDER, conversation_files
from scripts.made_page import keep

PAGE = Path(__file__).resolve().parents[1] / "docs" / "transcripts.md"

CHOSEN = (
    (
        "Two things otherwise, and one thing more",
        "What was read back may be wanted otherwise; it is read back anew, and only then agreed to.",
    ),
    (
        "A bare yes, words beside the point, and a bare yes",
        "A yes is too short to know a voice by. It is asked for as a sentence once, and not for ever.",
    ),
    (
        "In the middle of a read-back, the answer comes and then the question again",
        "What is asked stays asked, whatever somebody wants to know in between.",
    ),
    ("No, go ahead", "Any word of refusal wins, whatever stands beside it."),
    (
        "A recorded consent is none",
        "Where the house asks for words said after the device, what was recorded before cannot hold them.",
    ),
    (
        "The code that a phone shows without a network",
        "Above what a voice may buy, exactly this basket is approved by something that has no microphone.",
    ),
    (
        "Badge on, an order, the badge for it, badge off",
        "In a hall no voice is learned; above what a voice may buy the badge is held up for the basket.",
    ),
    (
        "The list is ordered by voice",
        "A list is no order; ordered, it is read back and agreed to like anything else.",
    ),
    (
        "She has herself forgotten, after one question",
        "One question, the same voice, and nothing of her is left.",
    ),
    (
        "PL: another of the household orders in the middle of her order",
        "Two people and one device, in Polish.",
    ),
)
"""By name, each with what there is to see in it."""

HEAD = """\
# Ten conversations

Out of [docs/conversations](conversations): who says what, and what the device answers. In italics what
happens beside speech, or what the device heard in place of what was said. This page is made from those files
by `python -m scripts.transcripts`; `earmark bench conversations` holds the device to every word of them.
"""


def page() -> str:
    """The page as it should be. Raises KeyError for a conversation that is not written any more."""
    written = {each.name: each for each in read_files(conversation_files(FOLDER))}
    return "\n".join([HEAD, *("\n".join(_section(written[name], why)) for name, why in CHOSEN)])


def _section(conversation: Conversation, why: str) -> Iterator[str]:
    yield f"## {conversation.name}\n"
    yield f"{why}\n"
    for given in _givens(conversation):
        yield f"*{given}*\n"
    for step in conversation.steps:
        yield from _step(step)
    came = "; ".join(conversation.then[1:])
    yield f"In the journal: {came} ([{conversation.file.name}](conversations/{conversation.file.name})).\n"


def _givens(conversation: Conversation) -> Iterator[str]:
    """As they are written."""
    first = min(step.line for step in conversation.steps)
    lines = conversation.file.read_text(encoding="utf-8").splitlines()[conversation.line : first - 1]
    return (line for line in lines if line.startswith("given: "))


def _step(step: Step) -> Iterator[str]:
    if step.happening is None:
        yield f"**{step.actor}:** {step.text}\n"
    elif step.happening.what == "type":
        yield f"**Typed:** {step.text}\n"
    else:
        yield f"*{step.actor}: {step.text}*\n" if step.text else f"*{step.actor}*\n"
    if step.heard is not None:
        yield f"*heard: {step.heard or 'no sentence'}*\n"
    for answer in step.answers:
        yield f"> {answer.partition(': ')[2]}\n"


if __name__ == "__main__":
    sys.exit(keep(PAGE, page(), "python -m scripts.transcripts"))
