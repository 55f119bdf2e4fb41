"""A private PulseAudio whose loudspeaker is its microphone, to plug in, to unplug, and to play into."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from agent.hearing.audio import Int16

ALSA = """</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.kitchen_microphone { type pulse
  device "room.monitor" }
"""
_SINK = "module-null-sink sink_name=room"


class SoundServer:
    """`environment` is that of a machine whose default devices are this server's."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._socket = folder, folder / "native"
        alsa = folder / "alsa.conf"
        alsa.write_text(ALSA)
        self.environment = os.environ | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "ALSA_CONFIG_PATH": str(alsa),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SINK": "room",
            "PULSE_SOURCE": "room.monitor",
        }
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        command += [f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1"]
        self._server = subprocess.Popen(
            [*command, f"--load={_SINK}"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 240
        while not self._socket.exists():
            assert self._server.poll() is None, "pulseaudio has ended"
            assert time.monotonic() < deadline, "pulseaudio does not listen"
            time.sleep(0.05)

    def play(self, sound: Int16) -> None:
        """Another program plays into the room; returns when it has."""
        path = self._folder / "sound.wav"
        soundfile.write(path, sound, 16_000)
        subprocess.run(["paplay", str(path)], env=self.environment, check=True)

    @contextlib.contextmanager
    def playing(self, sound: Int16) -> Iterator[None]:
        """Another program plays into the room meanwhile."""
        path = self._folder / "sound.wav"
        soundfile.write(path, sound, 16_000)
        player = subprocess.Popen(["paplay", str(path)], env=self.environment)
        yield
        player.terminate()
        player.wait()

    def unplug(self) -> None:
        """Microphone and loudspeaker vanish."""
        self._ask("unload-module", "module-null-sink")

    def plug_in(self) -> None:
        """They are there again."""
        self._ask("load-module", *_SINK.split())

    def end(self) -> None:
        self._server.terminate()
        self._server.wait()

    def _ask(self, *words: str) -> None:
        subprocess.run(["pactl", *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def sound_server(folder: Path) -> Iterator[SoundServer]:
    """Skips the test where there is no PulseAudio."""
    if not all(shutil.which(program) for program in ("pulseaudio", "pactl", "paplay")):
        pytest.skip("no pulseaudio: apt-get install pulseaudio pulseaudio-utils libasound2-plugins")
    server = SoundServer(folder)
    try:
        yield server
    finally:
        server.end()
