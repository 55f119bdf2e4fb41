"""What versions of the catalogue tell in their details, for whoever judges an order by it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from agent.plumbing.errors import ConfigurationError
from order_backend.device_log import DeviceLog
from order_backend.published import Published

MOST_IN_MEMORY = 3

T = TypeVar("T")


class Read(NamedTuple, Generic[T]):
    """What was `found` in the details of one version, by their SHA-256; None where that is lost."""

    sha256: str
    found: T | None


class ToldVersions(Generic[T]):
    """On the connection of a `Shop` that has published. What was told of a version does not change, so it is
    looked up once; what is lost of it each time, as a backup may bring it back."""

    def __init__(self, published: Published, read: Callable[[bytes], T]) -> None:
        """`read` finds it in the details, and raises ConfigurationError where they cannot be read."""
        self._published, self._read = published, read
        self._known: dict[int, Read[T] | None] = {}
        self._log = DeviceLog(logging.getLogger("order_backend"))

    def of(self, version: int) -> Read[T] | None:
        """None where that version tells nothing, or is not kept any more."""
        if version in self._known:
            return self._known[version]
        told = self._look_up(version)
        if told is not None and told.found is None:
            line = f"details_lost catalogue_version={version} next_step=restore catalogue_parts"
            self._log.say("details_lost", line, level=logging.ERROR)
            return told
        while len(self._known) >= MOST_IN_MEMORY:
            del self._known[next(iter(self._known))]
        self._known[version] = told
        return told

    def _look_up(self, version: int) -> Read[T] | None:
        if (told := self._published.told(version)) is None:
            return None
        try:
            found = None if told.details is None else self._read(told.details)
        except ConfigurationError:  # it was checked when it was published
            found = None
        return Read(told.sha256, found)
