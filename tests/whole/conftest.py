from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.story.acting import enrol
from scripts.story.stage import Stage


def _quiet(_who: str, _words: str) -> None:
    pass


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage"), _quiet) as stage:
        enrol(stage)
        yield stage
