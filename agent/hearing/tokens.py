"""The recogniser's vocabulary: token texts, and a character trie over their normalised forms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from agent.plumbing.errors import ModelError
from agent.plumbing.sentence_graph import normalise_text

BOS, EOS = 1, 2
_CONTROL_TOKENS = 3
_LONGEST_TOKEN_BYTES = 1_000
_SPELT = re.compile(r"[a-z0-9 ]*\Z")


def normalise_token(text: str) -> str:
    """`normalise_text` for a piece of a sentence: spaces at its ends stay, as they separate words."""
    return normalise_text(f"x{text}x")[1:-1]


class Vocabulary:
    """Token texts by id; None for control tokens and for bytes that are no text by themselves."""

    def __init__(self, texts: list[str | None]) -> None:
        self.texts = texts

    @classmethod
    def from_file(cls, path: Path) -> Vocabulary:
        """Reads Moonshine's `tokenizer.bin`: per token a length (one byte, or two from 128 on) and UTF-8
        bytes.

        Raises ModelError: model_missing, model_damaged.
        """
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise ModelError(
                "model_missing", f"cannot read {path}: {error}", "earmark models fetch"
            ) from error
        texts: list[str | None] = []
        at = 0
        while at < len(raw):
            length, at = raw[at], at + 1
            if length >= 128 and at < len(raw):
                length, at = length - 128 + 128 * raw[at], at + 1
            piece, at = raw[at : at + length], at + length
            if at > len(raw) or length > _LONGEST_TOKEN_BYTES:
                raise ModelError("model_damaged", f"{path} ends inside a token", "earmark models fetch")
            texts.append(_token_text(piece) if len(texts) >= _CONTROL_TOKENS else None)
        if len(texts) <= _CONTROL_TOKENS:
            raise ModelError("model_damaged", f"{path} holds no tokens", "earmark models fetch")
        return cls(texts)

    @cached_property
    def trie(self) -> TokenTrie:
        """Of these tokens; made once, because it takes 80 ms and 35,000 nodes."""
        return TokenTrie(self)

    def text(self, ids: Iterable[int]) -> str:
        """The text that `ids` spell; ids without a text count for nothing."""
        return "".join(self.texts[i] or "" for i in ids if i < len(self.texts)).strip()


def _token_text(piece: bytes) -> str | None:
    try:
        return piece.decode("utf-8").replace("\N{LOWER ONE EIGHTH BLOCK}", " ") or None
    except UnicodeDecodeError:
        return None


class TokenTrie:
    """Character trie of all tokens whose normalised text is spelt with [a-z0-9 ]; node 0 is the root.

    `children[node]` maps a character to a node, `ends[node]` lists the tokens that are spelt out there.
    Tokens of mere punctuation are spelt out at the root: a comma may stand anywhere.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.children: list[dict[str, int]] = [{}]
        self.ends: list[list[int]] = [[]]
        for token, text in enumerate(vocabulary.texts):
            if text is not None and _SPELT.match(spelt := normalise_token(text)):
                self.ends[self._node(spelt)].append(token)

    def _node(self, spelt: str) -> int:
        node = 0
        for character in spelt:
            child = self.children[node].get(character)
            if child is None:
                child = self.children[node][character] = len(self.children)
                self.children.append({})
                self.ends.append([])
            node = child
        return node
