"""Which system calls each process is refused: tables only, for `agent.plumbing.seccomp`.

The first filter is put in force before the process starts, the tight one when its models are loaded.
"""

from __future__ import annotations

import errno
import socket

from agent.plumbing.seccomp import Argument, Refusal

_CLONE_THREAD = 0x0001_0000


def _all(*calls: str) -> tuple[Refusal, ...]:
    return tuple(Refusal(call) for call in calls)


# What no process here has any use for: the insides of others, the kernel's side roads, the machine.
NOBODY = (
    *_all("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    *_all("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "userfaultfd", "perf_event_open"),
    *_all("keyctl", "add_key", "request_key", "open_by_handle_at", "name_to_handle_at", "fanotify_init"),
    *_all(
        "mount",
        "umount2",
        "move_mount",
        "open_tree",
        "open_tree_attr",
        "mount_setattr",
        "pivot_root",
        "chroot",
    ),
    *_all("fsopen", "fsconfig", "fsmount", "fspick", "unshare", "setns", "quotactl", "quotactl_fd", "acct"),
    *_all(
        "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "syslog"
    ),
    *_all("swapon", "swapoff", "settimeofday", "clock_settime", "sethostname", "setdomainname", "vhangup"),
    *_all("iopl", "ioperm", "modify_ldt", "personality", "lookup_dcookie", "move_pages", "migrate_pages"),
    *_all(
        "mknod", "mknodat", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups"
    ),
    *_all("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"),
    Refusal("prlimit64", (Argument(0, "!=", 0),)),
)

# Rights and owners of files by path: Landlock does not limit these. (SQLite uses fchmod on what it has open.)
NO_FILE_RIGHTS = _all(
    *("chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
)

# Setting the clock; the till may read the kernel's synchronised flag by the same call.
NO_CLOCK = _all("adjtimex", "clock_adjtime")

NO_NETWORK = (
    Refusal("socket", (Argument(0, "!=", socket.AF_UNIX),)),
    Refusal("socketpair", (Argument(0, "!=", socket.AF_UNIX),)),
)

# Sockets of families other than Unix (1), IPv4 (2) and IPv6 (10): no netlink, no packets, no Bluetooth.
ONLY_INTERNET = (
    *(Refusal("socket", (Argument(0, "&==", family),)) for family in (0, 3, 4, 5, 6, 7, 8, 9)),
    Refusal("socket", (Argument(0, ">", socket.AF_INET6),)),
    Refusal("socketpair", (Argument(0, "!=", socket.AF_UNIX),)),
)

# Other programs and processes. clone3 hides its flags in memory: 'not there' makes the C library use clone.
NO_CHILDREN = (
    *_all("execve", "execveat", "fork", "vfork"),
    Refusal("clone", (Argument(0, "&==", 0, mask=_CLONE_THREAD),)),
    Refusal("clone3", error=errno.ENOSYS),
)

# Whatever it is to talk to, it has been given by now, or will be handed over an open connection.
NO_NEW_SOCKETS = _all("socket", "socketpair", "connect", "bind", "listen")

# An MQTT client binds its end to "any port" before it connects, so bind is left.
NO_SERVING = _all("listen", "accept", "accept4")

# An uplink reaches brokers, not the operator socket of its own device.
NO_UNIX_SOCKETS = (Refusal("socket", (Argument(0, "&==", socket.AF_UNIX),)),)


def no_signals_to_others(pid: int) -> tuple[Refusal, ...]:
    """kill and tgkill reach nobody but the process `pid` itself (Landlock says so too, from ABI 6)."""
    return (Refusal("kill", (Argument(0, "!=", pid),)), Refusal("tgkill", (Argument(0, "!=", pid),)))
