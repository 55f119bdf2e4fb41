"""What the shop signed beside the catalogue that a till serves, when it starts."""

from __future__ import annotations

import contextlib
import os

from agent.deciding.packed_details import PackedDetails
from agent.plumbing.errors import CatalogueError, EarmarkError
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.workshop import Job
from agent.till.catalogue_floor import Floor
from agent.till.catalogue_store import CatalogueStore, KeptDetails
from agent.till.compiler import Compiler
from agent.till.house import Brought
from agent.till.swap import Name

_USELESS = frozenset({"details_syntax", "details_newer", "details_differ", "catalogue_too_large"})
_AGAIN = "the shop brings them with the next connection; earmark doctor"


def brought_before(store: CatalogueStore, compiler: Compiler, floor: Floor, served: Name) -> Brought | None:
    """Of the catalogue `served`, as `HouseRules` takes it. What has been lost is not taken for nothing told:
    where the shop signed details beside it (`floor`) and they are gone, or where a later catalogue was
    brought by hand without them. Raises EarmarkError where nothing can be compiled."""
    try:
        kept = store.details(served.source)
    except CatalogueError as error:
        return Brought(served.source, "", error)
    signed = floor.details if floor.sha256 == served.source else ""
    if signed and (kept is None or kept.sha256 != signed):
        return _missing(served.source, "the shop's details of this catalogue are gone")
    if kept is not None:
        return _packed(kept, store, compiler, served.source)
    if floor.details and served.version > floor.version:
        return _missing(floor.sha256, "no details came with this catalogue")
    return None


def _missing(source: str, detail: str) -> Brought:
    return Brought(source, "", CatalogueError("details_missing", detail, _AGAIN))


def brought_by(job: Job, compiler: Compiler, store: CatalogueStore, source: str, sha256: str) -> Brought:
    """What the job of `Compiler.begin_details` gives; waits for it, and has it kept for the next start.
    Details that are no use are that and not none. Raises EarmarkError where the work itself failed."""
    facts: PackedDetails | CatalogueError
    try:
        data = job.result()
        facts = compiler.details(data, source)
    except EarmarkError as error:
        if error.code not in _USELESS:
            raise
        facts = CatalogueError(error.code, error.detail, error.next_step)
    else:
        store.keep_packed(compiler.details_id(source, sha256), data)
    return Brought(source, sha256, facts)


def _packed(kept: KeptDetails, store: CatalogueStore, compiler: Compiler, source: str) -> Brought:
    """By what an earlier start or swap has kept, where that fits: packing 50,000 products takes seconds on a
    small board, and nothing is served meanwhile."""
    with contextlib.suppress(CatalogueError):
        packed = store.packed(compiler.details_id(source, kept.sha256))
        return Brought(source, kept.sha256, compiler.details(packed, source))
    fd = sealed_memfd(kept.data)
    try:
        return brought_by(compiler.begin_details(fd, source), compiler, store, source, kept.sha256)
    finally:
        os.close(fd)
