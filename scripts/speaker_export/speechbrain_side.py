"""The half of the export that needs SpeechBrain and torch. It runs in their environment
(scripts/setup_export) and imports nothing of this project.

    speechbrain_side.py seed NUMBER CHECKPOINT    random weights in the form of the vendor's file
    speechbrain_side.py export CHECKPOINT AUDIO FOLDER

`export` reads a checkpoint of spkrec-ecapa-voxceleb and an .npz of recordings (float32 [n] at 16 kHz by
name), and leaves in FOLDER ecapa.onnx and reference.npz: for each recording SpeechBrain's own features
(NAME/features float32 [frames, 80]) and embedding (NAME/embedding float32 [192]).
"""

from __future__ import annotations

import contextlib
import math
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models import ECAPA_TDNN as ecapa_module
from speechbrain.processing.features import InputNormalization

BANDS = 80
TRACED_SAMPLES = 32_000
OPSET = 16
_SMALLEST_NORM = 1e-12  # nothing must give zeros, not NaN


def vendors_network() -> Any:
    """The network of spkrec-ecapa-voxceleb, as its hyperparams.yaml describes it, without weights."""
    network = ecapa_module.ECAPA_TDNN(
        BANDS,
        channels=[1024, 1024, 1024, 1024, 3072],
        kernel_sizes=[5, 3, 3, 3, 1],
        dilations=[1, 2, 3, 4, 1],
        attention_channels=128,
        lin_neurons=192,
    )
    return network.eval()


class WithFeatures(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where the types are checked
    """Samples to embedding. torch.stft has no ONNX form in torch 1.13, so the Fourier transform is a
    convolution with windowed cosines and sines; filters and decibels are SpeechBrain's own."""

    def __init__(self, features: Any, network: Any) -> None:
        super().__init__()
        self.network, self.filters, self.hop = (
            network,
            features.compute_fbanks,
            features.compute_STFT.hop_length,
        )
        size = features.compute_STFT.n_fft
        time = torch.arange(size, dtype=torch.float64)
        band = torch.arange(size // 2 + 1, dtype=torch.float64)[:, None]
        angle = 2.0 * math.pi * ((band * time) % size) / size
        window = features.compute_STFT.window.double()
        waves = torch.cat([torch.cos(angle) * window, torch.sin(angle) * window])
        self.register_buffer("waves", waves[:, None].float())

    def forward(self, samples: Any) -> tuple[Any, Any]:
        """float32 [batch, n] at 16 kHz -> float32 [batch, 192] of unit length, and the features float32
        [batch, frames, 80]."""
        half = self.waves.shape[-1] // 2
        padded = torch.nn.functional.pad(samples[:, None], (half, half))
        real, imaginary = torch.nn.functional.conv1d(padded, self.waves, stride=self.hop).chunk(2, 1)
        bands = self.filters((real * real + imaginary * imaginary).transpose(1, 2))
        features = bands - bands.mean(1, keepdim=True)
        embedding = self.network(features).squeeze(1)
        return embedding / embedding.norm(dim=1, keepdim=True).clamp(min=_SMALLEST_NORM), features


def reference(features: Any, network: Any, samples: Any) -> tuple[Any, Any]:
    """What SpeechBrain's EncoderClassifier.encode_batch does with one recording float32 [n]: its features
    [frames, 80], and its embedding [192] as it is, of any length."""
    whole = torch.ones(1)
    with torch.no_grad():
        bands = features(samples[None])
        normalised = InputNormalization(norm_type="sentence", std_norm=False)(bands, whole)
        return normalised[0], network(normalised, whole)[0, 0]


@contextlib.contextmanager
def nothing_padded() -> Iterator[None]:
    """A trace would keep the mask over padding of the very length that was traced. One recording at a time
    has no padding: the mask is ones, of whatever length."""
    masked = ecapa_module.length_to_mask
    ecapa_module.length_to_mask = lambda lengths, max_len, device: torch.ones(lengths.shape[0], max_len)
    try:
        yield
    finally:
        ecapa_module.length_to_mask = masked


def seed(number: int, checkpoint: Path) -> None:
    """Random weights; those of the batch normalisation as well, or it would do nothing."""
    torch.manual_seed(number)
    network = vendors_network()
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(0.1 * torch.randn_like(buffer))
        elif name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand_like(buffer))
    torch.save(network.state_dict(), checkpoint)


def export(checkpoint: Path, audio: Path, folder: Path) -> None:
    """Raises RuntimeError where the checkpoint is not of this network."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    features, network = Fbank(n_mels=BANDS), vendors_network()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True), strict=True)
    found: dict[str, Any] = {}
    with np.load(audio) as recordings:
        for name in recordings.files:
            bands, embedding = reference(features, network, torch.from_numpy(recordings[name]))
            found[f"{name}/features"], found[f"{name}/embedding"] = bands.numpy(), embedding.numpy()
    np.savez(folder / "reference.npz", **found)
    with torch.no_grad(), nothing_padded(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        torch.onnx.export(
            WithFeatures(features, network).eval(),
            (0.1 * torch.randn(1, TRACED_SAMPLES),),
            str(folder / "ecapa.onnx"),
            input_names=["samples"],
            output_names=["embedding", "features"],
            dynamic_axes={
                "samples": {0: "batch", 1: "samples"},
                "embedding": {0: "batch"},
                "features": {0: "batch", 1: "frames"},
            },
            opset_version=OPSET,
        )


def main() -> int:
    """0 when it is done; 2 for other arguments."""
    match sys.argv[1:]:
        case ["seed", number, checkpoint]:
            seed(int(number), Path(checkpoint))
        case ["export", checkpoint, audio, folder]:
            export(Path(checkpoint), Path(audio), Path(folder))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
