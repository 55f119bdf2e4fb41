"""A model in ONNX Runtime's own format becomes ONNX: the same results, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from agent.model_store.convert import convert
from agent.model_store.ort_onnx import onnx_from_ort
from agent.plumbing.errors import ModelError


def _branching_model() -> onnx.ModelProto:
    """y = 2x where `doubled`, else x + 1; the weights are int8 and cast in the graph, as Moonshine's are."""
    two, one = (
        helper.make_tensor(name, TensorProto.INT8, [1], [value]) for name, value in (("two", 2), ("one", 1))
    )

    def branch(name: str, operation: str, weight: str) -> onnx.GraphProto:
        nodes = [
            helper.make_node("Cast", [weight], [f"{weight}_float"], to=TensorProto.FLOAT),
            helper.make_node(operation, ["x", f"{weight}_float"], [f"y_{name}"]),
        ]
        return helper.make_graph(
            nodes, name, [], [helper.make_tensor_value_info(f"y_{name}", TensorProto.FLOAT, ["n"])]
        )

    choice = helper.make_node(
        "If",
        ["doubled"],
        ["y"],
        then_branch=branch("then", "Mul", "two"),
        else_branch=branch("else", "Add", "one"),
    )
    graph = helper.make_graph(
        [choice],
        "whole",
        [
            helper.make_tensor_value_info("doubled", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])],
        [two, one],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 14)])


def as_ort(model: onnx.ModelProto, work: Path) -> bytes:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(work / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return (work / "model.ort").read_bytes()


@pytest.mark.parametrize("doubled", [True, False])
def test_the_converted_model_computes_the_same_in_both_branches(tmp_path: Path, doubled: bool) -> None:
    converted = onnx_from_ort(as_ort(_branching_model(), tmp_path))
    onnx.checker.check_model(onnx.load_from_string(converted))
    session = onnxruntime.InferenceSession(converted, providers=["CPUExecutionProvider"])
    x = np.array([1.5, -3.0], np.float32)
    (y,) = session.run(["y"], {"doubled": np.array(doubled), "x": x})
    assert y.tolist() == (2 * x if doubled else x + 1).tolist()


def test_the_same_bytes_come_out_each_time(tmp_path: Path) -> None:
    source = as_ort(_branching_model(), tmp_path)
    assert onnx_from_ort(source) == onnx_from_ort(source)


@pytest.mark.parametrize("source", [b"", b"not a model", b"ORTM" * 50])
def test_what_is_no_such_model_is_refused(source: bytes) -> None:
    with pytest.raises(ModelError) as refused:
        onnx_from_ort(source)
    assert refused.value.code == "model_bad_checkpoint"


def test_a_step_that_is_not_known_is_refused() -> None:
    with pytest.raises(ModelError) as refused:
        convert("by-magic", b"")
    assert refused.value.code == "model_unknown_step"
