"""Which packages a release runs on: virtual environments, named by the SHA-256 of the lock that they fulfil.

A release brings no packages. Its slot leads to the environment for its `requirements.lock`; without one it
does not start, and is refused.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from agent.plumbing import durable
from agent.plumbing.errors import UpdateError

ENVIRONMENT = "environment"
"""The link in a slot."""

_ENVIRONMENTS = "environments"
_INTERPRETER_SECONDS = 30.0


def add(slots_dir: Path, lock: Path, environment: Path) -> None:
    """From now on, releases with that lock run on `environment`."""
    folder = slots_dir / _ENVIRONMENTS
    folder.mkdir(mode=0o755, exist_ok=True)
    target = os.path.relpath(environment.resolve(), folder.resolve())
    durable.point(folder / hashlib.sha256(lock.read_bytes()).hexdigest(), target)


def lead_to(slot: Path, lock_sha256: str) -> None:
    """Makes the link of a fresh slot, whether or not there is such an environment."""
    (slot / ENVIRONMENT).symlink_to(Path("..") / _ENVIRONMENTS / lock_sha256)


def interpreter(slot: Path) -> Path:
    """The Python of a slot, in its virtual environment."""
    return slot / ENVIRONMENT / "bin" / "python"


def refuse_without_interpreter(slot: Path) -> None:
    """Raises UpdateError slot_without_interpreter where there is none, or it does not start."""
    step = "set up an environment for its requirements.lock: earmark-update environment --help"
    if not interpreter(slot).exists():
        missing = (slot / ENVIRONMENT).readlink().name[:12]
        detail = f"no environment on this device fulfils its lock ({missing})"
        raise UpdateError("slot_without_interpreter", detail, step)
    try:
        subprocess.run(
            [interpreter(slot), "-I", "-c", ""],
            check=True,
            capture_output=True,
            timeout=_INTERPRETER_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UpdateError("slot_without_interpreter", f"its Python does not start: {error}", step) from error
