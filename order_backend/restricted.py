"""The shop's word on who may order a product, kept at the intent as well: a device that has not judged by its
details, because it is of a release before them or has lost them, knows nobody's role.

The shop does not know it either. What a device that has lost them asks for is asked for here: a factor that
did not pass through its ear. A device that did judge by them says so in what it signs. Where the shop has
lost them itself, it asks for that with all goods: it cannot know then which ones a voice alone may not order.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from agent.plumbing.errors import ConfigurationError
from order_backend.checks import CheckedIntent, Refusal
from order_backend.device_log import DeviceLog
from order_backend.published import Published
from order_backend.told_details import restricted

MOST_IN_MEMORY = 3
CODE = "restricted"


class _Told(NamedTuple):
    """What was told of one version; which products are kept for some is None where that is lost."""

    sha256: str
    products: frozenset[str] | None

    def holds_back(self, intent: CheckedIntent) -> bool:
        """Whether anything of it may be for some only."""
        ids = {line.id.partition("?")[0] for line in intent.lines}
        return self.products is None or not ids.isdisjoint(self.products)


_NOTHING = _Told("", frozenset())


class Restricted:
    """On the connection of a `Shop` that has published. What was told of a version does not change, so it is
    looked up once; what is lost of it each time, as a backup may bring it back."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._known: dict[int, _Told] = {}
        self._log = DeviceLog(logging.getLogger("order_backend"))

    def check(self, intent: CheckedIntent) -> None:
        """Raises Refusal restricted."""
        checkout = intent.checkout
        if set(checkout.amr) != {"voice"}:
            return
        told = self._told(intent.catalogue_version)
        if checkout.details != told.sha256 and told.holds_back(intent):
            raise Refusal(CODE, "not everybody may order that, and the device does not know who may")

    def _told(self, version: int) -> _Told:
        if version in self._known:
            return self._known[version]
        told = self._look_up(version)
        if told.products is None:
            line = f"details_lost catalogue_version={version} next_step=restore catalogue_parts"
            self._log.say("details_lost", line, level=logging.ERROR)
            return told
        while len(self._known) >= MOST_IN_MEMORY:
            del self._known[next(iter(self._known))]
        self._known[version] = told
        return told

    def _look_up(self, number: int) -> _Told:
        if (told := self._published.told(number)) is None:
            return _NOTHING
        try:
            products = None if told.details is None else restricted(told.details)
        except ConfigurationError:  # it was checked when it was published
            products = None
        return _Told(told.sha256, products)
