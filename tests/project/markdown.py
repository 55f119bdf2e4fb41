"""What the documents claim, taken out of their Markdown: commands, links, paths, headings, blocks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("earmark", "earmark-backend")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_ENDS_A_COMMAND = {"|", "||", "&", "&&", ";", ">", ">>", "<"}


class Block(NamedTuple):
    """A fenced block; `kind` is what stands after the fence."""

    kind: str
    text: str


class Link(NamedTuple):
    text: str
    target: str


def documents() -> list[Path]:
    """Every Markdown page of the project."""
    top = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").glob("*.md")]
    return sorted(top)


def blocks(text: str) -> list[Block]:
    """The fenced blocks, in order."""
    return [Block(*match.groups()) for match in _FENCE.finditer(text)]


def prose(text: str) -> str:
    """`text` without its fenced blocks."""
    return _FENCE.sub("", text)


def inline_code(text: str) -> list[str]:
    """What stands in single backticks outside of fenced blocks."""
    return _INLINE.findall(prose(text))


def links(text: str) -> list[Link]:
    """Links to files of the project and places in them."""
    found = [Link(*match.groups()) for match in _LINK.finditer(prose(text))]
    return [link for link in found if not re.match(r"[a-z]+:", link.target)]


def headings(text: str) -> list[str]:
    """The headings' text, in order."""
    return re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)


def anchor(heading: str) -> str:
    """The name under which a heading can be linked to."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def shell_commands(script: str) -> Iterator[list[str]]:
    """The words of each command of a shell script, without comments and redirections."""
    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>\n")
    lexer.whitespace, lexer.whitespace_split = " \t", True
    command: list[str] = []
    skipping = False
    for word in lexer:
        if set(word) <= {"\n"}:
            word, skipping = ";", False
        if word in _ENDS_A_COMMAND:
            if command:
                yield command
            command, skipping = [], ">" in word or "<" in word
        elif not skipping:
            command.append(word)
    if command:
        yield command


def commands_to_run(text: str) -> Iterator[list[str]]:
    """Every command line of `PROGRAMS` in the fenced shell blocks of a page."""
    for block in blocks(text):
        if block.kind == "sh":
            yield from (words for words in shell_commands(block.text) if words[0] in PROGRAMS)


def commands_in_prose(text: str) -> Iterator[list[str]]:
    """Every command line of `PROGRAMS` in backticks."""
    for code in inline_code(text):
        if code.split()[0] in PROGRAMS:
            yield from alternatives(shlex.split(code))


def alternatives(words: list[str]) -> Iterator[list[str]]:
    """`earmark models fetch|list` as two commands."""
    for place, word in enumerate(words):
        if re.fullmatch(r"\w+(\|\w+)+", word):
            for one in word.split("|"):
                yield from alternatives([*words[:place], one, *words[place + 1 :]])
            return
    yield words
