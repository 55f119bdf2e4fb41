"""The till, which kills itself (-9) right before or after a step of taking up a catalogue: nothing else of it
is another. EARMARK_DIES_AT names the step; EARMARK_RETRY_MS has it try again sooner."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from agent.till import __main__ as till
from agent.till import catalogue_road, catalogue_store
from agent.till.catalogue_store import CatalogueStore


def _die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: Any, name: str) -> None:
    setattr(owner, name, _die)


def _after(owner: Any, name: str) -> None:
    real = getattr(owner, name)

    def then_die(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        _die()

    setattr(owner, name, then_die)


def _halfway(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.write(next(iter(parts))[:100])
        os.fsync(file.fileno())
    _die()


def _after_moving(name: str) -> None:
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        moved = real(path, target)
        if Path(target).name.startswith(name) and path.name.endswith(".next"):
            _die()
        return moved

    Path.replace = replace  # type: ignore[method-assign]


STEPS: dict[str, Callable[[], None]] = {
    "all parts are there": lambda: _before(catalogue_road, "assemble"),
    "put together": lambda: _after(catalogue_road, "assemble"),
    "half on disk": lambda: setattr(catalogue_store, "_write", _halfway),
    "laid ready": lambda: _after(CatalogueStore, "lay_ready"),
    "taken by voice": lambda: _before(CatalogueStore, "take_up"),
    "its details in their place": lambda: _after_moving("catalogue.details."),
    "between the two names": lambda: _after_moving(catalogue_store.FILE_NAME),
    "both names, not flushed": lambda: _after_moving(catalogue_store._COMPILED),
    "taken up": lambda: _after(CatalogueStore, "take_up"),
}

if __name__ == "__main__":
    if step := os.environ.get("EARMARK_DIES_AT"):
        STEPS[step]()
    catalogue_road.RETRY_MS = int(os.environ.get("EARMARK_RETRY_MS", catalogue_road.RETRY_MS))
    sys.exit(till.main())
