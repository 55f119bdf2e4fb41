"""Writes that a power cut cannot halve: a new file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def flush(path: Path) -> None:
    """fsync of a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move(source: Path, target: Path) -> None:
    """Renames within one filesystem; on disk when this returns. An existing file is replaced."""
    source.replace(target)
    flush(target.parent)


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replaces the whole file or nothing."""
    write_parts(path, (content,), mode=mode)


def write_parts(path: Path, parts: Iterable[bytes], *, mode: int = 0o644) -> None:
    """The same with what `parts` give, one after the other."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    # Whatever somebody may have put there meanwhile is not followed.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(descriptor)
        move(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def point(link: Path, target: str) -> None:
    """Makes the symbolic link, or turns it to another target in one step."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    move(temporary, link)
