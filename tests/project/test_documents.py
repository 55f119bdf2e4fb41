"""What the documents say is so: commands parse, links lead somewhere, pages made from code are up to date."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import build_parser
from agent.deciding.replies import REPLIES
from order_backend.cli import _parser as build_shop_parser
from scripts import settings_table, state_tables, transcripts
from tests.project import markdown
from tests.project.markdown import ROOT

PAGES = markdown.documents()
PARSERS = {"earmark": build_parser, "earmark-backend": build_shop_parser}
FOLDERS = (
    "agent",
    "docs",
    "firmware_update",
    "models",
    "order_backend",
    "scripts",
    "systemd",
    "tests",
    ".ci",
)
NOT_IN_THE_REPOSITORY = {"models/files"}
page_of = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def complaint(words: list[str]) -> str:
    """What the real parser has against a command line; '' where it takes it. Ends in dots: only begun."""
    program, *arguments = ["1" if word == "PORT" else word for word in words]
    begun = arguments[-1:] in (["..."], ["…"])
    for attempt in (arguments, [*arguments[:-1], "--help"]) if begun else (arguments,):
        try:
            PARSERS[program]().parse_args(attempt)
        except SystemExit as end:
            if end.code != 0:
                continue
        return ""
    return f"{shlex.join(words)} does not parse"


@page_of
def test_every_command_that_a_page_quotes_parses(page: Path) -> None:
    text = page.read_text("utf-8")
    run = [problem for words in markdown.commands_to_run(text) if (problem := complaint(words))]
    named = [problem for words in markdown.commands_in_prose(text) if (problem := _unknown(words))]
    assert not run + named


def _unknown(words: list[str]) -> str:
    """Prose may name a command without its arguments: `earmark hear`."""
    just_a_name = all(re.fullmatch("[a-z-]+", word) for word in words) and len(words) <= 3
    return complaint(words) and complaint([*words, "--help"] if just_a_name else words)


@pytest.mark.parametrize(
    "command",
    [
        "earmark provision",
        "earmark enrol",
        "earmark no-such-command",
        "earmark-backend admit shop --device x",
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str) -> None:
    assert complaint(command.split())


def test_commands_are_found_wherever_they_stand() -> None:
    text = """\
`earmark models fetch|list` and `earmark-agent`
```sh
. .venv/bin/activate
echo earmark x | earmark chat > out.txt && earmark \\
  doctor --json   # earmark comment
```
```text
earmark in an output
```
"""
    run, named = markdown.commands_to_run(text), markdown.commands_in_prose(text)
    assert [" ".join(words) for words in run] == ["earmark chat", "earmark doctor --json"]
    assert [" ".join(words) for words in named] == ["earmark models fetch", "earmark models list"]
    assert _unknown(["earmark", "models", "lost"])
    assert not _unknown(["earmark", "hear"])


@page_of
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in markdown.links(page.read_text("utf-8")):
        path, _, place = link.target.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (place and place not in _places(target)):
            lost.append(link.target)
    assert not lost


def _places(page: Path) -> set[str]:
    return {markdown.anchor(heading) for heading in markdown.headings(page.read_text("utf-8"))}


@page_of
def test_every_name_that_a_page_links_to_code_stands_in_that_file(page: Path) -> None:
    lost = []
    for link in markdown.links(page.read_text("utf-8")):
        name = re.fullmatch(r"`([A-Za-z_][\w.]*)`", link.text)
        target = page.parent / link.target
        if name and target.suffix == ".py" and name[1] not in set(_defined(target)):
            lost.append(f"{name[1]} in {link.target}")
    assert not lost


def _defined(path: Path) -> Iterator[str]:
    """Names of a module: functions, classes, and 'Class.method'."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef))


@page_of
def test_every_path_in_backticks_exists(page: Path) -> None:
    paths = [code for code in markdown.inline_code(page.read_text("utf-8")) if _looks_like_a_path(code)]
    assert not [path for path in paths if not (ROOT / path).exists()]


def _looks_like_a_path(code: str) -> bool:
    return re.fullmatch(rf"({'|'.join(map(re.escape, FOLDERS))})/[\w./-]*", code) is not None and (
        code.rstrip("/") not in NOT_IN_THE_REPOSITORY
    )


def test_every_test_that_a_page_names_exists() -> None:
    named = {
        code
        for page in PAGES
        for code in markdown.inline_code(page.read_text("utf-8"))
        if re.fullmatch(r"test_\w+", code)
    }
    functions = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert named
    assert named <= functions


@pytest.mark.parametrize(
    "script", [settings_table, state_tables, transcripts], ids=lambda script: script.PAGE.name
)
def test_a_page_that_is_made_from_code_is_up_to_date(script: object) -> None:
    made, path = script.page(), script.PAGE  # type: ignore[attr-defined]
    assert path.read_text("utf-8") == made, f"run the script that makes {path.name}"


def test_the_states_page_shows_everything_that_the_dialogue_can_say() -> None:
    sources = (ROOT / "agent/deciding" / f"{name}.py" for name in ("dialogue", "at_rest"))
    source = "\n".join(path.read_text("utf-8") for path in sources)
    constants = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    keys = {key for key in REPLIES["en"] if key in constants}
    page = state_tables.PAGE.read_text("utf-8")
    assert len(keys) > 15
    assert not [key for key in sorted(keys) if f"`{key}`" not in page]


def test_polish_readme_says_the_same() -> None:
    polish = ROOT / "README.pl.md"
    if not polish.exists():
        pytest.skip("README.pl.md is not written yet")
    texts = [path.read_text("utf-8") for path in (ROOT / "README.md", polish)]
    assert len(markdown.headings(texts[0])) == len(markdown.headings(texts[1]))
    first, second = (markdown.blocks(text) for text in texts)
    assert [block.kind for block in first] == [block.kind for block in second]
    for one, other in zip(first, second, strict=True):
        if one.kind == "sh":  # comments are translated, commands are not
            assert list(markdown.shell_commands(one.text)) == list(markdown.shell_commands(other.text))


_COMMAND = re.compile(r"(?<![\w./-])(earmark(?:-backend)? (?:[^;`\n()]|\(\))+)")
SPOKEN = {
    path for like in ("reply_words", "replies_") for path in (ROOT / "agent/deciding").glob(f"{like}*.py")
}


def literals(path: Path) -> Iterator[str]:
    """Every string of a module but its docstrings; what is filled in stands as 'X'."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            parts = (part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
            yield "".join(map(str, parts))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


MESSAGES = [
    (path, text)
    for package in ("agent", "order_backend")
    for path in sorted((ROOT / package).rglob("*.py"))
    for text in literals(path)
]


def commands_in(text: str) -> Iterator[list[str]]:
    """Commands that a message names: up to a semicolon, a bracket, the end of the line or two spaces."""
    for found in _COMMAND.findall(text):
        command = re.split(r"\s{2,}|, ", found)[0].rstrip()
        yield shlex.split(command if command.endswith("...") else command.rstrip(".,:"))


def test_every_command_that_a_message_names_parses() -> None:
    wrong, seen = [], set()
    for path, text in MESSAGES:
        for words in commands_in(text):
            seen.add(" ".join(words[:2]))
            # A spoken sentence names a command, not its arguments: "Enrol somebody with: earmark enrol."
            command = [*words[:2], "--help"] if path in SPOKEN else words
            if words != ["earmark", "X"] and (problem := complaint(command)):  # "X" is the version
                wrong.append(f"{path.relative_to(ROOT)}: {problem}")
    assert not wrong
    assert {"earmark doctor", "earmark models", "earmark provision", "earmark-backend init"} <= seen


def test_every_page_that_a_message_names_exists() -> None:
    named = {name for _, text in MESSAGES for name in re.findall(r"docs/[\w./-]+\w", text)}
    assert "docs/settings.md" in named
    assert not [name for name in named if not (ROOT / name).exists()]
