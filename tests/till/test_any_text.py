"""Any text of any length gets an answer, typed or heard, whatever is being asked just then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.deciding.lexicon import LEXICONS
from agent.plumbing import messages
from agent.plumbing.settings import Touch
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import ANNA, BERT, Till, make_till, utterance

LONGEST = 500
"""A longer line is refused at the operator's socket; tests/till/test_hostile_typing.py."""

_SAID = """
order and two three hundred a no yes not of the bags boxes coffee tea green dark roast make it without
usual same last week what does cost is in stock where my list cancel help later confirm place
poproszę i dwie trzy sto nie tak paczki pudełko kawy herbaty zielonej ciemno palonej zmień na bez
to co zwykle ile kosztuje gdzie jest moja lista dopisz do listy anuluj pomoc później
"""
_WORDS = (
    *_SAID.split(),
    *("okay nabu", "yes, place my order", "and a box of green tea", "instead"),
    *("{items}", "%s", "\x00", "\u202e", "🙂"),
    *("1/0", "1e9999999", "0.5", "1,000", "2x", "kg", "g", "l", "pół", "litre", "pieces", "sztuk"),
    *("do we need", "how much did we spend on", "ile wydałam na", "czy mamy jeszcze"),
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
    bench.settings = msgspec.structs.replace(bench.settings, touch=Touch(keypad_device="/dev/input/event0"))
    bench.restart_device()
    made = make_till(bench, folder, online=False)  # what is placed is told at once
    made.desk.factors.set(made.desk.people.all()[0].pseudonym, "pin", "4711")
    yield made
    bench.desk.close()
    bench.journal.close()


@settings(max_examples=20)
@example(["order " + "two " * 120, "and " * 120, "no " * 160])
@example(["order two bags of coffee" + " and a box of green tea" * 20, "not " * 120])
@example([" " * LONGEST, "", "\n"])
@example(["dopisz " + "kawy " * 90 + "do listy", "zmień na " * 50, "co zamówiłam dzisiaj"])
@example(["order 1/0 kg of coffee", "poproszę 1e9999999 kg kawy", "1" * LONGEST + " kg of coffee"])
@given(st.lists(_TEXTS, min_size=1, max_size=5))
@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("named", [False, True])
def test_whatever_is_typed_is_answered(till: Till, language: str, named: bool, texts: list[str]) -> None:
    shown: list[str] = []
    person = till.desk.people.all()[0].pseudonym if named else ""
    typed = TypedDialogue(till.desk, language, shown.append, till.what_is_low, person=person)
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


def _two_that_sound_alike(till: Till) -> None:
    near = (messages.RunnerUp("okay nabu order three bags of coffee", 0.2),)
    till.wake_and_say("okay nabu order two bags of coffee", runners_up=near)


def _asking_for_a_person(till: Till) -> None:
    till.wake_and_say("okay nabu talk to a person")


def _learning(till: Till) -> None:
    till.wake_and_say("okay nabu learn my voice")


def _forgetting(till: Till) -> None:
    till.wake_and_say("okay nabu forget my voice")


_ASKING = (_ordering, _above_the_limit, _two_that_sound_alike, _asking_for_a_person, _learning, _forgetting)
_ASKED: st.SearchStrategy[Callable[[Till], None]] = st.sampled_from([_nothing, *_ASKING])


@pytest.mark.parametrize("asked", _ASKING)
def test_each_of_these_asks_something(till: Till, asked: Callable[[Till], None]) -> None:
    _nothing(till)
    till.sent.clear()
    asked(till)
    [say] = [message for message in till.sent if isinstance(message, messages.Say)]
    assert say.then is not None and say.then.listen_id


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
    if asked is _learning:
        woken = False  # nothing is listened for meanwhile but the sentences
    number = answers[0] if answers and not woken else 0
    till.sent.clear()
    till.spoken.heard(utterance(number, words, voice, open_words=open_words))
    said = [message for message in till.sent if isinstance(message, messages.Say)]
    assert said and all(say.text.strip() for say in said)
