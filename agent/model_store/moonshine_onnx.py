"""Moonshine base's decoder as this product runs it: one graph instead of two, its weights left at the eight
bits they are published with.

The published file holds the decoder twice, in the branches of an `If`: for the first token, and for later
ones. ONNX Runtime would hold the weights of both, as float: 330 MB. What differs is only where the keys and
values of the encoder's output come from, so that alone stays in an `If`; before the first token the caches of
the tokens are merely empty. A product with an eight-bit matrix is left to `MatMulNBits`, which takes the
matrix as it is and rounds the other factor to eight bits, block by block: 80 MB, and half the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from agent.model_store.ort_onnx import onnx_from_ort
from agent.plumbing.errors import ModelError

_BLOCK = 32  # weights with one scale; divides every width of the model
_ROUNDED_FACTOR = 4  # MatMulNBits: the other factor is rounded to int8 as well
_INT8_TO_UINT8 = 128
_STORED, _CAST = "_quantized", "_add_tensor"  # a matrix as it is stored, and as the graph casts it to float
_CROSS = ".encoder."
_FIRST, _LATER = "first/", "later/"


def moonshine_decoder_from_ort(source: bytes) -> bytes:
    """Serialised ONNX with the inputs and outputs of `source`. Raises ModelError model_bad_checkpoint where
    that is no such decoder."""
    model = onnx.load_from_string(onnx_from_ort(source))
    try:
        decoder = _Decoder(model.graph)
        result = helper.make_model(
            decoder.graph(),
            opset_imports=[*model.opset_import, helper.make_opsetid("com.microsoft", 1)],
            ir_version=model.ir_version,
        )
    except (StopIteration, KeyError, ValueError, IndexError) as error:
        raise ModelError(
            "model_bad_checkpoint",
            f"no decoder of Moonshine base: {type(error).__name__}: {error}",
            "fetch the file anew from its listed source: earmark models fetch",
        ) from error
    serialised: bytes = result.SerializeToString(deterministic=True)
    return serialised


class _Decoder:
    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._made: dict[str, onnx.TensorProto] = {}

    def graph(self) -> onnx.GraphProto:
        choice = next(node for node in self._graph.node if node.op_type == "If")
        branches = {attribute.name: attribute.g for attribute in choice.attribute}
        cross = [output.name for output in self._graph.output if _CROSS in output.name]
        past = {name.replace("present", "past_key_values", 1): name for name in cross}
        first = self._branch(self._rewritten(_needed(branches["else_branch"], cross)), cross)
        kept = [helper.make_node("Identity", [held], [_LATER + name]) for held, name in past.items()]
        keys_and_values = helper.make_node(
            "If",
            list(choice.input),
            cross,
            else_branch=first,
            then_branch=_subgraph("later", kept, [_LATER + name for name in cross]),
        )
        steps = [_renamed(node, past, {}) for node in branches["then_branch"].node]
        nodes = [keys_and_values, *self._rewritten(steps)]
        used = {name for node in (*nodes, *first.node) for name in node.input}
        tensors = self._stored | self._made
        inputs, outputs = list(self._graph.input), list(self._graph.output)
        held = [tensor for name, tensor in tensors.items() if name in used]
        return helper.make_graph(nodes, "main", inputs, outputs, held)

    def _branch(self, nodes: Iterable[onnx.NodeProto], outputs: Sequence[str]) -> onnx.GraphProto:
        """`nodes` with all that they make under names of their own."""
        nodes = list(nodes)
        names = {name: _FIRST + name for node in nodes for name in node.output}
        return _subgraph(
            "first", [_renamed(node, names, names) for node in nodes], [names[o] for o in outputs]
        )

    def _rewritten(self, nodes: Iterable[onnx.NodeProto]) -> list[onnx.NodeProto]:
        turned: dict[str, str] = {}
        result: list[onnx.NodeProto] = []
        for node in nodes:
            if node.op_type == "Transpose" and node.input[0].endswith(_CAST):
                turned[node.output[0]] = node.input[0]
            elif node.op_type == "MatMul" and node.input[1] in turned:
                result.append(self._product(node, turned[node.input[1]], turned=True))
            elif node.op_type == "MatMul" and node.input[1].endswith(_CAST):
                result.append(self._product(node, node.input[1], turned=False))
            elif node.op_type == "Gather" and node.input[0].endswith(_CAST):
                result += self._rows(node)
            else:
                result.append(node)
        return result

    def _product(self, node: onnx.NodeProto, matrix: str, *, turned: bool) -> onnx.NodeProto:
        base, rows, columns = self._blocks(matrix, turned=turned)
        return helper.make_node(
            "MatMulNBits",
            [node.input[0], f"{base}_blocks", f"{base}_scales", f"{base}_zeros"],
            list(node.output),
            name=node.name,
            domain="com.microsoft",
            K=columns,
            N=rows,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=_ROUNDED_FACTOR,
        )

    def _rows(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """The rows of an eight-bit table as float: exactly those of the table cast as a whole."""
        base, _, _ = self._blocks(node.input[0], turned=True)
        scale, zero = self._scale_and_zero(base)
        made = node.output[0]
        constants: dict[str, npt.NDArray[Any]] = {
            "one_row": np.array([0, 0, -1], np.int64),
            "row_zero": np.array([zero], np.float32),
            "row_scale": np.array([scale], np.float32),
        }
        for name, values in constants.items():
            self._keep(name, values)
        return [
            helper.make_node("Gather", [f"{base}_blocks", node.input[1]], [f"{made}_blocks"], axis=0),
            helper.make_node("Cast", [f"{made}_blocks"], [f"{made}_cast"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", [f"{made}_cast", "one_row"], [f"{made}_row"]),
            helper.make_node("Sub", [f"{made}_row", "row_zero"], [f"{made}_centred"]),
            helper.make_node("Mul", [f"{made}_centred", "row_scale"], [made]),
        ]

    def _blocks(self, matrix: str, *, turned: bool) -> tuple[str, int, int]:
        """Keeps the matrix, of which each row makes one output, as MatMulNBits takes it; `turned`: it is
        stored that way. Gives the name it is kept under, rows and columns."""
        base = matrix.removesuffix(_CAST)
        stored = numpy_helper.to_array(self._stored[base + _STORED])
        values = (stored if turned else stored.T).astype(np.int16) + _INT8_TO_UINT8
        rows, columns = values.shape
        if columns % _BLOCK:
            raise ValueError(f"{base}: {columns} columns are no multiple of {_BLOCK}")
        scale, zero = self._scale_and_zero(base)
        blocks = columns // _BLOCK
        self._keep(f"{base}_blocks", values.astype(np.uint8).reshape(rows, blocks, _BLOCK))
        self._keep(f"{base}_scales", np.full(rows * blocks, scale, np.float32))
        self._keep(f"{base}_zeros", np.full(rows * blocks, zero, np.uint8))
        return base, rows, columns

    def _scale_and_zero(self, base: str) -> tuple[float, int]:
        """Of the whole matrix; the value that stands for zero as uint8."""
        scale = float(numpy_helper.to_array(self._stored[f"{base}_scale"]).item())
        offset = float(numpy_helper.to_array(self._stored[f"{base}_zero_point"]).item())
        zero = _INT8_TO_UINT8 - offset / scale
        if abs(zero - round(zero)) > 1e-3 or not 0 <= round(zero) <= 255:
            raise ValueError(f"{base}: {zero} stands for zero, which is no byte")
        return scale, round(zero)

    def _keep(self, name: str, values: npt.NDArray[Any]) -> None:
        self._made[name] = numpy_helper.from_array(values, name)


def _needed(graph: onnx.GraphProto, outputs: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that `outputs` depend on, in their order."""
    wanted = set(outputs)
    nodes: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            nodes.append(node)
            wanted.update(node.input)
    return nodes[::-1]


def _renamed(node: onnx.NodeProto, inputs: dict[str, str], outputs: dict[str, str]) -> onnx.NodeProto:
    renamed = onnx.NodeProto()
    renamed.CopyFrom(node)
    renamed.input[:] = [inputs.get(name, name) for name in node.input]
    renamed.output[:] = [outputs.get(name, name) for name in node.output]
    return renamed


def _subgraph(name: str, nodes: Sequence[onnx.NodeProto], outputs: Iterable[str]) -> onnx.GraphProto:
    values = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None) for output in outputs]
    return helper.make_graph(nodes, name, [], values)
