"""A catalogue, or its details, cut into parts, so that a small change of it is one small part more.

The first time, and whenever the parts have grown too many, it is cut anew from front to end. In between, what
is as it was is taken from the parts that there are (a product is a chunk of the JSON), and what is new goes
into parts of its own: a device fetches only these.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from agent.committing.catalogue_manifest import (
    LARGEST_PART_BYTES,
    LARGEST_PART_CONTENT_BYTES,
    MOST_PARTS,
    Document,
    Part,
    Slice,
)

MOST_SLICES = 1_200
"""More are cut anew: the manifest has to stay within one message."""
LEAST_USED = 0.7
"""Parts of which less is used are cut anew: a device that has none would fetch much in vain."""
_AT_ONCE_BYTES = 512 * 1024
PRODUCTS = re.compile(rb"\},?\s*(?=\{)")
"""Between the products of a catalogue."""
FACTS = re.compile(rb'\},\s*(?="(?!(?:pack|place|attributes|promotion)")[^"\\]{1,80}"\s*:\s*\{)')
"""Between the products of its details, each under its id; not within one product's facts."""


class Cut(NamedTuple):
    """`payloads` are the parts that travel, in the order of `parts`; one that there was before is None."""

    parts: tuple[Part, ...]
    slices: tuple[Slice, ...]
    payloads: tuple[bytes | None, ...]


def cut_anew(data: bytes) -> Cut:
    """All of it, from front to end."""
    packed = list(_packed(data))
    return Cut(tuple(part for part, _ in packed), (), tuple(payload for _, payload in packed))


def cut_like(
    data: bytes, before: Document, data_before: bytes, between: re.Pattern[bytes] = PRODUCTS
) -> Cut | None:
    """With what there is of the version before, entry by entry (`between` them); None where it is better cut
    anew."""
    runs = _runs(data, data_before, between)
    new = b"".join(run for run in runs if isinstance(run, bytes))
    packed = list(_packed(new))
    where_before = _Places(before.recipe())
    first_new = len(before.parts)
    where_new = _Places(
        tuple(Slice(first_new + number, 0, part.content) for number, (part, _) in enumerate(packed))
    )
    slices: list[Slice] = []
    taken = 0
    for run in runs:
        if isinstance(run, bytes):
            slices += where_new.slices(taken, len(run))
            taken += len(run)
        else:
            slices += where_before.slices(*run)
    parts = (*before.parts, *(part for part, _ in packed))
    payloads = (*(None for _ in before.parts), *(payload for _, payload in packed))
    return _worth_it(parts, tuple(slices), payloads)


def _worth_it(
    parts: tuple[Part, ...], slices: tuple[Slice, ...], payloads: tuple[bytes | None, ...]
) -> Cut | None:
    used = sorted({one.part for one in slices})
    renumbered = {old: new for new, old in enumerate(used)}
    kept = tuple(parts[number] for number in used)
    content = sum(part.content for part in kept)
    needed = sum(one.length for one in slices)
    names = {part.sha256 for part in kept}
    if len(slices) > MOST_SLICES or len(kept) > MOST_PARTS or len(names) < len(kept):
        return None
    if needed < LEAST_USED * content:
        return None
    again = tuple(Slice(renumbered[one.part], one.offset, one.length) for one in slices)
    return Cut(kept, again, tuple(payloads[number] for number in used))


def _packed(data: bytes) -> Iterator[tuple[Part, bytes]]:
    position, length = 0, _AT_ONCE_BYTES
    while position < len(data):
        content = data[position : position + min(length, LARGEST_PART_CONTENT_BYTES)]
        payload = zlib.compress(content, 9)
        if len(payload) > LARGEST_PART_BYTES:
            # What comes next is packed about as well as this was.
            length = max(1, min(len(content) * 9 // 10, len(content) * LARGEST_PART_BYTES // len(payload)))
            continue
        yield Part(hashlib.sha256(payload).hexdigest(), len(payload), len(content)), payload
        position += len(content)


def _runs(data: bytes, before: bytes, between: re.Pattern[bytes]) -> list[bytes | tuple[int, int]]:
    """`data` in its order: new bytes, and (offset, length) of what stands in `before`."""
    where: dict[bytes, int] = {}
    position = 0
    for chunk in _chunks(before, between):
        where.setdefault(chunk, position)
        position += len(chunk)
    runs: list[bytes | tuple[int, int]] = []
    new: list[bytes] = []
    for chunk in _chunks(data, between):
        last = runs[-1] if runs and not new else None
        if isinstance(last, tuple) and before.startswith(chunk, sum(last)):
            runs[-1] = (last[0], last[1] + len(chunk))
        elif (found := where.get(chunk)) is not None:
            if new:
                runs.append(b"".join(new))
                new = []
            runs.append((found, len(chunk)))
        else:
            new.append(chunk)
    if new:
        runs.append(b"".join(new))
    return runs


def _chunks(data: bytes, between: re.Pattern[bytes]) -> Iterator[bytes]:
    position = 0
    for border in between.finditer(data):
        yield data[position : border.end()]
        position = border.end()
    yield data[position:]


class _Places:
    """Where the bytes of a catalogue stand in its parts."""

    def __init__(self, recipe: tuple[Slice, ...]) -> None:
        self._recipe = recipe
        self._starts: list[int] = []
        position = 0
        for one in recipe:
            self._starts.append(position)
            position += one.length

    def slices(self, offset: int, length: int) -> list[Slice]:
        """Those that hold `length` bytes from `offset`."""
        found: list[Slice] = []
        at = max(0, bisect_right(self._starts, offset) - 1)
        while length > 0:
            one, inside = self._recipe[at], offset - self._starts[at]
            take = min(length, one.length - inside)
            if take > 0:
                found.append(Slice(one.part, one.offset + inside, take))
            offset, length, at = offset + take, length - take, at + 1
        return found
