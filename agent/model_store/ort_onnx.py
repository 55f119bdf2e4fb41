"""An ONNX model out of one in ONNX Runtime's own `.ort` format: the same graph and weights, free to be
optimised when it is loaded.

Moonshine's base model is published with int8 weights that its graph casts to float in every step. ONNX
Runtime takes an `.ort` file as it is; of an ONNX file it folds the casts once, while loading, and a step of
the decoder takes a seventh of the time.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import onnx

from agent.plumbing.errors import ModelError

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when the library loads

import onnxruntime


def onnx_from_ort(source: bytes) -> bytes:
    """The model as serialised ONNX. Raises ModelError model_bad_checkpoint where `source` is no such
    model."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.add_session_config_entry("session.load_model_format", "ORT")
    options.add_session_config_entry("session.save_model_format", "ONNX")
    with tempfile.TemporaryDirectory() as work:
        saved = Path(work) / "model.onnx"
        options.optimized_model_filepath = str(saved)
        try:
            onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
            model = onnx.load(saved)
        except Exception as error:  # the library raises a dozen unrelated classes for a bad file
            raise ModelError(
                "model_bad_checkpoint",
                f"no .ort model: {type(error).__name__}",
                "fetch the file anew from its listed source: earmark models fetch",
            ) from error
    _name(model.graph, "main")
    used = [opset for opset in model.opset_import if opset.domain == ""]
    del model.opset_import[:]
    model.opset_import.extend(used)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def _name(graph: onnx.GraphProto, name: str) -> None:
    """Graphs lose their names in the `.ort` format; in ONNX they must have one."""
    graph.name = name
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _name(attribute.g, attribute.name)
