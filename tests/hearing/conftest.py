from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentences import compile_sentences
from agent.hearing.audio import to_float
from agent.hearing.moonshine import Moonshine
from agent.hearing.recogniser import Recogniser
from agent.hearing.speaker import SpeakerEmbedder
from agent.hearing.voice_activity import VoiceActivity
from agent.plumbing.sentence_graph import SentenceGraph
from agent.plumbing.settings import Asr
from agent.plumbing.settings_file import default_models_dir
from scripts.story.customers import Customer

ROOT = Path(__file__).parents[2]
VOICES = {
    "slt": Customer("slt", "flite", "slt"),
    "rms": Customer("rms", "flite", "rms"),
    "awb": Customer("awb", "flite", "awb"),
    "espeak": Customer("espeak", "espeak-ng", "en-us"),
    "hibari": Customer("hibari", "hibari", "heart"),
}


def spoken(voice: str, text: str) -> NDArray[np.float32]:
    """float32 [n] at 16 kHz."""
    return to_float(VOICES[voice].says(text))


def room(seconds: float) -> NDArray[np.float32]:
    """A quiet room: noise at about -75 dBFS."""
    noise: NDArray[np.float32] = (
        np.random.default_rng(7).normal(0, 2e-4, int(seconds * 16_000)).astype(np.float32)
    )
    return noise


def shared_data(*parts: str) -> Path:
    """A folder or file of the development data; skips the test where it is absent."""
    root = Path(os.environ.get("EARMARK_SHARED", ROOT.parent / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no development data at {path}; set EARMARK_SHARED to its folder")
    return path


@cache
def corner_shop() -> SentenceGraph:
    catalogue = (ROOT / "order_backend" / "catalogues" / "corner_shop.json").read_bytes()
    return compile_sentences(parse_catalogue(catalogue), "en")


@pytest.fixture(scope="session")
def moonshine() -> Moonshine:
    return Moonshine(default_models_dir())


@pytest.fixture
def recogniser(moonshine: Moonshine) -> Recogniser:
    recogniser = Recogniser(moonshine)
    recogniser.use(corner_shop())
    return recogniser


@pytest.fixture(scope="session")
def both() -> Recogniser:
    """As the product hears: with a second opinion."""
    recogniser = Recogniser.from_settings(default_models_dir(), Asr())
    recogniser.use(corner_shop())
    return recogniser


@pytest.fixture(scope="session")
def embedder() -> SpeakerEmbedder:
    return SpeakerEmbedder(default_models_dir())


@pytest.fixture
def activity() -> VoiceActivity:
    return VoiceActivity()
