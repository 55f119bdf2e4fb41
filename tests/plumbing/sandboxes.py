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

PROCESSES = Path(__file__).parent / "processes"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ground:
    """What there is to attack; `targets` is the file that tells the attacker."""

    folder: Path
    settings: Path
    targets: Path


@contextmanager
def battlefield(folder: Path) -> Iterator[Ground]:
    """A device with keys, voiceprints, a journal, two listening ports and a neighbour process."""
    state, keys = folder / "state", folder / "keys"
    (state / "till" / "people").mkdir(parents=True)
    keys.mkdir()
    files = {
        "signing_key": keys / "signing.pem",
        "mqtt_key": keys / "mqtt.key",
        "voiceprint": state / "till" / "people" / "p-00000000.json",
        "journal": state / "till" / "journal.db",
        "stranger": folder / "stranger.txt",
    }
    for path in files.values():
        path.write_text("private")
    broker, other, operator = (socket.socket(f) for f in (socket.AF_INET, socket.AF_INET, socket.AF_UNIX))
    with broker, other, operator, _neighbour() as neighbour:
        for listener in (broker, other):
            listener.bind(("127.0.0.1", 0))
            listener.listen(16)
        operator.bind(str(state / "operator.sock"))
        operator.listen(16)
        settings = folder / "settings.toml"
        settings.write_text(
            '[paths]\nstate_dir = "state"\nkeys_dir = "keys"\ntrust_file = "keys/trust.json"\n'
            f"[broker]\nport = {broker.getsockname()[1]}\n"
        )
        targets = {name: str(path) for name, path in files.items()} | {
            "broker_port": broker.getsockname()[1],
            "other_port": other.getsockname()[1],
            "operator_socket": str(state / "operator.sock"),
            "state": str(state / "till" / "attack"),
            "elsewhere": str(folder / "attack"),
            "code": str(ROOT / "agent" / "attack.txt"),
            "settings": str(settings),
            "neighbour": neighbour.pid,
        }
        (folder / "targets.json").write_text(json.dumps(targets))
        yield Ground(folder, settings, folder / "targets.json")


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
            *("--settings", str(ground.settings), "--also-import", str(PROCESSES)),
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
