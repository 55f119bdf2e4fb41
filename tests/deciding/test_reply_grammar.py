"""What stands in the place of goods may be one thing or five: no sentence has them as its subject, and Polish
ones have them in the case of what is counted."""

from __future__ import annotations

import re

import pytest

from agent.deciding.ask_replies import ASK_REPLIES
from agent.deciding.replies_lists import LIST_REPLIES
from agent.deciding.replies_questions import ALOUD
from agent.deciding.replies_typed import TYPED, as_shown
from agent.deciding.reply_words import REPLIES

ALL = {
    language: {
        f"{name}:{key}": reply
        for name, table in (
            ("said", REPLIES),
            ("asked", ASK_REPLIES),
            ("aloud", ALOUD),
            ("list", LIST_REPLIES),
        )
        for key, reply in table[language].items()
    }
    for language in ("en", "pl")
}
SUBJECT = {
    "en": re.compile(r"\{items\} (is|are|was|were|has|have|fits?|goes|go) ", re.IGNORECASE),
    "pl": re.compile(
        r"\{items\} (już |teraz )?(jest|są|był|była|było|czeka|czekają|pasuje|pasują|kosztuje) ",
        re.IGNORECASE,
    ),
}
COUNTED = re.compile(r"\{count\} \w+")
"""One, two and five of a thing have three forms in Polish."""


@pytest.mark.parametrize("language", ALL)
def test_goods_are_no_subject_of_a_sentence(language: str) -> None:
    assert [key for key, reply in ALL[language].items() if SUBJECT[language].search(reply)] == []


def test_nothing_is_counted_in_one_form_only() -> None:
    assert [key for key, reply in ALL["pl"].items() if COUNTED.search(reply)] == []


@pytest.mark.parametrize("language", TYPED)
def test_whoever_types_is_not_told_to_say_an_order(language: str) -> None:
    spoken = [key for key, reply in REPLIES[language].items() if as_shown(key) != key and reply]
    assert len(spoken) == len({as_shown(key) for key in spoken})
    for key in TYPED[language]:
        assert "{wake}, order" not in TYPED[language][key]
        assert "earmark chat" not in TYPED[language][key]


@pytest.mark.parametrize("language", ALL)
def test_no_date_of_the_list_is_said_in_figures(language: str) -> None:
    for key in ("list_will_remind", "list_reminds"):
        assert "{date}" in LIST_REPLIES[language][key]
        assert not re.search(r"\{(date|time)\}", LIST_REPLIES[language][f"{key}_aloud"])
