"""The launcher's promise, attacked from inside by a thread that is older than the tight filter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.plumbing import refusals, sandbox, seccomp
from agent.plumbing.sandbox_report import sandbox_report
from tests.plumbing.sandboxes import (
    HARMLESS,
    IMPORTS,
    NEEDS_LANDLOCK,
    RIGHTS,
    ROOT,
    Ground,
    attack_from,
    attack_unconfined,
    battlefield,
    got_through,
    launch,
    outcome_in,
)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with battlefield(tmp_path) as ground:
        yield ground


@NEEDS_LANDLOCK
@pytest.mark.parametrize("profile", sorted(RIGHTS))
def test_a_process_can_do_what_its_profile_names_and_nothing_else(profile: str, ground: Ground) -> None:
    outcome = attack_from(profile, ground)
    assert got_through(outcome) == RIGHTS[profile], outcome


def test_without_the_launcher_every_attack_gets_through(ground: Ground) -> None:
    """Else the test above would prove nothing. (A container may refuse some of them by itself.)"""
    outcome = attack_unconfined(ground)
    stopped = outcome.keys() - got_through(outcome)
    kernel_may_refuse = {
        "open a packet socket",
        "trace a neighbour",
        "set up io_uring",
        "make a user namespace",
    }
    assert stopped <= kernel_may_refuse, {name: outcome[name] for name in stopped}


@pytest.mark.parametrize("profile", sorted(RIGHTS))
def test_without_landlock_seccomp_still_holds_and_the_gap_is_named(profile: str, ground: Ground) -> None:
    done = launch(profile, ground, [sys.executable, "-c", ""], options=["--landlock-abi", "0"])
    assert "sandbox_gap" in done.stderr and "any file may be opened" in done.stderr
    outcome = got_through(attack_from(profile, ground, options=["--landlock-abi", "0"]))
    assert "read a stranger's file" in outcome  # what the gap says
    forbidden = {"start a shell", "become a shell", "fork", "serve TCP", "open a netlink socket"}
    forbidden |= {"trace a neighbour", "signal a neighbour", "set up io_uring", "change a file's rights"}
    if profile not in ("uplink", "sensors"):
        forbidden |= {"open an IPv4 socket", "open an IPv6 socket", "open a Unix socket"}
    assert not outcome & forbidden


def test_a_device_may_insist_on_landlock(ground: Ground) -> None:
    with ground.settings.open("a") as file:
        file.write("[sandbox]\nrequire_landlock = true\n")
    done = launch("voice", ground, [sys.executable, "-c", "print('ran')"], options=["--landlock-abi", "0"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "landlock_required" in done.stderr


@NEEDS_LANDLOCK
def test_before_tightening_a_process_can_already_reach_nothing(ground: Ground) -> None:
    done = launch("voice", ground, [sys.executable, "-m", "probe", "none", str(ground.targets)])
    allowed_for_now = {"open a Unix socket", "reach the operator socket", "become a shell", "fork"}
    assert got_through(outcome_in(done.stdout, done.stderr)) <= HARMLESS | allowed_for_now


@NEEDS_LANDLOCK
def test_rules_hold_for_an_ordinary_user(ground: Ground) -> None:
    """Started as nobody by setpriv; with the system's Python where this one lives in root's home."""
    setpriv = shutil.which("setpriv")
    python = "/usr/bin/python3.11"
    version = "{}.{}".format(*sys.version_info)
    if setpriv is None or not Path(python).exists() or version != "3.11":
        pytest.skip("needs setpriv (util-linux) and a Python 3.11 that every user can run")
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    site = sysconfig.get_path("purelib")
    for path in (ground.folder, *ground.folder.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    for parent in ground.folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run(
        [
            *(setpriv, "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"),
            *(
                python,
                "-m",
                "agent.plumbing.launcher",
                "--profile",
                "uplink",
                "--settings",
                str(ground.settings),
            ),
            *(*IMPORTS, "--also-import", site, "--also-read", str(ground.targets)),
            *("--", python, "-m", "probe", "uplink", str(ground.targets)),
        ],
        env={"PYTHONPATH": f"{ROOT}:{site}", "PATH": "/usr/bin:/bin:/sbin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = outcome_in(done.stdout, done.stderr)
    assert got_through(outcome) == RIGHTS["uplink"], outcome


def test_the_process_gets_a_clean_environment_and_only_its_descriptors(ground: Ground) -> None:
    done = launch("till", ground, [sys.executable, "-m", "own_status"], prefix=["env", "AWS_SECRET=1"])
    status = json.loads(done.stdout)
    assert "AWS_SECRET" not in status["environment"] and "ORT_DISABLE_TELEMETRY" in status["environment"]
    assert status["descriptors"] == [0, 1, 2, 3]  # 3 is the tight filter
    assert status["core_limit"] == 0 and status["umask"] == 0o077 and status["no_new_privs"] == "1"
    assert int(status["capabilities"], 16) & ~0b110 == 0


def test_a_filter_compiles_for_the_boards_processor() -> None:
    for profile in sandbox.PROFILES.values():
        calls = [r for r in (*refusals.NOBODY, *profile.refused) if r.call not in seccomp.NEWER_CALLS]
        native, board = seccomp.compile_filter(calls), seccomp.compile_filter(calls, arch="AARCH64")
        assert board != native and len(board) % 8 == 0 and len(board) > 400


@pytest.mark.parametrize("abi", [0, 1, 3, 5, 6, 7])
def test_the_report_says_what_does_not_hold(abi: int) -> None:
    report = sandbox_report(landlock_abi=abi)
    text = " ".join(finding.text for finding in report if not finding.holds)
    assert ("keys included" in text) == (abi == 0)
    assert ("TCP" in text) == (0 < abi < 4)
    assert ("signals" in text) == (0 < abi < 6)
    assert any(finding.code == "seccomp" and finding.holds for finding in report)


def test_rights_of_each_process_follow_the_architecture() -> None:
    """A change of the table that gives away more must change this test as well."""
    given = {name: " ".join((*p.read, *p.write, *p.devices)) for name, p in sandbox.PROFILES.items()}
    assert "keys_dir" not in given["voice"] and "state_dir" not in given["voice"]
    assert "/dev/snd" in given["voice"]
    of_uplink = given["uplink"].replace("{state_dir}/uplink", "")
    assert "signing" not in of_uplink and "state_dir" not in of_uplink
    assert "/dev/snd" not in given["till"] + given["uplink"] and "mqtt" not in given["till"]
    assert "_dir" not in given["sensors"] and "/dev" not in given["sensors"]
