"""The decoder in one graph with eight-bit weights computes what the two branches did, at each token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from agent.model_store.convert import convert
from agent.plumbing.errors import ModelError
from tests.models.test_ort_onnx import as_ort

_WIDTH, _TOKENS = 32, 64
_SCALE, _OFFSET = 0.01, -0.07
_PAST = ("past_key_values.0.decoder.key", "past_key_values.0.encoder.key")
_PRESENT = ("present.0.decoder.key", "present.0.encoder.key")


def _decoder(offset: float = _OFFSET) -> onnx.ModelProto:
    """As Moonshine base's is built, with next to nothing in it: a table of tokens that also gives the logits,
    a matrix that makes keys of the encoder's output, and a cache of the tokens."""
    rng = np.random.default_rng(4)
    tensors, nodes = [], []
    for name, shape in (("embed.weight", (_TOKENS, _WIDTH)), ("keys", (_WIDTH, _WIDTH))):
        tensors += [
            numpy_helper.from_array(rng.integers(-128, 128, shape).astype(np.int8), f"{name}_quantized"),
            numpy_helper.from_array(np.array([_SCALE], np.float32), f"{name}_scale"),
            numpy_helper.from_array(np.array([offset], np.float32), f"{name}_zero_point"),
        ]
        nodes += [
            helper.make_node("Cast", [f"{name}_quantized"], [f"{name}_cast"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}_cast", f"{name}_scale"], [f"{name}_mul"]),
            helper.make_node("Add", [f"{name}_mul", f"{name}_zero_point"], [f"{name}_add_tensor"]),
        ]

    def branch(name: str, cross: str, cross_nodes: list[onnx.NodeProto], kept: bool) -> onnx.GraphProto:
        row = f"{name}/row"
        if kept:
            cache = helper.make_node("Concat", [_PAST[0], row], [_PRESENT[0]], axis=1)
        else:
            cache = helper.make_node("Identity", [row], [_PRESENT[0]])
        steps = [
            helper.make_node("Gather", ["embed.weight_add_tensor", "input_ids"], [f"{name}/row"], axis=0),
            *cross_nodes,
            cache,
            helper.make_node("ReduceMean", [cross], [f"{name}/heard"], axes=[1], keepdims=1),
            helper.make_node("Add", [f"{name}/row", f"{name}/heard"], [f"{name}/sum"]),
            helper.make_node("Transpose", ["embed.weight_add_tensor"], [f"{name}/turned"], perm=[1, 0]),
            helper.make_node("MatMul", [f"{name}/sum", f"{name}/turned"], ["logits"]),
        ]
        outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in ("logits", *_PRESENT)]
        empty = [numpy_helper.from_array(np.zeros((0, 1, _WIDTH), np.float32), _PRESENT[1])] if kept else []
        return helper.make_graph(steps, name, [], outputs, empty)

    first = [helper.make_node("MatMul", ["encoder_hidden_states", "keys_add_tensor"], [_PRESENT[1]])]
    choice = helper.make_node(
        "If",
        ["use_cache_branch"],
        ["logits", *_PRESENT],
        then_branch=branch("then", _PAST[1], [], kept=True),
        else_branch=branch("else", _PRESENT[1], first, kept=False),
    )
    shapes: dict[str, list[int | str | None]] = {
        "encoder_hidden_states": [1, "frames", _WIDTH],
        **{name: [1, None, _WIDTH] for name in _PAST},
    }
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, 1]),
        helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1]),
        *(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()),
    ]
    outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in ("logits", *_PRESENT)]
    graph = helper.make_graph([*nodes, choice], "whole", inputs, outputs, tensors)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 14)])


def _run(model: bytes) -> list[np.ndarray]:
    """Logits and caches of two tokens, the second with the caches that the first left."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    heard = np.random.default_rng(5).normal(0, 1, (1, 3, _WIDTH)).astype(np.float32)
    own, cross = np.zeros((1, 0, _WIDTH), np.float32), np.zeros((1, 3, _WIDTH), np.float32)
    results = []
    for token, later in ((7, False), (9, True)):
        feed = {"input_ids": np.array([[token]]), "use_cache_branch": np.array([later])}
        feed |= {"encoder_hidden_states": heard, _PAST[0]: own, _PAST[1]: cross}
        wanted = ["logits", _PRESENT[0]] if later else ["logits", *_PRESENT]
        logits, own, *rest = session.run(wanted, feed)
        cross = rest[0] if rest else cross
        results += [logits, own, cross]
    return results


def test_each_token_is_computed_as_before(tmp_path: Path) -> None:
    source = as_ort(_decoder(), tmp_path)
    before, after = _run(source), _run(convert("moonshine-decoder-from-ort", source))
    assert [value.shape for value in after] == [value.shape for value in before]
    for one, two in zip(before, after, strict=True):
        assert np.abs(one - two).max() < 0.02 * np.abs(one).max()  # one factor is rounded to eight bits
    assert np.allclose(before[4], after[4], atol=1e-6)  # rows of the table are not


def test_the_weights_stay_as_they_are_stored_and_are_there_once(tmp_path: Path) -> None:
    converted = onnx.load_from_string(convert("moonshine-decoder-from-ort", as_ort(_decoder(), tmp_path)))
    matrices = {
        t.name: numpy_helper.to_array(t) for t in converted.graph.initializer if t.name.endswith("_blocks")
    }
    assert {name: (m.size, str(m.dtype)) for name, m in matrices.items()} == {
        "embed.weight_blocks": (_TOKENS * _WIDTH, "uint8"),
        "keys_blocks": (_WIDTH * _WIDTH, "uint8"),
    }


def test_a_matrix_whose_zero_is_no_byte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as refused:
        convert("moonshine-decoder-from-ort", as_ort(_decoder(offset=0.005), tmp_path))
    assert refused.value.code == "model_bad_checkpoint"


def test_the_same_bytes_come_out_each_time(tmp_path: Path) -> None:
    source = as_ort(_decoder(), tmp_path)
    assert convert("moonshine-decoder-from-ort", source) == convert("moonshine-decoder-from-ort", source)
