"""Any text of any length gets an answer, typed or heard, whatever is being asked just then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.deciding.lexicon import LEXICONS
from agent.plumbing import messages
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import ANNA, BERT, Till, make_till, utterance

LONGEST = 500
"""A longer line is refused at the operator's socket; tests/till/test_hostile_typing.py."""

_SAID = """
order and two three hundred a no yes not of the bags boxes coffee tea green dark roast make it without
usual same last week what does cost is in stock where my list cancel help later confirm place
"""
_WORDS = (
    *_SAID.split(),
    *("okay nabu", "yes, place my order", "and a box of green tea", "instead"),
    *("{items}", "%s", "\x00", "\u202e", "🙂"),
)
_TEXTS = st.one_of(
    st.text(max_size=LONGEST),
    st.lists(st.sampled_from(_WORDS), max_size=60).map(" ".join),
    st.builds(lambda word, many: (f"{word} " * many)[:LONGEST], st.sampled_from(_WORDS), st.integers(1, 250)),
    st.sampled_from(
        [phrase for lexicon in LEXICONS.values() for phrase in (*lexicon.denials, *lexicon.repeat_phrases)]
    ),
)


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    folder: Path = tmp_path_factory.mktemp("till")
    bench = make_bench(folder)
    yield make_till(bench, folder, online=False)  # what is placed is told at once
    bench.desk.close()
    bench.journal.close()


@settings(max_examples=40)
@example(["order " + "two " * 120, "and " * 120, "no " * 160])
@example(["order two bags of coffee" + " and a box of green tea" * 20, "not " * 120])
@example([" " * LONGEST, "", "\n"])
@given(st.lists(_TEXTS, min_size=1, max_size=5))
def test_whatever_is_typed_is_answered(till: Till, texts: list[str]) -> None:
    shown: list[str] = []
    typed = TypedDialogue(till.desk, "en", shown.append, till.what_is_low)
    for text in texts:
        before = len(shown)
        typed.typed(text[:LONGEST])
        assert len(shown) == before + 1, text
        assert shown[-1].strip()
        assert "{" not in shown[-1]


def _ordering(till: Till) -> None:
    till.wake_and_say("okay nabu order two bags of coffee")


def _above_the_limit(till: Till) -> None:
    till.wake_and_say("okay nabu order six bags of coffee")


def _nothing(till: Till) -> None:
    till.spoken.voice_lost()
    till.spoken.voice_came()


_ASKED: st.SearchStrategy[Callable[[Till], None]] = st.sampled_from([_nothing, _ordering, _above_the_limit])


@settings(max_examples=40)
@given(_ASKED, _TEXTS, _TEXTS, st.sampled_from([ANNA, BERT, None, ()]), st.booleans())
def test_whatever_is_heard_is_answered_aloud(
    till: Till,
    asked: Callable[[Till], None],
    words: str,
    open_words: str,
    voice: tuple[float, ...] | None,
    woken: bool,
) -> None:
    _nothing(till)
    till.sent.clear()  # what an example before has asked
    asked(till)
    till.finish_speaking()
    last = [message for message in till.sent if isinstance(message, messages.Say)][-1:]
    answers = [say.then.listen_id for say in last if say.then is not None]
    number = answers[0] if answers and not woken else 0
    till.sent.clear()
    till.spoken.heard(utterance(number, words, voice, open_words=open_words))
    said = [message for message in till.sent if isinstance(message, messages.Say)]
    assert said and all(say.text.strip() for say in said)
