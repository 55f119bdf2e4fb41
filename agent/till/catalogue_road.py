"""The shop's catalogue on its way from the broker: a signed manifest, then the parts that are missing, a few
at a time, then one step of `Catalogues`.

Whatever is killed on the way, the parts that had come are there. What is in use stays in use until the whole
has the hash that the shop signed, and is compiled.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import msgspec

from agent.committing.catalogue_manifest import ManifestClaims, Part, verify_manifest
from agent.committing.catalogue_parts import assemble, is_part
from agent.committing.envelope import catalogue_topic, part_topic
from agent.committing.journal import Journal
from agent.committing.trust import Trust
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, EarmarkError, JournalError, TrustError
from agent.plumbing.memfd import SEALS
from agent.plumbing.messages import MOST_PARTS_AT_ONCE, FetchParts
from agent.plumbing.operator import CatalogueHealth, CatalogueStage
from agent.till.catalogues import Catalogues
from agent.till.part_store import PartStore
from agent.till.swap import Name

RETRY_MS = 30_000
"""After so long without a part what is missing is asked for anew, and a disk that was full is tried again."""
_FLOOR = "catalogue_floor"


class _Floor(msgspec.Struct, frozen=True):
    """The highest version that the shop has signed, and of which catalogue."""

    version: int = 0
    sha256: str = ""


class CatalogueRoad:
    """Used from the till's loop; only putting parts together has a thread of its own."""

    def __init__(
        self,
        trust: Trust,
        journal: Journal,
        store: PartStore,
        catalogues: Catalogues,
        send: Callable[[FetchParts], None],
        post: Callable[[Callable[[], None]], None],
        start_timer: Callable[[int, Callable[[], None]], None],
    ) -> None:
        """`send` reaches `uplink` (or is dropped where there is none); `post` brings something to the loop
        from another thread."""
        self._trust, self._journal, self._store, self._catalogues = trust, journal, store, catalogues
        self._send, self._post, self._start_timer = send, post, start_timer
        self._topic, self._part_topics = catalogue_topic(trust.shop_id), part_topic(trust.shop_id, "")
        self._manifest: ManifestClaims | None = None
        self._missing: dict[str, Part] = {}
        self._asked: tuple[str, ...] = ()
        self._putting_together = False
        self._came = self._waits = False
        self._handed_over: Name | None = None
        self.refused: Counter[str] = Counter()
        """What came and was not believed, by error code."""

    def takes(self, topic: str) -> bool:
        """Whether messages of that topic are for `received`."""
        return topic == self._topic or topic.startswith(self._part_topics)

    def received(self, topic: str, payload: bytes) -> None:
        """A message of a topic that this takes. What is forged, altered, foreign, repeated or older than what
        was seen changes nothing and is counted."""
        try:
            if topic == self._topic:
                self._take_manifest(payload)
            else:
                self._take_part(topic.removeprefix(self._part_topics), payload)
        except (TrustError, JournalError) as error:
            audit.refused(self.refused, error)

    def linked(self) -> None:
        """`uplink` has a session with the broker, perhaps another `uplink`, which was not asked yet."""
        if self._asked:
            self._send(FetchParts(self._asked))

    def shown(self, health: CatalogueHealth) -> CatalogueHealth:
        """`health` with what is on its way to the device."""
        if self._manifest is None or health.next_version:
            return health
        return msgspec.structs.replace(health, next_version=self._manifest.version, next_stage="fetching")

    # --- the manifest ---

    def _take_manifest(self, payload: bytes) -> None:
        if not payload:  # the broker's way to say that it is retained no more
            return
        manifest = verify_manifest(payload, self._trust)
        in_use = self._catalogues.in_use
        floor = self._floor()
        name = Name(manifest.version, manifest.sha256)
        if name in (in_use, self._handed_over) or manifest == self._manifest:
            return
        if manifest.version < max(floor.version, in_use.version):
            raise TrustError("catalogue_older", f"version {manifest.version} was superseded")
        others = ((floor.version, floor.sha256), in_use)
        if any(version == manifest.version and sha256 != manifest.sha256 for version, sha256 in others):
            self._catalogues.refused(
                CatalogueError(
                    "catalogue_same_version",
                    f"version {manifest.version}: the shop has published another one under that version",
                    "publish it under a higher version",
                )
            )
            return
        if manifest.version > floor.version:
            text = msgspec.json.encode(_Floor(*name)).decode()
            self._journal.meta_set(_FLOOR, text)
        self._begin(manifest)

    def _begin(self, manifest: ManifestClaims) -> None:
        held, needed = self._store.held(), {part.sha256: part for part in manifest.parts}
        self._store.forget(held - needed.keys())
        self._manifest = manifest
        self._missing = {sha256: part for sha256, part in needed.items() if sha256 not in held}
        audit.log(
            "catalogue_announced",
            catalogue_version=manifest.version,
            count=len(self._missing),
            bytes=sum(part.size for part in self._missing.values()),
        )
        self._go_on()

    def _floor(self) -> _Floor:
        try:
            return msgspec.json.decode(self._journal.meta_get(_FLOOR) or b"{}", type=_Floor)
        except msgspec.DecodeError:
            return _Floor()

    # --- the parts ---

    def _take_part(self, sha256: str, payload: bytes) -> None:
        part = self._missing.get(sha256)
        if part is None or not payload:
            return
        if not is_part(payload, part):
            raise TrustError("catalogue_part", f"{sha256[:12]} came with other bytes")
        try:
            self._store.keep(part, payload)
        except CatalogueError as error:
            self._catalogues.refused(error)
            self._ask(())
            self._wait()
            return
        del self._missing[sha256]
        self._came = True
        self._go_on()

    def _go_on(self) -> None:
        if self._missing:
            self._ask(tuple(self._missing)[:MOST_PARTS_AT_ONCE])
            self._wait()
        else:
            self._ask(())
            self._put_together()

    def _ask(self, parts: tuple[str, ...]) -> None:
        if parts != self._asked:
            self._asked = parts
            self._send(FetchParts(parts))

    def _wait(self) -> None:
        if not self._waits:
            self._waits = True
            self._start_timer(RETRY_MS, self._look)

    def _look(self) -> None:
        self._waits = False
        if self._manifest is None:
            return
        came, self._came = self._came, False
        if not came:
            self._ask(())
        self._go_on()

    # --- the whole ---

    def _put_together(self) -> None:
        manifest = self._manifest
        if manifest is None or self._putting_together:
            return
        self._putting_together = True
        work = partial(self._assembled, manifest)
        threading.Thread(target=work, name="catalogue-parts", daemon=True).start()

    def _assembled(self, manifest: ManifestClaims) -> None:
        """In a thread of its own."""
        fd = os.memfd_create("catalogue", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            assemble(manifest, self._store.read, fd)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        except TrustError as error:
            os.close(fd)
            self._post(partial(self._not_whole, manifest, error))
        except OSError as error:
            os.close(fd)
            detail = f"no memory for it: {error.strerror}"
            fault = CatalogueError("catalogue_unwritable", detail, "earmark doctor")
            self._post(partial(self._not_now, manifest, fault))
        else:
            self._post(partial(self._whole, manifest, fd))

    def _whole(self, manifest: ManifestClaims, fd: int) -> None:
        self._putting_together = False
        if manifest is not self._manifest:  # a newer one has come meanwhile
            os.close(fd)
            self._go_on()
            return
        self._manifest, self._handed_over = None, _name(manifest)
        self._catalogues.arrived(_name(manifest), fd, partial(self._told, manifest))

    def _told(self, manifest: ManifestClaims, what: CatalogueStage | EarmarkError) -> None:
        if isinstance(what, EarmarkError) and what.code == "catalogue_unwritable" and self._manifest is None:
            self._manifest, self._handed_over = manifest, None
            self._wait()

    def _not_whole(self, manifest: ManifestClaims, error: TrustError) -> None:
        self._putting_together = False
        if manifest is not self._manifest:
            self._go_on()
            return
        damaged = [part for part in manifest.parts if not is_part(self._store.read(part), part)]
        if damaged:  # storage has altered what was kept
            self._store.forget(part.sha256 for part in damaged)
            self._missing = {part.sha256: part for part in damaged}
            self._go_on()
            return
        self._manifest = None
        self._catalogues.refused(CatalogueError(error.code, error.detail, "publish it anew"))

    def _not_now(self, manifest: ManifestClaims, error: CatalogueError) -> None:
        self._putting_together = False
        self._catalogues.refused(error)
        self._wait()


def _name(manifest: ManifestClaims) -> Name:
    return Name(manifest.version, manifest.sha256)
