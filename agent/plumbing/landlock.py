"""Landlock (Linux 5.13 and later) through its three system calls: what a process may touch, as an allow-list.

landlock(7); the numbers are the same on x86_64 and aarch64. What the kernel does not know yet is left out,
and `gaps` says in words what is then not in force.
"""

from __future__ import annotations

import ctypes
import enum
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from agent.plumbing.errors import SandboxError

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH, _RULE_NET_PORT = 1, 2
_PR_SET_NO_NEW_PRIVS = 38


class Access(enum.IntFlag):
    """LANDLOCK_ACCESS_FS_*."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13  # ABI 2
    TRUNCATE = 1 << 14  # ABI 3
    IOCTL_DEV = 1 << 15  # ABI 5


LIST = Access.READ_DIR
READ = Access.READ_FILE | Access.READ_DIR
RUN = Access.READ_FILE | Access.EXECUTE
DEVICE = READ | Access.WRITE_FILE | Access.IOCTL_DEV
READ_WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.TRUNCATE
    | Access.MAKE_REG
    | Access.MAKE_DIR
    | Access.REMOVE_FILE
    | Access.REMOVE_DIR
    | Access.REFER
)

_ON_FILES = (
    Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
)  # the others are refused by the kernel on anything but a folder

_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_SCOPE_ABSTRACT_UNIX_SOCKET, _SCOPE_SIGNAL = 1 << 0, 1 << 1

_SINCE = (
    (1, "any file may be opened that the user may open"),
    (3, "files may be truncated"),
    (4, "TCP is refused by seccomp only, and the uplink may bind and connect to any port"),
    (5, "device ioctls are not limited"),
    (6, "abstract Unix sockets and signals of other processes can be reached"),
)


@dataclass(frozen=True)
class Ruleset:
    """What is left to a process; everything else is refused.

    `paths`: rights on each and all beneath. `connect_ports`: TCP ports to connect to. `bind_ports`: TCP ports
    to bind to, where 0 stands for one that the kernel chooses.
    A path that does not exist when the rules are put in force gets no rights, even if it appears later; a
    file that is replaced by a rename has to be granted again.
    """

    paths: tuple[tuple[str, Access], ...]
    connect_ports: tuple[int, ...] = ()
    bind_ports: tuple[int, ...] = ()


class _RulesetAttr(ctypes.Structure):
    _fields_ = [
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


class _NetPortAttr(ctypes.Structure):
    _fields_ = [("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64)]


_libc = ctypes.CDLL(None, use_errno=True)


def abi_version() -> int:
    """The kernel's Landlock ABI; 0 where it is not built in, not switched on, or hidden by a container."""
    version = _libc.syscall(
        ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint32(_CREATE_RULESET_VERSION)
    )
    return max(0, int(version))


def gaps(abi: int) -> tuple[str, ...]:
    """What rules do not hold on a kernel with this ABI, in words; empty where all of them hold."""
    return tuple(what for since, what in _SINCE if abi < since)


def restrict(ruleset: Ruleset, abi: int) -> None:
    """Puts `ruleset` in force for this thread and all that it starts, as far as `abi` goes (0: does nothing).

    Cannot be undone. Sets no_new_privs. Raises SandboxError landlock_failed.
    """
    if abi <= 0:
        return
    handled = _handled_access(abi)
    attr = _RulesetAttr(
        handled,
        _BIND_TCP | _CONNECT_TCP if abi >= 4 else 0,
        _SCOPE_ABSTRACT_UNIX_SOCKET | _SCOPE_SIGNAL if abi >= 6 else 0,
    )
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset_fd = _call(_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path, access in ruleset.paths:
            _allow_path(ruleset_fd, path, access & handled)
        if abi >= 4:
            _allow_ports(ruleset_fd, _CONNECT_TCP, ruleset.connect_ports)
            _allow_ports(ruleset_fd, _BIND_TCP, ruleset.bind_ports)
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise _failed("prctl(PR_SET_NO_NEW_PRIVS)")
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset_fd), ctypes.c_uint32(0))
    finally:
        os.close(ruleset_fd)


def _handled_access(abi: int) -> Access:
    last = (
        Access.MAKE_SYM
        if abi < 2
        else Access.REFER
        if abi < 3
        else Access.TRUNCATE
        if abi < 5
        else Access.IOCTL_DEV
    )
    return Access((last << 1) - 1)


def _allow_path(ruleset_fd: int, path: str, access: Access) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # nothing there: nothing to allow
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= _ON_FILES
        if access:
            rule = _PathBeneathAttr(access, fd)
            _call(
                _ADD_RULE,
                ctypes.c_int(ruleset_fd),
                _RULE_PATH_BENEATH,
                ctypes.byref(rule),
                ctypes.c_uint32(0),
            )
    finally:
        os.close(fd)


def _allow_ports(ruleset_fd: int, access: int, ports: Iterable[int]) -> None:
    for port in ports:
        rule = _NetPortAttr(access, port)
        _call(_ADD_RULE, ctypes.c_int(ruleset_fd), _RULE_NET_PORT, ctypes.byref(rule), ctypes.c_uint32(0))


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise _failed(f"system call {number}")
    return result


def _failed(what: str) -> SandboxError:
    return SandboxError("landlock_failed", f"{what}: {os.strerror(ctypes.get_errno())}", "earmark doctor")
