"""The shop's catalogue on its way from the broker: a signed manifest, then the parts that are missing, a few
at a time, then one step of `Catalogues`. The details that are signed beside it come with it, or after it
where a device has the catalogue already.

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

from agent.committing.catalogue_manifest import Document, ManifestClaims, Part, verify_manifest
from agent.committing.catalogue_parts import assemble, is_part
from agent.committing.envelope import catalogue_topic, part_topic
from agent.committing.journal import Journal
from agent.committing.trust import Trust
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, EarmarkError, JournalError, TrustError
from agent.plumbing.memfd import SEALS
from agent.plumbing.messages import MOST_PARTS_AT_ONCE, FetchParts
from agent.plumbing.operator import CatalogueHealth, CatalogueStage
from agent.till.catalogue_floor import details_of, floor_of, raise_floor
from agent.till.catalogue_store import Beside
from agent.till.catalogues import Catalogues
from agent.till.part_store import PartStore
from agent.till.swap import Name

RETRY_MS = 30_000
"""After so long without a part what is missing is asked for anew, and a disk that was full is tried again."""


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
        self._details_with_them = ""
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

    def _take_manifest(self, payload: bytes) -> None:
        if not payload:  # the broker's way to say that it is retained no more
            return
        manifest = verify_manifest(payload, self._trust)
        in_use, name = self._catalogues.in_use, Name(manifest.version, manifest.sha256)
        floor = floor_of(self._journal)
        if manifest == self._manifest or (name == self._handed_over and name != in_use):
            return
        if manifest.version < max(floor.version, in_use.version):
            raise TrustError("catalogue_older", f"version {manifest.version} was superseded")
        if floor.differs(manifest) or (in_use.version == manifest.version and in_use != name):
            self._catalogues.refused(
                CatalogueError(
                    "catalogue_same_version",
                    f"version {manifest.version}: the shop has published another one under that version",
                    "publish it under a higher version",
                )
            )
            return
        if (manifest.version, details_of(manifest)) != (floor.version, floor.details):
            raise_floor(self._journal, manifest)
        if name == in_use and not details_of(manifest):
            self._catalogues.details_arrived(name, Beside())
        elif name != in_use or details_of(manifest) not in (
            self._catalogues.details,
            self._details_with_them,
        ):
            self._begin(manifest)

    def _begin(self, manifest: ManifestClaims) -> None:
        held = self._store.held()
        self._store.forget(held - {part.sha256 for one in manifest.documents for part in one.parts})
        self._manifest = manifest
        needed = {part.sha256: part for one in self._wanted(manifest) for part in one.parts}
        self._missing = {sha256: part for sha256, part in needed.items() if sha256 not in held}
        audit.log(
            "catalogue_announced",
            catalogue_version=manifest.version,
            count=len(self._missing),
            bytes=sum(part.size for part in self._missing.values()),
        )
        self._go_on()

    def _wanted(self, manifest: ManifestClaims) -> tuple[Document, ...]:
        """The details only where the catalogue is in use."""
        first, *others = manifest.documents
        return tuple(others) if self._catalogues.in_use == _name(manifest) else (first, *others)

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

    def _put_together(self) -> None:
        manifest = self._manifest
        if manifest is None or self._putting_together:
            return
        self._putting_together = True
        work = partial(self._assembled, manifest, self._wanted(manifest))
        threading.Thread(target=work, name="catalogue-parts", daemon=True).start()

    def _assembled(self, manifest: ManifestClaims, wanted: tuple[Document, ...]) -> None:
        """In a thread of its own."""
        made: list[int] = []
        try:
            for document in wanted:
                made.append(os.memfd_create("catalogue", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
                assemble(document, self._store.read, made[-1])
                fcntl.fcntl(made[-1], fcntl.F_ADD_SEALS, SEALS)
        except TrustError as error:
            _close(made)
            self._post(partial(self._not_whole, manifest, wanted, error))
        except OSError as error:
            _close(made)
            detail = f"no memory for it: {error.strerror}"
            fault = CatalogueError("catalogue_unwritable", detail, "earmark doctor")
            self._post(partial(self._not_now, manifest, fault))
        else:
            self._post(partial(self._whole, manifest, wanted, made))

    def _whole(self, manifest: ManifestClaims, wanted: tuple[Document, ...], made: list[int]) -> None:
        self._putting_together = False
        if manifest is not self._manifest:  # a newer one has come meanwhile
            _close(made)
            self._go_on()
            return
        self._manifest, self._handed_over = None, _name(manifest)
        beside = Beside(details_of(manifest), made[-1]) if manifest.details is not None else Beside()
        told = partial(self._told, manifest)
        self._details_with_them = beside.sha256
        if wanted and wanted[0] is manifest:
            self._catalogues.arrived(_name(manifest), made[0], told, beside)
        else:
            self._catalogues.details_arrived(_name(manifest), beside, told)

    def _told(self, manifest: ManifestClaims, what: CatalogueStage | EarmarkError) -> None:
        if isinstance(what, EarmarkError):
            self._details_with_them = ""
            if what.code == "catalogue_unwritable" and self._manifest is None:
                self._manifest, self._handed_over = manifest, None
                self._wait()

    def _not_whole(self, manifest: ManifestClaims, wanted: tuple[Document, ...], error: TrustError) -> None:
        self._putting_together = False
        if manifest is not self._manifest:
            self._go_on()
            return
        parts = (part for document in wanted for part in document.parts)
        damaged = [part for part in parts if not is_part(self._store.read(part), part)]
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


def _close(made: list[int]) -> None:
    for fd in made:
        os.close(fd)


def _name(manifest: ManifestClaims) -> Name:
    return Name(manifest.version, manifest.sha256)
