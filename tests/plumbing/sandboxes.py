"""A device's files on disk and the probe that attacks them from inside a sandbox."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.plumbing import landlock
from scripts.story.taken_over import HOSTILE

PROCESSES = Path(__file__).parent / "processes"
IMPORTS = ("--also-import", str(PROCESSES), "--also-import", str(HOSTILE))
"""What a process needs of the launcher to run an attacker: the programs of the tests, and his attempts."""

ROOT = Path(__file__).parents[2]

HARMLESS = {"start a thread"}
RIGHTS: dict[str, set[str]] = {
    "voice": HARMLESS,
    "till": HARMLESS
    | {"read the signing key", "read the voiceprints", "read the journal", "write to the state directory"},
    "uplink": HARMLESS
    | {
        "open an IPv4 socket",
        "open an IPv6 socket",
        "connect to the broker",
        "look up a name",
        "read the MQTT key",
    },
    "touch": HARMLESS,
    "sensors": HARMLESS
    | {
        "open an IPv4 socket",
        "open an IPv6 socket",
        "connect to the site broker",
        "look up a name",
    },
}
NEEDS_LANDLOCK = pytest.mark.skipif(
    landlock.abi_version() < 6, reason="this kernel's Landlock is older than ABI 6: see `earmark doctor`"
)


@dataclass(frozen=True)
class Ground:
    """What there is to attack; `targets` is the file that tells the attacker."""

    folder: Path
    settings: Path
    targets: Path


@contextmanager
def battlefield(folder: Path) -> Iterator[Ground]:
    """A device with keys, voiceprints, a journal and an operator socket, and a world around it."""
    state, keys = folder / "state", folder / "keys"
    (state / "till" / "people").mkdir(parents=True)
    keys.mkdir()
    files = (keys / "signing.pem", keys / "mqtt.key", state / "till" / "journal.db")
    for path in (*files, state / "till" / "people" / "p-00000000.json"):
        path.write_text("private")
    settings = folder / "settings.toml"
    with target_list(folder, settings, state, keys) as targets, socket.socket(socket.AF_UNIX) as operator:
        operator.bind(str(state / "operator.sock"))
        operator.listen(16)
        settings.write_text(
            '[paths]\nstate_dir = "state"\nkeys_dir = "keys"\ntrust_file = "keys/trust.json"\n'
            f"[broker]\nport = {json.loads(targets.read_text())['broker_port']}\n"
            f"[site_broker]\nport = {json.loads(targets.read_text())['site_port']}\n"
        )
        yield Ground(folder, settings, targets)


@contextmanager
def target_list(folder: Path, settings: Path, state: Path, keys: Path) -> Iterator[Path]:
    """targets.json: the device's secrets, three listening ports, a stranger's file, a neighbour process."""
    (folder / "stranger.txt").write_text("private")
    broker, site, other = socket.socket(), socket.socket(), socket.socket()
    with broker, site, other, _neighbour() as neighbour:
        for listener in (broker, site, other):
            listener.bind(("127.0.0.1", 0))
            listener.listen(16)
        targets = {
            "signing_key": str(keys / "signing.pem"),
            "mqtt_key": str(keys / "mqtt.key"),
            "voiceprint": str(next((state / "till" / "people").glob("p-*.json"))),
            "journal": str(state / "till" / "journal.db"),
            "stranger": str(folder / "stranger.txt"),
            "broker_port": broker.getsockname()[1],
            "site_port": site.getsockname()[1],
            "other_port": other.getsockname()[1],
            "operator_socket": str(state / "operator.sock"),
            "state": str(state / "till" / "attack"),
            "elsewhere": str(folder / "attack"),
            "code": str(ROOT / "agent" / "attack.txt"),
            "settings": str(settings),
            "neighbour": neighbour.pid,
        }
        (folder / "targets.json").write_text(json.dumps(targets))
        yield folder / "targets.json"


@contextmanager
def _neighbour() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def launch(
    profile: str,
    ground: Ground,
    command: Sequence[str],
    *,
    options: Sequence[str] = (),
    prefix: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Runs `command` through the real launcher to its end."""
    return subprocess.run(
        [
            *prefix,
            *(sys.executable, "-m", "agent.plumbing.launcher", "--profile", profile),
            *("--settings", str(ground.settings), *IMPORTS),
            *("--also-read", str(ground.targets), *options, "--", *command),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def attack_from(profile: str, ground: Ground, *, options: Sequence[str] = ()) -> dict[str, str]:
    """The outcome of every attempt from inside a tightened process of that profile."""
    done = launch(
        profile, ground, [sys.executable, "-m", "probe", profile, str(ground.targets)], options=options
    )
    return outcome_in(done.stdout, done.stderr)


def attack_unconfined(ground: Ground) -> dict[str, str]:
    """The same attempts from an ordinary process of this user."""
    done = subprocess.run(
        [sys.executable, str(PROCESSES / "probe.py"), "none", str(ground.targets)],
        env=os.environ | {"PYTHONPATH": str(HOSTILE)},
        capture_output=True,
        text=True,
        check=False,
    )
    return outcome_in(done.stdout, done.stderr)


def outcome_in(stdout: str, stderr: str) -> dict[str, str]:
    for line in stdout.splitlines():
        if line.startswith("attacked "):
            outcome: dict[str, str] = json.loads(line.removeprefix("attacked "))
            return outcome
    raise AssertionError(f"the probe did not report: {stdout}{stderr}")


def got_through(outcome: dict[str, str]) -> set[str]:
    return {name for name, stopped_by in outcome.items() if not stopped_by}
