"""Becomes a command the way systemd would start it; what to do is JSON in the first argument.

Runs before the project's own code, so it imports none of it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys

_NEW_MOUNTS, _NEW_NETWORK = 0x0002_0000, 0x4000_0000
_NO_SET_ID = 0x2 | 0x4 | 0x8  # MS_NOSUID, MS_NODEV, MS_NOEXEC
_PRIVATE = 0x4_0000 | 0x4000  # MS_PRIVATE, MS_REC
_SET_NO_NEW_PRIVS, _SET_MDWE = 38, 65
_libc = ctypes.CDLL(None, use_errno=True)


def _must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def main() -> None:
    plan, command = json.loads(sys.argv[1]), sys.argv[2:]
    for number, fd in enumerate(plan["listen"], start=3):
        assert fd > 16  # the test keeps its descriptors out of the way of these
        os.dup2(fd, number, inheritable=True)
    if plan["confined"]:
        _must(_libc.unshare(_NEW_MOUNTS | (_NEW_NETWORK if plan["private_network"] else 0)), "unshare")
        _must(_libc.mount(None, b"/", None, _PRIVATE, None), "private mounts")
        if plan["proc_subset"]:
            options = b"subset=pid,hidepid=invisible"
            _must(_libc.mount(b"proc", b"/proc", b"proc", _NO_SET_ID, options), "/proc")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    if plan["uid"] != os.getuid():
        os.setgroups(plan["groups"])
        os.setresgid(*[plan["gid"]] * 3)
        os.setresuid(*[plan["uid"]] * 3)
    environment = {**plan["environment"], "LISTEN_PID": str(os.getpid()), "WATCHDOG_PID": str(os.getpid())}
    if plan["confined"]:
        filtered = _call_filter(plan["calls"])
        _must(_libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
        if plan["no_writable_code"]:
            _libc.prctl(_SET_MDWE, 1, 0, 0, 0)  # since Linux 6.3; systemd does the same by its filter
        filtered.load()
    os.execve(command[0], command, environment)


def _call_filter(names: list[str]) -> object:
    import pyseccomp

    calls = pyseccomp.SyscallFilter(pyseccomp.ERRNO(1))
    for name in names:
        try:
            calls.add_rule(pyseccomp.ALLOW, name)
        except (RuntimeError, ValueError, OSError):
            continue  # this machine has no such call
    return calls


main()
