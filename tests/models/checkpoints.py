"""Writes torch checkpoints of the legacy format (before torch 1.6) without torch, for the reader's tests."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.model_store.ge2e_onnx import HIDDEN, expected_shapes


class Storage:
    """What stands behind a tensor in the file; pickled as a persistent id."""

    def __init__(self, key: str, values: NDArray[Any], kind: str = "FloatStorage") -> None:
        self.key, self.values, self.kind = key, values, kind


class Tensor:
    """A view of a storage; pickles as torch's `_rebuild_tensor_v2` call with these arguments."""

    def __init__(self, storage: object, offset: Any, shape: Any, strides: Any, build: Any = None) -> None:
        self.arguments = (storage, offset, shape, strides, False, OrderedDict())
        self.build = build  # a state that the pickle sets on the tensor afterwards

    def __reduce__(self) -> tuple[Any, ...]:
        call = (sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments)
        return call if self.build is None else (*call, self.build)


def whole(key: str, values: NDArray[Any]) -> Tensor:
    """A contiguous tensor that is all of its storage."""
    flat = np.ascontiguousarray(values)
    strides = tuple(stride // flat.itemsize for stride in flat.strides)
    return Tensor(Storage(key, flat.ravel()), 0, flat.shape, strides)


@contextmanager
def _torch_names() -> Iterator[types.ModuleType]:
    """Modules of torch's names, only so that the pickler can write references to them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "DoubleStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    exec("def _rebuild_tensor_v2(*arguments): raise NotImplementedError", utils.__dict__)
    utils.__dict__["_rebuild_tensor_v2"].__module__ = "torch._utils"
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules |= {"torch": torch, "torch._utils": utils}
    try:
        yield torch
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def write_checkpoint(content: object) -> bytes:
    """`content` (tables with Tensor leaves) as torch.save wrote it."""
    stored: dict[str, Storage] = {}

    with _torch_names() as torch:

        class Pickler(pickle.Pickler):
            def persistent_id(self, value: object) -> object:
                if not isinstance(value, Storage):
                    return None
                stored[value.key] = value
                return ("storage", getattr(torch, value.kind), value.key, "cpu", value.values.size, None)

        stream = io.BytesIO()
        pickle.dump(0x1950A86A20F9469CFC6C, stream, protocol=2)
        pickle.dump(1001, stream, protocol=2)
        pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, stream, protocol=2)
        Pickler(stream, protocol=2).dump(content)
        pickle.dump(sorted(stored), stream, protocol=2)
    for key in sorted(stored):
        values = stored[key].values
        stream.write(struct.pack("<q", values.size) + values.tobytes())
    return stream.getvalue()


def random_ge2e_weights(seed: int) -> Mapping[str, NDArray[np.float32]]:
    """Weights of the encoder's shapes, as torch initialises an LSTM: uniform within 1 / sqrt(hidden)."""
    random = np.random.default_rng(seed)
    bound = HIDDEN**-0.5
    return {
        name: random.uniform(-bound, bound, shape).astype(np.float32)
        for name, shape in expected_shapes().items()
    }
