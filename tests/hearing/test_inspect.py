"""`earmark hear` on recordings, good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from agent.hearing.inspect import FileListener
from agent.plumbing.errors import AudioError
from agent.plumbing.settings_file import parse_settings
from tests.hearing.conftest import corner_shop, room, spoken


@pytest.fixture(scope="module")
def listener() -> FileListener:
    return FileListener(corner_shop(), parse_settings("", base=Path.cwd()))


def _file(folder: Path, *parts: np.ndarray) -> Path:
    path = folder / "a.wav"
    soundfile.write(path, np.concatenate([room(1.0), *parts, room(1.0)]), 16_000)
    return path


def test_an_order_after_the_wake_phrase(listener: FileListener, tmp_path: Path) -> None:
    heard = listener.hear(_file(tmp_path, spoken("slt", "okay nabu, order paper towels")))
    assert heard["wake"]["detected"]
    assert heard["wake"]["stage"] == "second"
    assert heard["wake"]["phrase_nats"] < 0
    assert 1_600 <= heard["wake"]["at_ms"] <= 2_600
    assert heard["words"].endswith("order paper towels")
    assert heard["accepted"]
    assert 1_200 <= heard["speech_ms"] <= 3_200
    assert heard["snr_db"] > 20


def test_an_order_without_the_wake_phrase(listener: FileListener, tmp_path: Path) -> None:
    heard = listener.hear(_file(tmp_path, spoken("rms", "order paper towels")))
    assert not heard["wake"]["detected"]
    assert (heard["wake"]["stage"], heard["wake"]["at_ms"]) == ("none", None)
    assert heard["wake"]["score"] < 0.3
    assert heard["words"].endswith("order paper towels")


def test_a_quiet_room(listener: FileListener, tmp_path: Path) -> None:
    heard = listener.hear(_file(tmp_path, room(2.0)))
    assert not heard["wake"]["detected"]
    assert not heard["accepted"]
    assert heard["speech_ms"] == 0
    assert heard["snr_db"] is None


def test_digital_silence(listener: FileListener, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000), 16_000)
    heard = listener.hear(tmp_path / "a.wav")
    assert (heard["words"], heard["gap_per_token"], heard["accepted"]) == ("", None, False)


def test_a_text_file(listener: FileListener, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("order two bags of coffee")
    with pytest.raises(AudioError):
        listener.hear(tmp_path / "a.txt")
