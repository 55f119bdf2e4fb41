"""The vocabulary file is read as its makers wrote it; a damaged one is an error that says how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.hearing.moonshine import Moonshine
from agent.hearing.tokens import TokenTrie, Vocabulary, normalise_token
from agent.plumbing.errors import ModelError
from agent.plumbing.sentence_graph import normalise_text


def test_pieces_spell_what_the_sentence_spells(moonshine: Moonshine) -> None:
    """The decoder walks the grammar with normalised tokens: that must not change the sentence they make."""
    texts = [text for text in moonshine.vocabulary.texts if text is not None]
    for first, second in zip(texts[::7], texts[3::7], strict=False):
        pieces = normalise_token(first) + normalise_token(second)
        assert " ".join(pieces.split()) == normalise_text(first + second)


def test_every_letter_can_be_written(moonshine: Moonshine) -> None:
    trie = TokenTrie(moonshine.vocabulary)
    assert set("abcdefghijklmnopqrstuvwxyz0123456789 ") == set(trie.children[0])


def test_lengths_of_one_and_two_bytes(tmp_path: Path) -> None:
    long = "x" * 300
    length = bytes([128 + 300 % 128, 300 // 128])
    (tmp_path / "t").write_bytes(
        b"\x00\x00\x00\x02hi" + length + long.encode() + b"\x01\xff\x04\xe2\x96\x81a"
    )
    assert Vocabulary.from_file(tmp_path / "t").texts == [None, None, None, "hi", long, None, " a"]


@pytest.mark.parametrize("content", [b"", b"\x00\x00\x00\x09abc", b"\xff"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(ModelError) as caught:
        Vocabulary.from_file(tmp_path / "t")
    assert caught.value.code == "model_damaged"


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        Moonshine(tmp_path)
    assert (caught.value.code, caught.value.next_step) == ("model_missing", "earmark models fetch")
