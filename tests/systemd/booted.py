"""This machine's own system, booted once more beside itself: a real systemd as PID 1 of a container
(systemd-nspawn).

Its root is an overlay: what it writes goes into memory and away. It has a network of its own, without a way
out, and a PulseAudio whose loudspeaker is its microphone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plumbing.stand_ins import comes_true
from tests.systemd.units import ROOT

PATIENCE_S = 240.0
"""A deadline for a hang, not a measure of speed."""

_CALLS = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
_PULSE = "unix:/srv/pulse/native"
_TARGET = "[Unit]\nRequires=basic.target\nAfter=basic.target\n"
_SOUND_SERVER = (
    "[Service]\nUser=games\nEnvironment=HOME=/srv/pulse XDG_RUNTIME_DIR=/srv/pulse\n"
    "ExecStart=/usr/bin/pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no "
    "-L 'module-null-sink sink_name=room rate=16000' "
    "-L 'module-native-protocol-unix auth-anonymous=1 socket=/srv/pulse/native'\n"
)
# A room is never quite silent, and a microphone that gives zeros counts as broken.
_ROOM = (
    "[Unit]\nRequires=sound.service\nAfter=sound.service\n[Service]\nRestart=always\nRestartSec=0.2\n"
    f"Environment=PULSE_SERVER={_PULSE}\nExecStart=/usr/bin/paplay --device=room /srv/room.wav\n"
)
_ALSA = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"


def why_not() -> str:
    """What is missing for it here; '' where nothing is."""
    if os.geteuid() != 0:
        return "needs root"
    for program, package in (("systemd-nspawn", "systemd-container"), ("pulseaudio", "pulseaudio")):
        if shutil.which(program) is None:
            return f"no {program} here (Debian package {package})"
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="ascii"):
        return "this kernel has no overlay file system"
    return ""


class Booted:
    """A machine that runs. Paths are as seen inside; `outside` gives the same file as seen from here."""

    def __init__(self, root: Path, leader: int) -> None:
        self._root, self._leader = root, leader

    def run(self, *command: str, check: bool = True, said: str = "") -> str:
        """What the command says, on both streams."""
        inside = ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        done = subprocess.run(
            [*inside, "env", "-C", "/", *command],
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{command}\n{done.stdout}\n{self.log()}"
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", f"mkdir -p $(dirname {path}) && cat >{path}", said=text)

    def state(self, unit: str, prop: str = "ActiveState") -> str:
        return self.run("systemctl", "show", "--value", "--property", prop, unit)

    def becomes(self, state: str, *units: str) -> bool:
        return self.waits_for(lambda: all(self.state(unit) == state for unit in units))

    def waits_for(self, until: Callable[[], bool]) -> bool:
        return comes_true(until, within_seconds=PATIENCE_S)

    def log(self) -> str:
        """Of the device, the newest lines."""
        inside = [
            "nsenter",
            "-t",
            str(self._leader),
            "-m",
            "-p",
            "--",
            "journalctl",
            "--no-pager",
            "-n",
            "80",
        ]
        return subprocess.run(
            [*inside, "-u", "earmark-*"], capture_output=True, text=True, check=False
        ).stdout

    def play(self, wav: Path) -> None:
        """Into the room, to its end."""
        target = f"/srv/{wav.name}"
        shutil.copy(wav, self.outside(target))
        self.run("env", f"PULSE_SERVER={_PULSE}", "paplay", "--device=room", target)

    def outside(self, path: str) -> Path:
        return Path(f"/proc/{self._leader}/root{path}")


@contextlib.contextmanager
def booted(installed: Path, room: Path) -> Iterator[Booted]:
    """Boots with the files of a scratch root that scripts/install made; nothing of the device runs yet.
    `room` is a WAV of what is always heard.
    """
    with tempfile.TemporaryDirectory(prefix="earmark-boot-") as name:
        folder = Path(name)
        _do("mount", "-t", "tmpfs", "-o", "size=2g,mode=755", "tmpfs", name)
        try:
            for part in ("upper", "work", "root"):
                (folder / part).mkdir()
            _do("cp", "-a", str(installed / "opt"), f"{folder}/upper")  # a part of / cannot be a layer upon /
            options = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
            _do("mount", "-t", "overlay", "-o", options, "overlay", str(folder / "root"))
            try:
                _prepare(folder / "root", room)
                yield from _run(folder / "root")
            finally:
                _do("umount", "--lazy", str(folder / "root"))
        finally:
            _do("umount", "--lazy", name)


def _prepare(root: Path, room: Path) -> None:
    files = {
        "etc/systemd/system/test.target": _TARGET,
        "etc/systemd/system/sound.service": _SOUND_SERVER,
        "etc/systemd/system/room.service": _ROOM,
        "etc/asound.conf": _ALSA,
        "etc/machine-id": "",
    }
    for unit in ("earmark-voice.service", "earmark-health@.service"):
        files[f"etc/systemd/system/{unit}.d/50-sound.conf"] = (
            f"[Service]\nEnvironment=PULSE_SERVER={_PULSE}\n"
        )
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "srv" / "pulse").mkdir(parents=True)
    shutil.chown(root / "srv" / "pulse", "games")
    shutil.copy(room, root / "srv" / "room.wav")


def _run(root: Path) -> Iterator[Booted]:
    alone = [] if Path("/run/systemd/system").exists() else ["--register=no", "--keep-unit"]
    command = ["systemd-nspawn", "--quiet", f"--directory={root}", *alone, "--boot", "--console=pipe"]
    command += ["--private-network", f"--system-call-filter={_CALLS}", f"--bind={ROOT}"]
    if not sys.prefix.startswith(f"{ROOT}/"):
        command += [f"--bind-ro={sys.prefix}"]
    command += ["systemd.unit=test.target", "systemd.show_status=0", "systemd.log_level=warning"]
    with (root.parent / "console").open("wb") as console:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
        )
    try:
        machine = Booted(root, _leader_of(process, root.parent / "console"))
        assert machine.waits_for(
            lambda: machine.run("systemctl", "is-system-running", check=False) in ("running", "degraded")
        )
        yield machine
    finally:
        process.send_signal(signal.SIGTERM)  # an orderly end
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _leader_of(process: subprocess.Popen[bytes], console: Path) -> int:
    """The container's PID 1 as seen from here."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"systemd-nspawn ended: {console.read_text(errors='replace')}")
        if pids := children.read_text(encoding="ascii").split():
            return int(pids[0])
        time.sleep(0.05)
    pytest.fail("systemd-nspawn starts nothing")


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
