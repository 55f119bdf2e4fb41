"""The real `voice` process behind its closed sandbox, with a real sound server: another program plays an
order, the microphone is unplugged and plugged in again, and nothing is loaded anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agent.hearing.audio import to_int16
from agent.plumbing.messages import Say, Spoken, Utterance, VoiceFault, VoiceMended, Woken
from tests.hearing.conftest import corner_shop, room, spoken
from tests.hearing.device import VoiceDevice
from tests.hearing.sound_server import SoundServer, sound_server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with sound_server(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def _hears_an_order(server: SoundServer, device: VoiceDevice) -> None:
    order = spoken("slt", "okay nabu, can I have a carton of milk please")
    server.play(to_int16(np.concatenate([room(0.5), order, room(1.5)])))
    assert isinstance(device.told(), Woken)
    heard = device.told()
    assert isinstance(heard, Utterance)
    assert heard.words == "can i have a carton of milk please"


def test_an_unplugged_microphone_is_told_of_and_found_again_by_its_name(
    server: SoundServer, tmp_path: Path
) -> None:
    with VoiceDevice(tmp_path, 'input_device = "kitchen"\n') as device:
        device.ready(corner_shop())
        server.play(to_int16(room(0.2)))
        server.unplug()
        fault = device.told_but_silence()
        assert isinstance(fault, VoiceFault)
        assert fault.code == "audio_no_frames"
        device.till.send(Say(1, "Is anybody there?", "en"))
        spoken_into_nothing = device.told()
        assert spoken_into_nothing == Spoken(1, "audio_sink_gone")
        server.plug_in()
        assert device.told() == VoiceMended("audio_no_frames")
        device.till.send(Say(2, "Here I am.", "en"))
        assert device.told() == Spoken(2)
        _hears_an_order(server, device)
        assert device.child.process.poll() is None
