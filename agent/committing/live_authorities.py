"""The authorities that the till believes: the pinned one, and over it the newest list of the shop.

The list stands in a file of its own, signed as it came; trust.json stays as it was pinned. Where that is
provisioned anew, the list that was kept over the old one counts no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from agent.committing.authorities import Believed, follow, pinned
from agent.committing.envelope import AUTHORITIES, SignedData, decode_data, decode_event, shop_topic
from agent.committing.jws import PublicJwk, named_key
from agent.committing.kept_file import KeptFile
from agent.committing.trust import TrustBundle
from agent.plumbing import audit
from agent.plumbing.errors import TrustError

FILE_NAME = "authorities.json"
"""In the till's part of state_dir."""


class _Kept(msgspec.Struct, frozen=True):
    over: str
    signed: str


class LiveAuthorities:
    """Used from one thread."""

    def __init__(
        self,
        bundle: TrustBundle,
        file: Path | None,
        keys: Iterable[PublicJwk],
        keep_keys: Callable[[], bool] = lambda: True,
    ) -> None:
        """`keys`: whose signature of a list that was kept counts; those that signed lists once, too, for it
        was verified when it came. `keep_keys`: whether the keys that verify a new list are on disk; tried
        again where they are not, and no list is written before them: a restart could not verify it."""
        self._bundle, self._file, self._keep_keys = bundle, file, keep_keys
        self._kept = KeptFile(file, "authorities_unwritable")
        self._over = over(bundle.broker.ca_pem)
        self._signed = ""
        self.believed: Believed = pinned(bundle.broker.ca_pem)
        self._read(tuple(keys))
        self.kept_serial = self.serial
        """Of the list that is on disk, which a restart believes again: what the shop may build on. 0 where
        none is."""

    @property
    def topic(self) -> str:
        """Where the shop announces them."""
        return shop_topic(self._bundle.shop_id, "authorities")

    @property
    def serial(self) -> int:
        """Of the list that is believed; 0 where none ever came."""
        return self.believed.serial

    def take(self, payload: bytes, keys: Iterable[PublicJwk]) -> bool:
        """Whether other authorities are believed after the shop's announcement. Raises TrustError:
        envelope_malformed, and what `follow` raises."""
        signed = decode_data(decode_event(payload, AUTHORITIES), SignedData).signed
        before = self.believed
        self.believed = self._follow(signed, keys)
        is_new = self.believed != before
        # The same list, of a newer key: the older one may be unknown when this is read again.
        if is_new or (self.serial and named_key(signed) != named_key(self._signed)):
            self._signed = signed
            self._kept.put(msgspec.json.encode(_Kept(self._over, signed)))
        self.keep()
        if is_new:
            audit.log("authorities_changed", detail=f"list {self.serial}, {len(self.believed.authorities)}")
        return is_new

    @property
    def waits(self) -> bool:
        """Whether there is a list that could not be written yet."""
        return self._kept.waits

    def keep(self) -> None:
        """Writes what could not be written before."""
        if self._kept.waits and self._keep_keys() and self._kept.write():
            self.kept_serial = self.serial

    def _follow(self, signed: str, keys: Iterable[PublicJwk]) -> Believed:
        shop_id, environment = self._bundle.shop_id, self._bundle.environment
        return follow(self.believed, signed, keys, shop_id=shop_id, environment=environment)

    def _read(self, keys: Iterable[PublicJwk]) -> None:
        try:
            if self._file is None:
                return
            kept = msgspec.json.decode(self._file.read_bytes(), type=_Kept)
            if kept.over == self._over:
                self.believed, self._signed = self._follow(kept.signed, keys), kept.signed
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, TrustError) as error:
            audit.log("authorities_unreadable", detail=f"{self._file}: {error}")


def over(ca_pem: str) -> str:
    """Names what was pinned."""
    return hashlib.sha256(ca_pem.encode()).hexdigest()
