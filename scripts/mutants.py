"""Says how many of mutmut's changes the tests noticed, in each module, and which were not noticed: each of
these has to be explained in docs/figures/mutants.md. `scripts/mutate` calls it where mutmut has run.

An explanation there is a heading that names the file, a diff of the lines, and why no test can tell. The
lines count, not mutmut's numbers: those are others after every change above.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PAGE = Path("docs") / "figures" / "mutants.md"

_RESULT = re.compile(r"\s+(?P<name>[\w.ǁ]+__mutmut_\d+): (?P<status>[\w ]+)")
_NOTICED = ("killed", "timeout", "segfault", "caught by type check")
_NOT_MADE = "not checked"
"""Of a run that was given some of them, or did not come to its end."""
_HEADING = re.compile(r"### `(?P<file>[\w/]+\.py)`")


class Mutant(NamedTuple):
    """A change of one line or a few in `file`: what stood there, and what stands there instead."""

    file: str
    was: tuple[str, ...]
    became: tuple[str, ...]

    def __str__(self) -> str:
        lines = [*(f"-{line}" for line in self.was), *(f"+{line}" for line in self.became)]
        return "\n".join((f"### `{self.file}`", "", "```diff", *lines, "```"))


def results(text: str) -> dict[str, str]:
    """Of `mutmut results --all true`: mutant to status."""
    return {found["name"]: found["status"] for found in _RESULT.finditer(text)}


def module_of(name: str) -> str:
    """`agent/deciding/policy.py` of `agent.deciding.policy.x_decide__mutmut_1`."""
    return name.rpartition(".")[0].replace(".", "/") + ".py"


def mutant_of(file: str, diff: str) -> Mutant:
    """Of a unified diff; lines without their margin."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    was = tuple(line[1:].strip() for line in lines if line.startswith("-"))
    became = tuple(line[1:].strip() for line in lines if line.startswith("+"))
    return Mutant(file, was, became)


def explained(page: str) -> Iterator[Mutant]:
    """Those that the page explains; one without a word behind it is not explained."""
    for section in re.split(r"^(?=### )", page, flags=re.MULTILINE):
        heading = _HEADING.match(section)
        parts = section.split("```")
        if heading and len(parts) == 3 and parts[1].startswith("diff\n") and parts[2].strip():
            yield mutant_of(heading["file"], parts[1].removeprefix("diff\n"))


def table(statuses: dict[str, str]) -> Iterator[str]:
    """A row for each module."""
    all_of = Counter(module_of(name) for name in statuses)
    noticed = Counter(module_of(name) for name, status in statuses.items() if status in _NOTICED)
    yield "| module | changes | noticed |"
    yield "|---|---|---|"
    for module in sorted(all_of):
        yield f"| `{module}` | {all_of[module]} | {noticed[module]} |"
    yield f"| all | {all_of.total()} | {noticed.total()} |"


def main(mutmut: Iterable[str]) -> int:
    """`mutmut` is the command; 1 where something was not noticed that is not explained, or not even made."""
    statuses = results(_output([*mutmut, "results", "--all", "true"]))
    made = {name: status for name, status in statuses.items() if status != _NOT_MADE}
    not_made = len(statuses) - len(made)
    print("\n".join(table(made)))
    left = [name for name, status in made.items() if status not in _NOTICED]
    mutants = {name: mutant_of(module_of(name), _output([*mutmut, "show", name])) for name in left}
    known = set(explained(PAGE.read_text(encoding="utf-8")))
    unexplained = {name: mutant for name, mutant in mutants.items() if mutant not in known}
    for name, mutant in unexplained.items():
        print(f"\n{name}: {statuses[name]}, and not explained in {PAGE}\n{mutant}")
    gone = set() if not_made else known - set(mutants.values())
    for mutant in gone:
        print(f"\nexplained in {PAGE}, and noticed by now, or not made any more:\n{mutant}")
    print(f"\n{len(left)} not noticed, {len(left) - len(unexplained)} of them explained")
    if not_made:
        print(f"{not_made} of {len(statuses)} were not made: nothing is said about these")
    return 1 if unexplained or not_made or not statuses else 0


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
