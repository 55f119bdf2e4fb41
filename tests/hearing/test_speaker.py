"""Features as the encoder was trained on; the same voice is near, another is far."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.hearing.ge2e import partials, volume_gain
from agent.hearing.made_noise import in_noise
from agent.hearing.mel import mel_spectrogram
from agent.hearing.speaker import SpeakerEmbedder
from agent.hearing.voice_activity import VoiceActivity
from agent.plumbing.settings import Speaker
from tests.hearing.conftest import room, spoken

# librosa 0.11.0: melspectrogram(y=_chirp(), sr=16000, n_fft=400, hop_length=160, n_mels=40), frames 0 and
# 25, every fifth band.
LIBROSA_FRAME_0 = [6.190102e-01, 2.507818e-02, 8.519735e-04, 3.243994e-05, 4.554825e-05, 5.948831e-04]
LIBROSA_FRAME_0 += [3.243750e-03, 1.149867e-04]
LIBROSA_FRAME_25 = [6.274029e-11, 2.071697e-09, 5.346279e-07, 1.208487e01, 3.652870e-08, 5.064579e-09]
LIBROSA_FRAME_25 += [1.408588e-06, 8.713426e-12]

ORDER = "okay nabu, order two bags of dark roast coffee"
CONSENT = "yes, place my order"


def _chirp() -> NDArray[np.float32]:
    time = np.arange(8_000) / 16_000
    sweep = 0.3 * np.sin(2 * np.pi * (200 * time + 2_000 * time * time))
    chirp: NDArray[np.float32] = (sweep + 0.1 * np.sin(2 * np.pi * 3_333 * time)).astype(np.float32)
    return chirp


def test_mel_features_are_those_of_librosa() -> None:
    mels = mel_spectrogram(_chirp())
    assert mels.shape == (51, 40)
    assert mels[0, ::5] == pytest.approx(LIBROSA_FRAME_0, rel=1e-4)
    assert mels[25, ::5] == pytest.approx(LIBROSA_FRAME_25, rel=1e-2, abs=1e-9)


def test_volume_is_raised_and_never_lowered() -> None:
    loud, quiet = np.full(1_000, 0.5, np.float32), np.full(1_000, 0.001, np.float32)
    assert volume_gain(loud) == 1.0
    assert 0.001 * volume_gain(quiet) == pytest.approx(10 ** (-30 / 20), rel=1e-4)
    assert volume_gain(np.zeros(10, np.float32)) == volume_gain(np.zeros(0, np.float32)) == 1.0


@pytest.mark.parametrize(
    ("samples", "starts"),
    [(1_000, [0]), (25_600, [0, 40]), (40_000, [0, 40, 80, 120]), (80_000, list(range(0, 361, 40)))],
)
def test_partials_are_those_of_the_encoders_training(samples: int, starts: list[int]) -> None:
    """Values of `VoiceEncoder.compute_partial_slices(samples, rate=2.5, min_coverage=0.75)` of Resemblyzer
    0.1.4.
    """
    assert partials(samples) == (starts, (starts[-1] + 160) * 160)


def _embed(
    embedder: SpeakerEmbedder, activity: VoiceActivity, samples: NDArray[np.float32]
) -> NDArray[np.float32]:
    embedding = embedder.embed(samples, activity.speech_mask(samples, 0.5))
    assert embedding is not None
    assert float(np.linalg.norm(embedding)) == pytest.approx(1.0, abs=1e-5)
    return embedding


@pytest.mark.parametrize("voice", ["slt", "rms", "awb"])
def test_consent_is_near_the_order_of_the_same_voice_and_far_from_others(
    embedder: SpeakerEmbedder, activity: VoiceActivity, voice: str
) -> None:
    order = _embed(embedder, activity, spoken(voice, ORDER))
    same = float(order @ _embed(embedder, activity, spoken(voice, CONSENT)))
    assert same >= Speaker().thresholds.same_speaker_cosine
    for other in {"slt", "rms", "awb"} - {voice}:
        assert float(order @ _embed(embedder, activity, spoken(other, CONSENT))) < same - 0.1
        accept = Speaker().thresholds.accept_cosine
        assert float(order @ _embed(embedder, activity, spoken(other, ORDER))) < accept


def test_silence_around_speech_does_not_count(embedder: SpeakerEmbedder, activity: VoiceActivity) -> None:
    speech = spoken("slt", ORDER)
    padded = np.concatenate([room(2.0), speech, room(3.0)])
    alone, within = _embed(embedder, activity, speech), _embed(embedder, activity, padded)
    assert float(alone @ within) > 0.97


def test_no_speech_gives_no_embedding(embedder: SpeakerEmbedder, activity: VoiceActivity) -> None:
    for samples in (np.zeros(0, np.float32), np.zeros(16_000, np.float32), room(1.0)):
        assert embedder.embed(samples, activity.speech_mask(samples, 0.5)) is None


def test_copies_in_noise_bring_the_template_nearer_to_the_voice_in_another_noise(
    embedder: SpeakerEmbedder, activity: VoiceActivity
) -> None:
    samples = np.concatenate([room(0.8), spoken("slt", ORDER), room(0.8)])
    speech = activity.speech_mask(samples, 0.5)
    clean, copies = embedder.embed(samples, speech), embedder.embed_in_noise(samples, speech)
    assert clean is not None
    assert copies is not None
    assert float(np.linalg.norm(copies)) == pytest.approx(1.0, abs=1e-5)
    again = embedder.embed_in_noise(samples, speech)
    assert again is not None
    assert np.array_equal(copies, again), "a person enrolled twice alike is the same voice"
    other = np.random.default_rng(99)
    consent = np.concatenate([room(0.8), spoken("slt", CONSENT), room(0.8)])
    trial = in_noise(consent, activity.speech_mask(consent, 0.5), 10.0, other)
    heard = _embed(embedder, activity, trial)
    assert float(heard @ copies) > float(heard @ clean)


def test_however_long_somebody_reads_the_copies_take_six_seconds(embedder: SpeakerEmbedder) -> None:
    samples = np.tile(spoken("slt", ORDER), 4)
    speech = np.ones(len(samples) // 512, bool)
    assert len(speech) > 188
    six_seconds = embedder.embed_in_noise(samples[: 188 * 512], speech[:188])
    longer = embedder.embed_in_noise(samples, speech)
    assert six_seconds is not None
    assert longer is not None
    assert np.array_equal(six_seconds, longer)


def test_copies_of_silence_give_no_embedding(embedder: SpeakerEmbedder, activity: VoiceActivity) -> None:
    for samples in (np.zeros(0, np.float32), room(1.0)):
        assert embedder.embed_in_noise(samples, activity.speech_mask(samples, 0.5)) is None
