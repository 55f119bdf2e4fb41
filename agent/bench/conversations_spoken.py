"""Some of the written conversations, said by synthetic voices and heard by the device's own ears: whether
they come as they are written, and whether anything is ordered that is not."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.bench.conversation_ear import GOES_ON
from agent.bench.conversation_file import Conversation, Step
from agent.bench.conversation_sound import Hearing
from agent.bench.conversations import CATALOGUE, Held, holder
from agent.bench.journey import CUSTOMERS, STRANGERS
from agent.deciding.about_me_words import ABOUT_ME
from agent.deciding.lexicon import LEXICONS
from agent.plumbing.sentence_graph import normalise_text

LANGUAGE = "en"
"""In which there are voices, and ears for them."""

_NOT_SPOKEN = ("other_model", "enrol")
"""What no voice plays: one that was learned otherwise, and one that is being learned."""


def can_be_spoken(conversation: Conversation) -> bool:
    """Whether all that people say in it is said plainly: in English, at least twice, by no more people than
    there are voices, and nothing of it has to be misheard or to sound as it is written."""
    said = [step for step in conversation.steps if step.happening is None]
    happened = [step.happening.what for step in conversation.steps if step.happening is not None]
    given = [what for what, _ in conversation.givens]
    known = next((words["names"] for what, words in conversation.givens if what == "people"), "Anna")
    names = set() if "nobody" in given else set(known.split(", "))
    strangers = {step.actor for step in said} - names
    return (
        conversation.language == LANGUAGE
        and len(said) > 1
        and all(_plain(step) for step in said)
        and not set(_NOT_SPOKEN) & {*given, *happened}
        and not any(_asks_to_be_learned(step) for step in said)
        and len(names) <= len(CUSTOMERS)
        and len(strangers) <= len(STRANGERS)
    )


def _plain(step: Step) -> bool:
    wakes = LEXICONS[LANGUAGE].wake_phrases
    scripted = step.marks or step.nearly or step.heard is not None or GOES_ON in step.text
    return not scripted and normalise_text(step.text) not in wakes


def _asks_to_be_learned(step: Step) -> bool:
    return normalise_text(step.text).endswith(ABOUT_ME[LANGUAGE]["enrol"])


def chosen(conversations: Sequence[Conversation], many: int) -> list[Conversation]:
    """`many` that can be spoken, from all over the files; the same ones at every call."""
    able = [conversation for conversation in conversations if can_be_spoken(conversation)]
    many = min(many, len(able))
    return [able[at * len(able) // many] for at in range(many)]


def hold_spoken(conversations: Sequence[Conversation], models_dir: Path) -> list[Held]:
    """All of them, one after another, with the same ears. Raises AudioError bench_no_voices,
    bench_enrolment; ModelError."""
    with tempfile.TemporaryDirectory() as folder:
        hearing = Hearing(Path(folder), models_dir, CATALOGUE)
        with holder(hearing.open) as hold_one:
            return [hold_one(conversation) for conversation in conversations]


def spoken_counts(held: Sequence[Held]) -> dict[str, Any]:
    """{"spoken": n, "as_written": n, "adversarial": n, "orders_written": n, "orders_placed": n,
    "orders_not_written": n, "otherwise": {name: how it differs first}}

    as_written: in every state and whole answer, and in what stands in the journal. orders: that were signed,
    by what they are, their price and for whom; orders_placed counts those that are written.
    """
    written = [_orders(each.conversation.then) for each in held]
    placed = [_orders(each.played.then) for each in held]
    pairs = list(zip(written, placed, strict=True))
    return {
        "spoken": len(held),
        "as_written": sum(not each.played.faults for each in held),
        "adversarial": sum(each.conversation.adversarial for each in held),
        "orders_written": sum(orders.total() for orders in written),
        "orders_placed": sum((orders & came).total() for orders, came in pairs),
        "orders_not_written": sum((came - orders).total() for orders, came in pairs),
        "otherwise": {
            each.conversation.name: f"{each.conversation.file.name}:{each.played.faults[0]}"
            for each in held
            if each.played.faults
        },
    }


def _orders(then: Sequence[str]) -> Counter[str]:
    """Without how far they have come."""
    return Counter(
        line.partition(" ")[2] for line in then if line != "no order" and not line.startswith("decided ")
    )
