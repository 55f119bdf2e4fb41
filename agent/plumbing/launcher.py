"""Start one process of the device with its rights and nothing else.

    python -m agent.plumbing.launcher --profile voice --settings FILE --pass-fd 3 -- python -m
    agent.hearing.voice ...

It gives up capabilities, sets no_new_privs, resource limits, Landlock and seccomp, and then becomes the
command: so the restrictions bind every thread. It must have one thread itself, so it imports little.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import re
import resource
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from agent.plumbing import audit, landlock, sandbox, seccomp
from agent.plumbing.errors import EarmarkError, SandboxError
from agent.plumbing.landlock import READ
from agent.plumbing.memfd import sealed_memfd
from agent.plumbing.settings_file import load_settings

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 1, 38, 24
_KEPT_CAPABILITIES = {1, 2}  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root reads a checkout that a user owns
_KEPT_ENVIRONMENT = (
    *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ"),
    # systemd's: who is meant by them is the pid, which stays the same through exec
    *("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"),
    "CREDENTIALS_DIRECTORY",
)
_PREFIX = "EARMARK_"

_libc = ctypes.CDLL(None, use_errno=True)


def main(argv: list[str] | None = None) -> int:
    """Becomes the command, or returns 2 after one line on stderr that says why not."""
    arguments = _parser().parse_args(argv)
    audit.set_process(arguments.profile)
    try:
        _launch(arguments)
    except EarmarkError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
    except OSError as error:
        audit.log("launch_failed", detail=str(error))
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="launcher", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--profile", required=True, choices=sorted(sandbox.PROFILES))
    parser.add_argument("--settings", required=True, type=Path, metavar="FILE")
    parser.add_argument(
        "--pass-fd", action="append", type=int, default=[], metavar="N", help="keep descriptor N"
    )
    parser.add_argument(
        "--ready-fd", type=int, default=-1, metavar="N", help="told when the process is ready"
    )
    parser.add_argument("--keep-stdin", action="store_true", help="else it is /dev/null")
    parser.add_argument("--die-with", type=int, default=0, metavar="PID", help="end when this parent ends")
    parser.add_argument("--also-read", action="append", default=[], metavar="PATH", help="for tests")
    parser.add_argument("--also-import", action="append", default=[], metavar="DIR", help="for tests")
    parser.add_argument(
        "--landlock-abi",
        type=int,
        default=-1,
        metavar="N",
        help="for tests: like an older kernel (0: no Landlock)",
    )
    parser.add_argument("command", nargs="+", help="-- PROGRAM ARGUMENT...")
    return parser


def _launch(arguments: argparse.Namespace) -> None:
    profile = sandbox.profile_named(arguments.profile)
    settings_file = arguments.settings.resolve()
    settings = load_settings(settings_file)
    program = shutil.which(arguments.command[0])
    if program is None:
        raise SandboxError("launch_failed", f"no program {arguments.command[0]}")
    _tie_to_parent(arguments.die_with)

    ruleset = sandbox.ruleset_for(profile, settings, settings_file)
    also = (*arguments.also_read, *arguments.also_import)
    ruleset = replace(ruleset, paths=(*ruleset.paths, *((path, READ) for path in also)))
    abi = landlock.abi_version() if arguments.landlock_abi < 0 else arguments.landlock_abi
    if abi == 0 and settings.sandbox.require_landlock:
        raise SandboxError(
            "landlock_required",
            "this kernel has no Landlock and sandbox.require_landlock is true",
            "earmark doctor",
        )
    if gaps := landlock.gaps(abi):
        audit.log("sandbox_gap", profile=arguments.profile, landlock_abi=abi, detail="; ".join(gaps))
    first = sandbox.first_filter(profile, os.getpid())
    tight_fd = sealed_memfd(sandbox.tight_filter(profile))

    environment = _environment(profile, arguments.also_import)
    environment[sandbox.TIGHT_FILTER_FD] = str(tight_fd)
    kept = {0, 1, 2, tight_fd, *arguments.pass_fd}
    if arguments.ready_fd >= 0:
        environment[sandbox.READY_FD] = str(arguments.ready_fd)
        kept.add(arguments.ready_fd)
    if not arguments.keep_stdin:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _keep_only(kept)
    os.umask(0o077)
    _forbid_core_files()
    _give_up_capabilities()
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise SandboxError("launch_failed", "no_new_privs is refused")
    landlock.restrict(ruleset, abi)
    seccomp.load_filter(first)
    os.execve(program, arguments.command, environment)  # noqa: S606


def _tie_to_parent(pid: int) -> None:
    """SIGKILL for us when the supervisor (the thread that started us) ends."""
    if pid:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != pid:  # it ended before the call
            raise SandboxError("launch_failed", "the supervisor is gone")


def _environment(profile: sandbox.Profile, also_import: list[str]) -> dict[str, str]:
    """An allow-list; everything else of the caller's environment stays outside."""
    kept = {*_KEPT_ENVIRONMENT, *profile.environment}
    environment = {
        name: value for name, value in os.environ.items() if name in kept or name.startswith(_PREFIX)
    }
    return environment | {
        "ORT_DISABLE_TELEMETRY": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([*also_import, *sandbox.import_paths()]),
        "PYTHONSAFEPATH": "1",  # a folder `agent` in the working directory is not our code
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _keep_only(descriptors: set[int]) -> None:
    for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if fd not in descriptors:
            with contextlib.suppress(OSError):  # that of the listing itself
                os.close(fd)
    for fd in descriptors:
        os.set_inheritable(fd, True)


def _forbid_core_files() -> None:
    """They would hold voices or keys. A unit's own call filter may refuse this; LimitCORE=0 then stands."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError) as error:
        limits = Path("/proc/self/limits").read_text(encoding="ascii")
        if not re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE):
            raise SandboxError("launch_failed", "core files are not forbidden", "LimitCORE=0") from error


def _give_up_capabilities() -> None:
    """Takes them from what root gets on exec; without CAP_SETPCAP there is nothing to take."""
    for capability in range(64):
        if capability not in _KEPT_CAPABILITIES:
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
