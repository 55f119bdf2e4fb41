"""From the shop's JSON to an `Edition`, and from its details to `PackedDetails`, in a process of its own:
seconds of work and much memory, which neither keep the till from anything nor stay in it."""

from __future__ import annotations

import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec

from agent import deciding
from agent.deciding.edition import Edition, check_shop, compiled
from agent.deciding.packed_details import PackedDetails, packed
from agent.plumbing import sentence_graph
from agent.plumbing.errors import CatalogueError
from agent.plumbing.workshop import Job, Workshop

MOST_MEMORY_BYTES = 256 << 20
"""What one compilation may have; 50,000 products take about half of it."""

_OTHERS_CODE = ("hassil", "msgspec", "unicode-rbnf")


class _Order(msgspec.Struct, frozen=True, tag="catalogue"):
    shop_id: str
    language: str
    compiler: str
    currency: str


class _DetailsOrder(msgspec.Struct, frozen=True, tag="details"):
    catalogue_sha256: str


class Compiler:
    """Compiles for a device that trusts `shop_id` and hears `language`."""

    def __init__(self, workshop: Workshop, shop_id: str, language: str) -> None:
        """`workshop` is one that does `work`."""
        self._workshop, self._shop_id, self._language = workshop, shop_id, language
        self._id = compiler_id()

    def begin(self, source: int, currency: str = "") -> Job:
        """Starts on the JSON in the sealed memfd `source`; a device that has sold before, in `currency`, goes
        on in it. The job's result is for `edition`. Raises IpcError workshop_gone."""
        order = _Order(self._shop_id, self._language, self._id, currency)
        return self._workshop.begin(msgspec.msgpack.encode(order), source)

    def begin_details(self, details: int, source: str) -> Job:
        """Starts on the details of the catalogue `source`, JSON in the sealed memfd `details`; the job's
        result is for `details`. Raises IpcError workshop_gone."""
        return self._workshop.begin(msgspec.msgpack.encode(_DetailsOrder(source)), details)

    def details_id(self, source: str, sha256: str) -> str:
        """Names all that the result of a job depends on, which packs the details of that SHA-256 for the
        catalogue `source`."""
        return f"{self._id} {source} {sha256}"

    def details(self, data: bytes, source: str) -> PackedDetails:
        """What such a job gave. Raises CatalogueError details_differ."""
        return PackedDetails.from_bytes(data, catalogue_sha256=source)

    def edition(self, data: bytes, source: str) -> Edition:
        """What a job gave, now or before an earlier start. Raises CatalogueError: catalogue_differs (it is
        not of the catalogue `source`, or this release would compile it otherwise), catalogue_other_shop."""
        edition = Edition.from_bytes(data, source=source, compiler=self._id, language=self._language)
        check_shop(edition.catalogue, self._shop_id)
        return edition


def work(order: bytes, source: bytes) -> bytes:
    """What the workshop does. Raises CatalogueError as `compiled` and `packed` do."""
    wanted = msgspec.msgpack.decode(order, type=_Order | _DetailsOrder)
    try:
        if isinstance(wanted, _DetailsOrder):
            return packed(source, catalogue_sha256=wanted.catalogue_sha256)
        return compiled(source, **msgspec.structs.asdict(wanted))
    except MemoryError:
        raise CatalogueError(
            "catalogue_too_large",
            f"compiling it takes more than {MOST_MEMORY_BYTES >> 20} MB",
            "offer fewer products, or shorter names",
        ) from None


def compiler_id() -> str:
    """Changes with every change of what may change a compiled catalogue."""
    digest = hashlib.sha256()
    files = sorted(Path(str(deciding.__file__)).parent.glob("*.py"))
    for path in (*files, Path(str(sentence_graph.__file__))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    others = (f"{name} {version(name)}" for name in _OTHERS_CODE)
    digest.update("\n".join((*others, sys.version, sys.byteorder)).encode())
    return digest.hexdigest()
