"""System call filters as data: what is refused, compiled by libseccomp, loaded by seccomp(2).

Compiling needs the libseccomp library and, to find it, a child process; loading needs neither. So the
launcher compiles both filters of a process and the process itself can still load the second one from inside
its sandbox. A call from another architecture (32-bit, x32) kills the process.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agent.plumbing.errors import SandboxError

_SECCOMP_SYSCALL = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1
_PR_SET_NO_NEW_PRIVS = 38
_INSTRUCTION_BYTES = 8
_ALL_32_BITS = 0xFFFF_FFFF

NEWER_CALLS = {  # than Debian 12's libseccomp knows; since 5.1 every architecture numbers new calls alike
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_setattr": 469,
}


@dataclass(frozen=True)
class Argument:
    """A condition on one argument of a call. `test`: '==' and '!=' compare all 64 bits, '>' too;
    '&==' compares under `mask` (the kernel ignores the upper half of an int, so an equality must as well).
    """

    index: int
    test: str
    value: int
    mask: int = _ALL_32_BITS


@dataclass(frozen=True)
class Refusal:
    """`call` fails with `error`, where all of `when` hold."""

    call: str
    when: tuple[Argument, ...] = ()
    error: int = errno.EPERM


def compile_filter(refusals: Iterable[Refusal], arch: str = "") -> bytes:
    """A BPF program that refuses those calls and allows all others.

    `arch` is a name in `pyseccomp.Arch`, '' this machine's (another's cannot hold NEWER_CALLS).
    Raises SandboxError seccomp_library_missing, seccomp_failed.
    """
    library = _libseccomp()
    syscall_filter = library.SyscallFilter(library.ALLOW)
    try:
        if arch:
            syscall_filter.remove_arch(library.Arch.NATIVE)
            syscall_filter.add_arch(getattr(library.Arch, arch))
        syscall_filter.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)
        for refusal in refusals:
            number = NEWER_CALLS.get(refusal.call, refusal.call)
            conditions = [_condition(library, argument) for argument in refusal.when]
            syscall_filter.add_rule(library.ERRNO(refusal.error), number, *conditions)
        return _export(syscall_filter)
    except OSError as error:
        raise SandboxError("seccomp_failed", f"{error}", "earmark doctor") from error


def load_filter(program: bytes, *, all_threads: bool = False) -> None:
    """Puts a compiled filter in force for this thread, or for `all_threads` of the process at once (TSYNC).

    Cannot be undone. Sets no_new_privs. Raises SandboxError seccomp_failed.
    """
    number = _SECCOMP_SYSCALL.get(platform.machine())
    if number is None:
        raise SandboxError("seccomp_failed", f"no filter for {platform.machine()}", "use x86_64 or aarch64")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise SandboxError("seccomp_failed", f"no_new_privs: {os.strerror(ctypes.get_errno())}")
    code = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // _INSTRUCTION_BYTES, ctypes.addressof(code))
    result = libc.syscall(
        ctypes.c_long(number),
        ctypes.c_uint(_SET_MODE_FILTER),
        ctypes.c_uint(_FLAG_TSYNC if all_threads else 0),
        ctypes.byref(header),
    )
    if result > 0:
        raise SandboxError("seccomp_failed", f"thread {result} runs under another filter")
    if result < 0:
        raise SandboxError("seccomp_failed", os.strerror(ctypes.get_errno()), "earmark doctor")


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _condition(library: Any, argument: Argument) -> Any:
    if argument.test == "&==":
        return library.Arg(argument.index, library.MASKED_EQ, argument.mask, argument.value)
    operator = {"==": library.EQ, "!=": library.NE, ">": library.GT}[argument.test]
    return library.Arg(argument.index, operator, argument.value)


def _export(syscall_filter: Any) -> bytes:
    fd = os.memfd_create("filter", os.MFD_CLOEXEC)
    with os.fdopen(fd, "r+b") as file:
        syscall_filter.export_bpf(file)
        file.seek(0)
        return file.read()


@functools.cache
def _libseccomp() -> Any:
    try:
        import pyseccomp  # looks for the library when it is imported, by running ldconfig
    except (ImportError, RuntimeError, OSError) as error:
        raise SandboxError(
            "seccomp_library_missing", "libseccomp.so.2 is not installed", "apt-get install libseccomp2"
        ) from error
    return pyseccomp
