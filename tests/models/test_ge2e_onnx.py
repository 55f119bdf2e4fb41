"""The ONNX encoder computes what the network's equations say; its bytes depend only on the weights."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.hearing.onnx_session import onnxruntime  # silenced before it loads
from agent.model_store.ge2e_onnx import EMBEDDING, HIDDEN, LAYERS, MEL_BANDS, build_ge2e
from agent.plumbing.errors import ModelError
from tests.models.checkpoints import random_ge2e_weights

Float64 = NDArray[np.float64]


def _sigmoid(x: Float64) -> Float64:
    return 1.0 / (1.0 + np.exp(-x))


def _equations(weights: dict[str, Float64], mels: Float64) -> Float64:
    """Stacked LSTM (torch's documented equations, gates i f g o), linear, ReLU, L2, in float64."""
    sequence = mels
    for layer in range(LAYERS):
        w_in, w_hidden = weights[f"lstm.weight_ih_l{layer}"], weights[f"lstm.weight_hh_l{layer}"]
        bias = weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]
        hidden = np.zeros((len(mels), HIDDEN))
        cell = np.zeros_like(hidden)
        states = []
        for frame in range(sequence.shape[1]):
            i, f, g, o = np.split(sequence[:, frame] @ w_in.T + hidden @ w_hidden.T + bias, 4, axis=1)
            cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(g)
            hidden = _sigmoid(o) * np.tanh(cell)
            states.append(hidden)
        sequence = np.stack(states, axis=1)
    positive = np.maximum(sequence[:, -1] @ weights["linear.weight"].T + weights["linear.bias"], 0)
    return positive / np.linalg.norm(positive, axis=1, keepdims=True)


def _run(model: bytes, mels: NDArray[np.float32]) -> NDArray[np.float32]:
    return onnxruntime.InferenceSession(model).run(["embedding"], {"mels": mels})[0]


@pytest.mark.parametrize(("batch", "frames"), [(1, 160), (3, 40), (2, 1)])
def test_the_encoder_computes_the_equations(batch: int, frames: int) -> None:
    weights = random_ge2e_weights(seed=7)
    mels = np.random.default_rng(8).uniform(0, 2, (batch, frames, MEL_BANDS)).astype(np.float32)
    embedding = _run(build_ge2e(weights), mels)
    assert embedding.shape == (batch, EMBEDDING)
    assert embedding.dtype == np.float32
    exact = _equations({name: value.astype(float) for name, value in weights.items()}, mels.astype(float))
    np.testing.assert_allclose(embedding, exact, atol=2e-6)


def test_embeddings_have_unit_length_and_nothing_gives_zeros() -> None:
    weights = dict(random_ge2e_weights(seed=1))
    mels = np.ones((1, 160, MEL_BANDS), dtype=np.float32)
    assert np.linalg.norm(_run(build_ge2e(weights), mels)) == pytest.approx(1, abs=1e-5)
    weights["linear.weight"] = np.zeros_like(weights["linear.weight"])
    weights["linear.bias"] = -np.ones_like(weights["linear.bias"])
    assert not _run(build_ge2e(weights), mels).any()


def test_the_same_weights_give_the_same_bytes() -> None:
    assert build_ge2e(random_ge2e_weights(seed=3)) == build_ge2e(random_ge2e_weights(seed=3))
    assert build_ge2e(random_ge2e_weights(seed=3)) != build_ge2e(random_ge2e_weights(seed=4))


@pytest.mark.parametrize("fault", ["missing", "shape", "dtype", "nan"])
def test_weights_that_do_not_fit_are_refused(fault: str) -> None:
    weights = dict(random_ge2e_weights(seed=3))
    bias = weights.pop("linear.bias")
    if fault == "shape":
        weights["linear.bias"] = bias[:-1]
    elif fault == "dtype":
        weights["linear.bias"] = bias.astype(np.float64)  # type: ignore[assignment]
    elif fault == "nan":
        weights["linear.bias"] = np.full_like(bias, np.nan)
    with pytest.raises(ModelError) as refused:
        build_ge2e(weights)
    assert refused.value.code == "model_bad_checkpoint"
    assert "linear.bias" in refused.value.detail
