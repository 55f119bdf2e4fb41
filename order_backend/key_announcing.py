"""An order service's part in a rotation of keys, and of the broker's authority: it tells all devices, then
takes up what it has told."""

from __future__ import annotations

import logging

from agent.committing.envelope import shop_topic
from order_backend import authorities
from order_backend.authorities import Announced, announced
from order_backend.folder import ShopFolder
from order_backend.publish import Publish
from order_backend.rotations import announcement, key_files, take_up

LOOK_EVERY_S = 1.0

log = logging.getLogger("order_backend")


class KeysChanged(Exception):
    """Whoever signs has keys that are not in use any more."""


class KeyAnnouncing:
    """Of one order service; used from its thread."""

    def __init__(self, folder: ShopFolder) -> None:
        self._folder = folder
        self._keys = key_files(folder)
        self._announced, self._mid = b"", 0
        self._authorities = Announced()

    def desk_opened(self) -> None:
        """Before the keys are read."""
        self._keys = key_files(self._folder)

    def new_session(self) -> None:
        """The broker may have lost what it was told."""
        self._announced, self._mid = b"", 0
        self._authorities = Announced()

    def look(self, publish: Publish, now_s: int) -> None:
        """Tells all devices which keys sign, once a session and when that has changed. Raises KeysChanged
        where other keys are in use now than when `desk_opened` was called."""
        if self._other_keys():
            raise KeysChanged
        chain = self._folder.rotations.read_bytes() if self._folder.rotations.exists() else b""
        if chain != self._announced:
            self._announced = chain
            topic = shop_topic(self._folder.config().shop_id, "trust")
            payload = announcement(self._folder, now_s=now_s)
            self._mid = publish(topic, payload, retain=True)
        said = announced(self._folder)  # after the keys: it is signed by one of them
        if said != self._authorities:
            self._authorities = said
            topic = shop_topic(self._folder.config().shop_id, "authorities")
            publish(topic, authorities.announcement(self._folder, now_s=now_s), retain=True)

    def published(self, mid: int) -> None:
        """The broker has that message: what it announced reaches the devices before what is signed now."""
        if mid == self._mid:
            self._mid = 0
            for purpose in take_up(self._folder):
                log.info("key_rotated %s", purpose)

    def _other_keys(self) -> bool:
        before, self._keys = self._keys, key_files(self._folder)
        return any(
            seen != before.get(name)
            for name, seen in self._keys.items()
            if name.endswith(".pem") and "-next" not in name and "-old-" not in name
        )
