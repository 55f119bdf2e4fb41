"""Look through the committed text for what makes sense on one machine only, for what a merge left
unsettled, and for files that are too long.

A home folder, a checkout's own place or a package index by name ties the project to where it was written.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE_LINES = 300

_THIS_MACHINE = re.compile(
    rf"{re.escape(str(ROOT))}/|/root/|/home/[a-z]+/|/Users/[A-Za-z]+/"
    r"|\b[a-z.]*(pypi|pythonhosted|npmjs)\.[a-z]+\b|\bdeb\.[a-z]+\.org\b"
)
_UNSETTLED = re.compile(r"^(<{7}|>{7}|\|{7}) ")
_NOT_TEXT = {".lock", ".wav", ".flac", ".png", ".onnx"}


def committed_files() -> list[Path]:
    """Files that git knows or would add, relative to the checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return [Path(name) for name in sorted(set(names)) if name and (ROOT / name).is_file()]


def ties_to_a_machine(text: str) -> Iterator[tuple[int, str]]:
    """(line number, what was found) for each place that names one machine's paths or a package index, or in
    which two versions of a text still stand side by side."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _THIS_MACHINE.search(line) or _UNSETTLED.search(line):
            yield number, found[0]


def main() -> int:
    """1 when some text is tied to a machine; long files are only named."""
    faults = 0
    for path in committed_files():
        if path.suffix in _NOT_TEXT or path == Path("scripts/wording.py"):
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, found in ties_to_a_machine(text):
            print(f"{path}:{number}: {found}")
            faults += 1
        if path.suffix == ".py" and (lines := text.count("\n")) > LONGEST_FILE_LINES:
            print(f"note: {path} has {lines} lines; more than {LONGEST_FILE_LINES} are usually two ideas")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
