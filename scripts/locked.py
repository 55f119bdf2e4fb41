"""Split requirements.lock for pip: `wheels` (all but the source-only packages), `source` (only those), or
`device` (what the device itself needs, without tests and extras). `export` and `mutation` are what the extras
of these names ask for, which have locks of their own.

Standard library only: it runs before anything is installed. The source-only packages are named in
pyproject.toml, [tool.earmark], because pip has to build them with the setuptools that the first part brings.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def source_only() -> frozenset[str]:
    """Names of the locked packages that have no wheels."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return frozenset(project["tool"]["earmark"]["source-only"])


def split_lock(lock: str, names: frozenset[str]) -> tuple[str, str]:
    """The lock's entries as (those not in `names`, those in `names`)."""
    parts: tuple[list[str], list[str]] = ([], [])
    chosen = parts[0]
    for line in lock.splitlines(keepends=True):
        if entry := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==", line):
            chosen = parts[entry[1] in names]
        chosen.append(line)
    return "".join(parts[0]), "".join(parts[1])


def device_only(lock: str) -> str:
    """The lock's entries that the project's own dependencies lead to, by the lock's `# via` notes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # A list: a package may stand there once for each Python.
    entries = [(_name(text), text) for text in re.split(r"(?m)^(?=[A-Za-z0-9])", lock) if "==" in text]
    wanted: set[str] = set()
    found = {_name(requirement) for requirement in project["dependencies"]}
    while found:
        wanted |= found
        found = {
            name
            for name, text in entries
            if name not in wanted and wanted & set(re.findall(r"(?m)^ +# +(?:via )?([a-z0-9-]+)$", text))
        }
    if missing := wanted - {name for name, _ in entries}:
        raise LookupError(f"not in requirements.lock: {', '.join(sorted(missing))}; run scripts/lock")
    return "".join(text for name, text in entries if name in wanted)


OWN_LOCKS = ("export", "mutation")


def extra_requirements(extra: str) -> list[str]:
    """What that extra asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements: list[str] = project["optional-dependencies"][extra]
    return requirements


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""


def main() -> int:
    """Print the part that is asked for."""
    parts = ("wheels", "source", "device", *OWN_LOCKS)
    if len(sys.argv) != 2 or sys.argv[1] not in parts:
        print(f"usage: locked.py {'|'.join(parts)}", file=sys.stderr)
        return 2
    if sys.argv[1] in OWN_LOCKS:
        print("\n".join(extra_requirements(sys.argv[1])))
        return 0
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    if sys.argv[1] == "device":
        print(device_only(lock), end="")
        return 0
    wheels, source = split_lock(lock, source_only())
    print(wheels if sys.argv[1] == "wheels" else source, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
