"""Brings the newest catalogue to the broker, where it is retained for every device, and what each may order.

The parts of a catalogue go first, so that whoever reads the manifest finds them all.

Done anew on each connection, since a broker may have lost what it retained, and once per version. One order
service at a time does it: the one that tells the time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from agent.committing.envelope import catalogue_topic, down_topic, part_topic
from order_backend.folder import ShopFolder
from order_backend.published import needed_parts
from order_backend.publishing import tidy
from order_backend.shop import Shop
from order_backend.signing_again import sign_again

LOOK_EVERY_S = 1.0
TIDY_EVERY_S = 3_600.0

log = logging.getLogger("order_backend")


class Announcer:
    """Of one connection to the broker; used from the service's thread."""

    def __init__(self, shop: Shop, folder: ShopFolder, retain: Callable[[str, bytes], object]) -> None:
        """`retain` publishes a message that the broker keeps; an empty one takes it away again."""
        self._shop, self._folder, self._retain = shop, folder, retain
        self._config = folder.config()
        self._signed = False
        self._announced = 0
        self._policies: dict[str, int] = {}
        self._changes = 0
        self._next_look = 0.0
        self._next_tidy = 0.0

    def look(self, now_s: Callable[[], int]) -> None:
        """Announces what is newer than what was announced. Cheap where it is called too often."""
        monotonic_s = time.monotonic()
        if monotonic_s < self._next_look:
            return
        self._next_look = monotonic_s + LOOK_EVERY_S
        if not self._signed:  # an order service that takes up another key begins a new session
            sign_again(self._folder, self._shop, now_s=now_s())
            self._signed = True
        newest = self._shop.published.newest_number()
        if newest and monotonic_s >= self._next_tidy:
            self._next_tidy = monotonic_s + TIDY_EVERY_S
            with self._shop.transaction("catalogue"):
                tidy(self._shop, now_s=now_s(), longest_lifetime_s=self._config.longest_lifetime_s)
        if newest > self._announced:
            self._announce()
            self._announced = newest
        changes = self._shop.policies.changes()
        if changes != self._changes:
            self._announce_policies()
            self._changes = changes

    def _announce_policies(self) -> None:
        for device_id, version in self._shop.policies.versions().items():
            if version <= self._policies.get(device_id, 0):
                continue
            if (event := self._shop.policies.event(device_id)) is not None:
                self._retain(down_topic(device_id, "policy"), event)
                self._policies[device_id] = version

    def _announce(self) -> None:
        version = self._shop.published.newest()
        if version is None or not version.manifest:
            return
        shop_id = self._config.shop_id
        for sha256 in sorted(needed_parts([version])):
            payload = self._shop.published.part(sha256)
            if payload is not None:
                self._retain(part_topic(shop_id, sha256), payload)
        self._retain(catalogue_topic(shop_id), version.manifest)
        for sha256, dropped_at in self._shop.published.parts().items():
            if dropped_at is not None:
                self._retain(part_topic(shop_id, sha256), b"")
        log.info("catalogue_announced version=%d", version.version)
