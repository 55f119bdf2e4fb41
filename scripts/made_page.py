"""A page under docs that a script makes: written, or only held against what it should be."""

from __future__ import annotations

import sys
from pathlib import Path


def keep(page: Path, wanted: str, command: str) -> int:
    """Writes `wanted` into `page`; with --check on the command line, writes nothing and says with what
    `command` to make it where it is another. The exit code: 0 where the page is (now) up to date."""
    if "--check" not in sys.argv[1:]:
        page.write_text(wanted, encoding="utf-8")
        return 0
    if page.exists() and page.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"docs/{page.name} is not up to date; run: {command}")
    return 1
