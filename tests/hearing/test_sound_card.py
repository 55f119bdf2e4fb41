"""Microphone and loudspeaker through PortAudio, against a private PulseAudio whose loudspeaker is its
microphone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hearing.conftest import ROOT
from tests.hearing.sound_server import sound_server

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
    with sound_server(tmp_path) as server:
        yield server.environment


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
    assert done.stdout.startswith("audio_no_device plug one in")


REOPENED = """
import numpy as np
from agent.hearing.earcons import earcon
from agent.hearing.sound_link import LinkedLoudspeaker, LinkedMicrophone

microphone, loudspeaker = LinkedMicrophone("kitchen"), LinkedLoudspeaker("")
print(all(microphone.read(5.0) is not None for _ in range(5)))
microphone.reopen()
print(all(microphone.read(5.0) is not None for _ in range(60)))
microphone.drop_pending()
loudspeaker.chime(earcon("ordered"))
loudspeaker.write(earcon("refused"))
loudspeaker.finish()
heard = [frame for _ in range(12) if (frame := microphone.read(1.0)) is not None]
print(sum(bool(np.abs(frame).max() > 500) for frame in heard))
microphone.close()
loudspeaker.close()
"""


def test_the_device_may_be_opened_again_and_a_chime_is_followed_by_speech(pulse: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REOPENED], env=pulse, cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after, loud_frames = done.stdout.splitlines()
    assert (before, after) == ("True", "True")
    assert done.stderr.count("audio_device_opened") == 3, "microphone, loudspeaker, microphone again"
    assert int(loud_frames) >= 6, "both were heard: together 0.66 s"


BY_NAME = """
from agent.hearing.sound_card import Loudspeaker, Microphone
from agent.hearing.sound_devices import find_device, list_devices
from agent.plumbing.errors import AudioError

print(sorted(device.name for device in list_devices("input")))
print(find_device("KITCHEN", "input").name)
print(find_device("default", "output").name)
microphone = Microphone("kitchen")
print(microphone.name, len(microphone.read(5.0)))
microphone.close()
for name in ("attic", "e"):
    try:
        find_device(name, "input")
    except AudioError as error:
        print(error.code, error.detail)
"""


def test_a_device_is_found_by_its_name_or_a_part_of_it(pulse: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BY_NAME], env=pulse, cwd=ROOT, capture_output=True, text=True, check=True
    )
    names, kitchen, default, opened, missing, several = done.stdout.splitlines()
    assert "'kitchen_microphone'" in names
    assert kitchen == "kitchen_microphone"
    assert default == "default"
    assert opened == "kitchen_microphone 1280"
    assert missing.startswith("audio_no_device no input device 'attic'; there is: ")
    assert "'kitchen_microphone'" in missing
    assert several.startswith("audio_device_ambiguous input 'e' could be any of ")
    assert "'kitchen_microphone'" in several and "'pulse'" in several
