"""What of the sandbox holds on this machine, in words."""

from __future__ import annotations

import os
from dataclasses import dataclass

from agent.plumbing import landlock
from agent.plumbing.errors import SandboxError
from agent.plumbing.sandbox import PROFILES, first_filter, tight_filter


@dataclass(frozen=True)
class Finding:
    """One line of `sandbox_report`: whether a promise holds on this kernel, and what that means."""

    code: str
    holds: bool
    text: str


def sandbox_report(landlock_abi: int | None = None) -> list[Finding]:
    """What holds on this machine and what does not, in words, for `earmark doctor`.

    `landlock_abi` stands in for the kernel's in tests.
    """
    abi = landlock.abi_version() if landlock_abi is None else landlock_abi
    findings = []
    try:
        for profile in PROFILES.values():
            first_filter(profile, os.getpid())
            tight_filter(profile)
        findings.append(
            Finding("seccomp", True, "system calls are filtered: no network where there is to be none")
        )
    except SandboxError as error:
        findings.append(Finding("seccomp", False, f"{error.detail}; {error.next_step}"))
    if abi == 0:
        text = "no Landlock (kernel before 5.13, switched off, or hidden by a container): "
        text += "a process can open every file that its user may open, keys included"
        findings.append(Finding("landlock", False, text))
        return findings
    findings.append(Finding("landlock", True, f"Landlock ABI {abi}: each process opens its own files only"))
    findings += [Finding("landlock_gap", False, f"Landlock ABI {abi}: {gap}") for gap in landlock.gaps(abi)]
    return findings
