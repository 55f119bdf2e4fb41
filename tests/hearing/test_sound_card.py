"""Microphone and loudspeaker through PortAudio, against a private PulseAudio whose loudspeaker is its
microphone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hearing.conftest import ROOT

ALSA = """</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""
LOOP = """
import numpy as np
from agent.hearing.audio import FRAME_SAMPLES
from agent.hearing.sound_card import Loudspeaker, Microphone

microphone, loudspeaker = Microphone(""), Loudspeaker("")
tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(2 * 16000) / 16000)).astype(np.int16)
for round in range(2):
    microphone.drop_pending()
    for start in range(0, len(tone), FRAME_SAMPLES):
        loudspeaker.write(tone[start : start + FRAME_SAMPLES])
    heard = [frame for _ in range(20) if (frame := microphone.read(1.0)) is not None]
    loudspeaker.finish()
    sound = np.concatenate(heard)
    assert sound.dtype == np.int16 and len(sound) == len(heard) * FRAME_SAMPLES
    spectrum = np.abs(np.fft.rfft(sound))
    print(round, len(heard), int(spectrum.argmax() * 16000 / len(sound)))
microphone.close()
loudspeaker.close()
"""

NO_DEVICE = """
from agent.hearing.sound_card import Microphone
from agent.plumbing.errors import AudioError

try:
    Microphone("no such device")
except AudioError as error:
    print(error.code, error.next_step)
"""


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a machine whose default devices are a PulseAudio of its own."""
    if shutil.which("pulseaudio") is None:
        pytest.skip("no pulseaudio: apt-get install pulseaudio libasound2-plugins")
    alsa = tmp_path / "alsa.conf"
    alsa.write_text(ALSA)
    socket = tmp_path / "native"
    environment = os.environ | {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "ALSA_CONFIG_PATH": str(alsa),
        "PULSE_SERVER": f"unix:{socket}",
        "PULSE_SINK": "room",
        "PULSE_SOURCE": "room.monitor",
    }
    modules = [
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        "module-null-sink sink_name=room",
    ]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += [f"--load={module}" for module in modules]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not socket.exists():
        assert server.poll() is None, "pulseaudio has ended"
        assert time.monotonic() < deadline, "pulseaudio does not listen"
        time.sleep(0.05)
    yield environment
    server.terminate()
    server.wait()


def test_what_the_loudspeaker_plays_the_microphone_hears(pulse: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOP], env=pulse, cwd=ROOT, capture_output=True, text=True, check=False
    )
    rounds = [line.split() for line in done.stdout.splitlines()]
    assert len(rounds) == 2, done.stderr
    for _, frames, hertz in rounds:
        assert int(frames) == 20
        assert int(hertz) == pytest.approx(440, abs=2)


def test_without_a_sound_card_the_error_names_the_next_step(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_DEVICE],
        env=os.environ | {"PULSE_SERVER": "unix:/nonexistent", "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["audio_no_device", "earmark", "doctor"]
