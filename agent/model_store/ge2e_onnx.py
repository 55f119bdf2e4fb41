"""Build the GE2E speaker encoder as an ONNX model, byte for byte the same on every machine.

The network is that of Wan et al., "Generalized End-to-End Loss for Speaker Verification" (arXiv:1710.10467),
as Resemblyzer 0.1.4 trained it: three LSTM layers of 256 cells on 40 mel bands, a linear layer on the last
hidden state, ReLU, L2 normalisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from agent.plumbing.errors import ModelError

MEL_BANDS = 40
HIDDEN = 256
LAYERS = 3
EMBEDDING = 256

_IR_VERSION = 8
_OPSET = 18
_SMALLEST_NORM = 1e-12  # silence must give zeros, not NaN

Float32 = NDArray[np.float32]


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor the encoder needs from the checkpoint."""
    shapes: dict[str, tuple[int, ...]] = {"linear.weight": (EMBEDDING, HIDDEN), "linear.bias": (EMBEDDING,)}
    for layer in range(LAYERS):
        shapes[f"lstm.weight_ih_l{layer}"] = (4 * HIDDEN, MEL_BANDS if layer == 0 else HIDDEN)
        shapes[f"lstm.weight_hh_l{layer}"] = (4 * HIDDEN, HIDDEN)
        shapes[f"lstm.bias_ih_l{layer}"] = (4 * HIDDEN,)
        shapes[f"lstm.bias_hh_l{layer}"] = (4 * HIDDEN,)
    return shapes


def build_ge2e(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """The encoder as serialised ONNX.

    Input `mels` float32 [batch, frames, 40]; output `embedding` float32 [batch, 256] of unit length.

    Raises ModelError model_bad_checkpoint when a tensor is missing, of another shape or type, or not finite.
    """
    for name, shape in expected_shapes().items():
        tensor = weights.get(name)
        if (
            tensor is None
            or tensor.shape != shape
            or tensor.dtype != np.float32
            or not np.isfinite(tensor).all()
        ):
            raise ModelError(
                "model_bad_checkpoint",
                f"{name}: wanted finite float32 {list(shape)}, found "
                + ("nothing" if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"),
                "fetch the file anew from its listed source: earmark models fetch",
            )
    constants: list[onnx.TensorProto] = [
        _integers("axis_time_first_direction", [1]),
        _integers("axis_last_direction", [0]),
        _floats("smallest_norm", np.array(_SMALLEST_NORM, dtype=np.float32)),
        _floats("linear.weight", weights["linear.weight"]),
        _floats("linear.bias", weights["linear.bias"]),
    ]
    nodes = [helper.make_node("Transpose", ["mels"], ["frames_first"], perm=[1, 0, 2])]
    sequence = "frames_first"
    for layer in range(LAYERS):
        constants += _lstm_constants(weights, layer)
        inputs = [sequence, f"W{layer}", f"R{layer}", f"B{layer}"]
        last = layer == LAYERS - 1
        outputs = ["", "hidden"] if last else [f"Y{layer}"]
        nodes.append(helper.make_node("LSTM", inputs, outputs, hidden_size=HIDDEN))
        if not last:
            sequence = f"sequence{layer}"
            nodes.append(helper.make_node("Squeeze", [f"Y{layer}", "axis_time_first_direction"], [sequence]))
    nodes += [
        helper.make_node("Squeeze", ["hidden", "axis_last_direction"], ["last_hidden"]),
        helper.make_node("Gemm", ["last_hidden", "linear.weight", "linear.bias"], ["projected"], transB=1),
        helper.make_node("Relu", ["projected"], ["positive"]),
        helper.make_node("ReduceL2", ["positive", "axis_time_first_direction"], ["norm"], keepdims=1),
        helper.make_node("Max", ["norm", "smallest_norm"], ["safe_norm"]),
        helper.make_node("Div", ["positive", "safe_norm"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "ge2e",
        [helper.make_tensor_value_info("mels", TensorProto.FLOAT, ["batch", "frames", MEL_BANDS])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", EMBEDDING])],
        constants,
    )
    model = helper.make_model(
        graph,
        producer_name="earmark",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def _lstm_constants(weights: Mapping[str, NDArray[Any]], layer: int) -> list[onnx.TensorProto]:
    """W, R and B of one layer, direction axis in front, gates reordered from torch's ifgo to ONNX's iofc."""
    bias = [_gates_iofc(weights[f"lstm.bias_{side}_l{layer}"]) for side in ("ih", "hh")]
    return [
        _floats(f"W{layer}", _gates_iofc(weights[f"lstm.weight_ih_l{layer}"])[None]),
        _floats(f"R{layer}", _gates_iofc(weights[f"lstm.weight_hh_l{layer}"])[None]),
        _floats(f"B{layer}", np.concatenate(bias)[None]),
    ]


def _gates_iofc(stacked: NDArray[Any]) -> NDArray[Any]:
    i, f, g, o = np.split(stacked, 4)
    return np.concatenate([i, o, f, g])


def _floats(name: str, value: NDArray[Any]) -> onnx.TensorProto:
    data = np.ascontiguousarray(value, dtype="<f4").tobytes()
    return helper.make_tensor(name, TensorProto.FLOAT, value.shape, data, raw=True)


def _integers(name: str, value: list[int]) -> onnx.TensorProto:
    return helper.make_tensor(
        name, TensorProto.INT64, [len(value)], np.array(value, dtype="<i8").tobytes(), raw=True
    )
