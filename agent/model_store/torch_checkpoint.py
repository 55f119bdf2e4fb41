"""Read the weights of a torch checkpoint without torch, and without trusting the file.

A checkpoint is a pickle, and a pickle can call anything. This reader resolves a few names (the ordered dict,
"rebuild a tensor", the storage types) to inert values of its own and refuses every other one, so that nothing
of the file's choosing ever runs. It reads the format that `torch.save` wrote before torch 1.6: five pickles
(magic, protocol, system, object, storage keys), then for each key its element count (int64) and raw elements
(torch/serialization.py, `_legacy_load`).
"""

from __future__ import annotations

import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from agent.plumbing.errors import ModelError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_NEXT_STEP = "fetch the file anew from its listed source: earmark models fetch"

_STORAGE_TYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ByteStorage": np.dtype("u1"),
}


# Tuples, because a pickle may set attributes (BUILD) on whatever else it has made.
class _StorageType(NamedTuple):
    dtype: np.dtype[Any]


class _Storage(NamedTuple):
    key: str
    dtype: np.dtype[Any]
    first: int  # elements before this view of the stored block


class _TensorView(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(
    storage: object, offset: object, shape: object, strides: object, *_ignored: object
) -> _TensorView:
    if isinstance(storage, _Storage) and isinstance(shape, tuple) and isinstance(strides, tuple):
        numbers = (storage.first, offset, *shape, *strides)
        if len(shape) == len(strides) and all(type(number) is int and number >= 0 for number in numbers):
            return _TensorView(storage, numbers[1], shape, strides)
    return _damaged("a tensor without a usable place")


def _damaged(what: str) -> NoReturn:
    raise ModelError("model_bad_checkpoint", f"the torch checkpoint holds {what}", _NEXT_STEP)


class _InertUnpickler(pickle._Unpickler):
    """Resolves only the names that a plain state dict needs; everything else is refused.

    The standard library's Python unpickler, because the C one grows its memo to whatever index a file names.
    """

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _STORAGE_TYPES:
            return _StorageType(_STORAGE_TYPES[name])
        raise ModelError(
            "model_unsafe_pickle",
            f"the checkpoint wants to load {module}.{name}; it was not opened further",
            _NEXT_STEP,
        )

    def persistent_load(self, pid: object) -> _Storage:
        match pid:
            case ("storage", _StorageType() as kind, str(key), str(), int(), None):
                return _Storage(key, kind.dtype, 0)
            case ("storage", _StorageType() as kind, str(key), str(), int(), (_, int(first), int())):
                return _Storage(key, kind.dtype, first)
        _damaged("an unknown kind of stored block")


def read_state_dict(checkpoint: bytes, entry: str) -> dict[str, NDArray[Any]]:
    """The tensors under `entry` of a legacy-format checkpoint, by name, as contiguous arrays.

    Raises ModelError: model_unsafe_pickle (a name outside the allowed few), model_bad_checkpoint (not this
    format, cut short, or a tensor that reaches outside its storage).
    """
    try:
        return _read_state_dict(io.BytesIO(checkpoint), entry)
    except ModelError:
        raise
    except Exception as error:  # a damaged pickle can end in nearly any class
        detail = f"unreadable: {type(error).__name__}: {error}"
        raise ModelError("model_bad_checkpoint", detail, _NEXT_STEP) from error


def _read_state_dict(stream: io.BytesIO, entry: str) -> dict[str, NDArray[Any]]:
    if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
        _damaged("no legacy torch header")
    system = _load(stream)
    if not (isinstance(system, dict) and system.get("little_endian") is True):
        _damaged("big-endian numbers")
    saved = _load(stream)
    keys = _load(stream)
    if not isinstance(saved, Mapping) or not isinstance(saved.get(entry), Mapping):
        _damaged(f"no table {entry!r}")
    views = {name: value for name, value in saved[entry].items() if isinstance(value, _TensorView)}
    blocks = _read_blocks(stream, keys, _dtypes_by_key(saved))
    return {str(name): _materialise(str(name), view, blocks) for name, view in views.items()}


def _load(stream: io.BytesIO) -> Any:
    return _InertUnpickler(stream).load()


def _dtypes_by_key(saved: object) -> dict[str, np.dtype[Any]]:
    """Element type of every storage that some tensor in `saved` stands on."""
    found: dict[str, np.dtype[Any]] = {}
    waiting = [saved]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, _TensorView):
            found[value.storage.key] = value.storage.dtype
        elif isinstance(value, (Mapping, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend(value.values() if isinstance(value, Mapping) else value)
    return found


def _read_blocks(
    stream: io.BytesIO, keys: object, dtypes: Mapping[str, np.dtype[Any]]
) -> dict[str, NDArray[Any]]:
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        _damaged("no list of storages")
    blocks: dict[str, NDArray[Any]] = {}
    for key in keys:
        if key not in dtypes:
            _damaged("a storage that no tensor uses")
        count = int.from_bytes(stream.read(8), "little", signed=True)
        size = count * dtypes[key].itemsize
        raw = stream.read(size) if count > 0 else b""
        if count < 0 or len(raw) != size:
            _damaged("a storage that is cut short")
        blocks[key] = np.frombuffer(raw, dtype=dtypes[key])
    return blocks


def _materialise(name: str, view: _TensorView, blocks: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    block = blocks.get(view.storage.key)
    if block is None:
        _damaged(f"tensor {name!r} without its storage")
    start = view.storage.first + view.offset
    strides = [stride if size > 1 else 0 for size, stride in zip(view.shape, view.strides, strict=True)]
    last = start + sum((size - 1) * stride for size, stride in zip(view.shape, strides, strict=True))
    # as_strided reads wherever it is told to, and repeated elements could ask for any amount of memory
    if 0 in view.shape or last >= block.size or math.prod(view.shape) > block.size:
        _damaged(f"tensor {name!r} that reaches outside its storage")
    byte_strides = [stride * block.itemsize for stride in strides]
    return np.ascontiguousarray(
        np.lib.stride_tricks.as_strided(block[start:], view.shape, byte_strides, writeable=False)
    )
