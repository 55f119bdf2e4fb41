"""From parts to a document, and no byte of it believed before its hash is."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable

from agent.committing.catalogue_manifest import Document, Part, Slice
from agent.plumbing.errors import TrustError

_READ_BYTES = 1 << 20


def is_part(payload: bytes, part: Part) -> bool:
    """Whether these are the bytes that the manifest means."""
    return len(payload) == part.size and hashlib.sha256(payload).hexdigest() == part.sha256


def unpack(payload: bytes, part: Part) -> bytes:
    """The content of a part; never more than the manifest says is decompressed.

    Raises TrustError catalogue_part where it is another part, or holds something else than it should.
    """
    if not is_part(payload, part):
        raise TrustError("catalogue_part", f"{part.sha256[:12]} has other bytes")
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(payload, part.content + 1)
    except zlib.error as error:
        raise TrustError("catalogue_part", f"{part.sha256[:12]}: {error}") from error
    if len(content) != part.content or not inflate.eof or inflate.unused_data:
        raise TrustError("catalogue_part", f"{part.sha256[:12]} is not {part.content} bytes uncompressed")
    return content


def assemble(document: Document, read: Callable[[Part], bytes], fd: int) -> None:
    """Writes the document into the empty file `fd`, with one part at a time in memory. `read` gives the
    bytes of a part as they travelled.

    Raises TrustError: catalogue_part, catalogue_sum (its parts are right, and together they are something
    else than was signed); and what `read` and os.pwrite raise.
    """
    wanted: dict[int, list[tuple[int, Slice]]] = {}
    position = 0
    for one in document.recipe():
        wanted.setdefault(one.part, []).append((position, one))
        position += one.length
    for number, slices in wanted.items():
        content = memoryview(unpack(read(document.parts[number]), document.parts[number]))
        for target, one in slices:
            _write(fd, content[one.offset : one.offset + one.length], target)
    digest = hashlib.sha256()
    position = 0
    while data := os.pread(fd, _READ_BYTES, position):
        digest.update(data)
        position += len(data)
    if digest.hexdigest() != document.sha256:
        raise TrustError("catalogue_sum", "its parts together are not what was signed")


def _write(fd: int, data: memoryview, position: int) -> None:
    while data:
        written = os.pwrite(fd, data, position)
        data, position = data[written:], position + written
