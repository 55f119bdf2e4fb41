"""Writes docs/settings.md from the settings tree: every key with its default, its bounds and its reason.

python scripts/settings_table.py           write
python scripts/settings_table.py --check   fail where the file is not up to date
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from agent.plumbing.speaker_models import MEASURED
from scripts.made_page import keep

ROOT = Path(__file__).resolve().parents[1]
SOURCES = tuple(
    ROOT / "agent" / "plumbing" / name for name in ("settings.py", "key_settings.py", "update_settings.py")
)
PAGE = ROOT / "docs" / "settings.md"

HEAD = """\
# Settings

One TOML file, `earmark.toml` by default (`earmark -s FILE …`). Every key has a default that works; an unknown
key, a wrong type or a value out of range is an error that names it. Relative paths are relative to the file.
This page is made from `agent/plumbing/settings.py`, `key_settings.py` and `update_settings.py`
by `scripts/settings_table.py`.

"""


def page() -> str:
    """The page as it should be."""
    classes: dict[str, ast.ClassDef] = {}
    lines: dict[str, list[str]] = {}  # of the file that a class stands in, by its name
    for source in (path.read_text(encoding="utf-8") for path in SOURCES):
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name], lines[node.name] = node, source.splitlines()
    parts = [HEAD]
    for field in classes["Settings"].body:
        if isinstance(field, ast.AnnAssign):
            target, kind = ast.unparse(field.target), ast.unparse(field.annotation)
            one = kind.removeprefix("tuple[").removesuffix(", ...]")
            if one in classes:
                parts.append(
                    _section(f"[{target}]" if one == kind else f"[[{target}]]", classes[one], lines[one])
                )
    return "\n".join(parts)


def _section(name: str, section: ast.ClassDef, lines: list[str]) -> str:
    rows = [f"## {name}", "", "| key | default | what it is |", "|---|---|---|"]
    for field in section.body:
        if isinstance(field, ast.AnnAssign) and field.end_lineno is not None:
            # The formatter may have moved the comment to any line of the field, or broken the field in two.
            own = lines[field.lineno - 1 : field.end_lineno]
            said = [line.partition("  # ")[2] for line in own if "  # " in line]
            if not said:
                raise SystemExit(f"line {field.lineno}: {name} {ast.unparse(field.target)} says no reason")
            comment = " ".join(said).replace("|", "\\|")
            rows.append(f"| `{ast.unparse(field.target)}` | {_default(field)} | {comment} |")
    return "\n".join([*rows, ""])


def _default(field: ast.AnnAssign) -> str:
    """As the file would have it. What is none is a threshold, and belongs to the speaker model."""
    if field.value is None:
        return "must be given"
    if ast.literal_eval(field.value) is not None:
        return f"`{_toml(field.value)}`"
    name = ast.unparse(field.target)
    return ", ".join(f"`{getattr(cosines, name)}` with {model}" for model, cosines in MEASURED.items())


def _toml(value: ast.expr) -> str:
    constant = ast.literal_eval(value)
    if isinstance(constant, bool):
        return str(constant).lower()
    return f'"{constant}"' if isinstance(constant, str) else str(constant)


if __name__ == "__main__":
    sys.exit(keep(PAGE, page(), "python scripts/settings_table.py"))
