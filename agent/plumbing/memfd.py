"""Large read-only values between processes: an anonymous file that nobody can change any more
(memfd_create(2)).
"""

from __future__ import annotations

import fcntl
import os

from agent.plumbing.errors import IpcError

SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
"""Against every change, and against taking that back."""


def sealed_memfd(data: bytes) -> int:
    """A new file descriptor (close-on-exec) that holds `data`, sealed against every change. The caller closes
    it.
    """
    fd = os.memfd_create("earmark", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_sealed(fd: int, limit: int) -> bytes:
    """What the sealed memfd `fd` holds; does not close it. Raises IpcError as `check_sealed` does."""
    size = check_sealed(fd, limit)
    parts, offset = [], 0
    while offset < size and (part := os.pread(fd, size - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def check_sealed(fd: int, limit: int) -> int:
    """The bytes that the sealed memfd `fd` holds.

    Raises IpcError ipc_fd_not_sealed (it could change while it is read, or is no memfd), ipc_fd_too_long
    (over `limit` bytes).
    """
    try:
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError as error:
        raise IpcError("ipc_fd_not_sealed", "the descriptor is no memfd") from error
    if seals & SEALS != SEALS:
        raise IpcError("ipc_fd_not_sealed", f"seals are {seals:#x}, wanted {SEALS:#x}")
    size = os.fstat(fd).st_size
    if size > limit:
        raise IpcError("ipc_fd_too_long", f"{size} bytes, {limit} allowed")
    return size
