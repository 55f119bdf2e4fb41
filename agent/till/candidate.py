"""A catalogue between its arrival and its use."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from agent.deciding.edition import Edition
from agent.plumbing.errors import EarmarkError
from agent.plumbing.operator import CatalogueStage
from agent.plumbing.workshop import Job
from agent.till.catalogue_store import Beside, Laid
from agent.till.house import Brought

Told = Callable[[CatalogueStage | EarmarkError], None]
"""Whoever brought a catalogue is told where it is, and why it will not be in use."""


class Candidate:
    """A catalogue on its way. `source` is a sealed memfd with its JSON; `beside` what the shop signed beside
    it, None where it came by hand."""

    def __init__(self, source: int, beside: Beside | None, told: Told) -> None:
        self.source, self.beside, self.told = source, beside, [told]
        self.job: Job | None = None
        self.later: Beside | None = None
        """What came while it was on its way without."""

    def close(self) -> None:
        """Nobody reads what came any more."""
        os.close(self.source)
        if self.beside is not None:
            self.beside.close()


class Made(NamedTuple):
    """What is served from memory, and what is on disk for the next start."""

    edition: Edition
    laid: Laid
    brought: Brought | None
