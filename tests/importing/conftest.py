from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.importing import sounding


@pytest.fixture
def without_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are compared by their letters alone, which takes no other program."""
    monkeypatch.setattr(sounding.shutil, "which", lambda program: program)
    monkeypatch.setattr(sounding, "sounds", lambda names, voice: _letters(names))


def _letters(names: Sequence[str]) -> list[str]:
    return [f"{at} {name}" for at, name in enumerate(names)]
