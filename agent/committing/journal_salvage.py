"""Rows out of a damaged SQLite file, page by page: whatever a page holds counts, whoever pointed to it.

After the file format of SQLite 3 (https://www.sqlite.org/fileformat2.html): table leaves (0x0d) for tables
with a rowid, index pages (0x0a, 0x02) for those without. Nothing read here is to be believed before it was
checked in another way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

PAGE_BYTES = 4096
"""Of every journal: SQLite's default, which nothing here changes."""

Value = int | float | str | bytes | None

_FRAME_HEAD_BYTES = 24
_WAL_HEAD_BYTES = 32
_LARGEST_ROW_BYTES = 1 << 20


class Record(NamedTuple):
    """`rowid` is None for a row of a table without one, or of an index."""

    rowid: int | None
    values: tuple[Value, ...]


def records(file: bytes, log: bytes) -> Iterator[Record]:
    """Every row that can be read in `file` and in the committed part of its write-ahead log `log`, older
    states of the same row too; those of the log come last."""
    pages = {
        number + 1: file[number * PAGE_BYTES : (number + 1) * PAGE_BYTES]
        for number in range(len(file) // PAGE_BYTES)
    }
    frames = _committed(log)
    newest = pages | dict(frames)
    for number, page in [*pages.items(), *frames]:
        for chain in (newest, pages) if frames else (pages,):
            yield from _of_page(page, 100 if number == 1 else 0, chain)


def _committed(log: bytes) -> list[tuple[int, bytes]]:
    """Page number and content of each frame up to the last commit; frames of an earlier round of the log are
    in the file already."""
    salts, found, committed = log[16:24], [], 0
    for start in range(
        _WAL_HEAD_BYTES, len(log) - _FRAME_HEAD_BYTES - PAGE_BYTES + 1, _FRAME_HEAD_BYTES + PAGE_BYTES
    ):
        number, size = struct.unpack_from(">II", log, start)
        if log[start + 8 : start + 16] != salts:
            continue
        found.append((number, log[start + _FRAME_HEAD_BYTES : start + _FRAME_HEAD_BYTES + PAGE_BYTES]))
        committed = len(found) if size else committed
    return found[:committed]


def _of_page(page: bytes, start: int, pages: Mapping[int, bytes]) -> Iterator[Record]:
    if len(page) < PAGE_BYTES or page[start] not in (0x0D, 0x0A, 0x02):
        return
    kind = page[start]
    [cells] = struct.unpack_from(">H", page, start + 3)
    first = start + (12 if kind == 0x02 else 8)
    for index in range(min(cells, (PAGE_BYTES - first) // 2)):
        [at] = struct.unpack_from(">H", page, first + 2 * index)
        try:
            record = _cell(page, at + (4 if kind == 0x02 else 0), pages, has_rowid=kind == 0x0D)
        except (IndexError, ValueError, struct.error, KeyError):
            continue
        yield record


def _cell(page: bytes, at: int, pages: Mapping[int, bytes], *, has_rowid: bool) -> Record:
    size, at = _varint(page, at)
    rowid = None
    if has_rowid:
        rowid, at = _varint(page, at)
    if not 0 < size <= _LARGEST_ROW_BYTES:
        raise ValueError("no row is that long")
    most = PAGE_BYTES - 35 if has_rowid else (PAGE_BYTES - 12) * 64 // 255 - 23
    local = size
    if size > most:
        least = (PAGE_BYTES - 12) * 32 // 255 - 23
        local = least + (size - least) % (PAGE_BYTES - 4)
        local = local if local <= most else least
    content = page[at : at + local]
    if size > local:
        [number] = struct.unpack_from(">I", page, at + local)
        while len(content) < size:
            following = pages[number]
            content += following[4 : 4 + size - len(content)]
            [number] = struct.unpack_from(">I", following, 0)
    if len(content) != size:
        raise ValueError("cut off")
    return Record(rowid, tuple(_values(content)))


def _values(content: bytes) -> Iterator[Value]:
    head_ends, at = _varint(content, 0)
    body = head_ends
    while at < head_ends:
        kind, at = _varint(content, at)
        value, length = _value(kind, content, body)
        body += length
        yield value
    if body != len(content):
        raise ValueError("not a row")


_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _value(kind: int, content: bytes, at: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return (None if kind == 0 else kind - 8), 0
    if kind in _INTEGER_BYTES:
        length = _INTEGER_BYTES[kind]
        return int.from_bytes(content[at : at + length], "big", signed=True), length
    if kind == 7:
        return struct.unpack_from(">d", content, at)[0], 8
    if kind < 12:
        raise ValueError("reserved")
    length = (kind - 12) // 2
    raw = content[at : at + length]
    return (raw if kind % 2 == 0 else raw.decode("utf-8", "replace")), length


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Value, and where the next thing begins. Raises IndexError at the end of `content`."""
    value = 0
    for index in range(8):
        byte = content[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | content[at + 8], at + 9
