"""What decodes in the open without a language model: short words, and all that denies."""

from __future__ import annotations

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentences import compile_sentences
from agent.hearing.open_words import FEWEST, denial_words, open_words
from tests.hearing.conftest import ROOT, corner_shop


def test_korean_speech_is_spelled_out_in_open_syllables() -> None:
    found = open_words(["커피", "주세요"], lambda word: True)
    assert len(found) == 19 * 21
    assert {"가", "커", "피", "주", "세", "요"} <= set(found)
    assert "병" not in found


def test_others_in_one_and_two_letters_of_their_script() -> None:
    letters = "aąbcćdeęijkłmnoóprsśtuwyzżź"
    found = open_words([letters], lambda word: True)
    assert {"o", "ż", "na", "że"} <= set(found)
    assert max(map(len, found)) == 2
    assert found == open_words(list(letters), lambda word: True)


def test_only_what_the_model_knows_and_nothing_where_that_is_little() -> None:
    many = {"커", "피"} | {chr(0xAC00 + 28 * at) for at in range(FEWEST)}
    assert set(open_words(["커피"], many.__contains__)) == many
    assert open_words(["커피"], {"커", "피"}.__contains__) == []


def test_words_that_deny_and_mean_nothing_else() -> None:
    english = denial_words(corner_shop())
    assert {"no", "cancel", "stop", "dont", "never"} <= english
    assert not english & {"yes", "order", "please", "coffee", "two"}
    data = (ROOT / "order_backend" / "catalogues" / "corner_shop_ko.json").read_bytes()
    korean = denial_words(compile_sentences(parse_catalogue(data), "ko"))
    assert {"아니요", "취소", "그만"} <= korean
    assert "주세요" not in korean
