"""The checkpoint reader gives the tensors, and nothing in a file can make it do anything else."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model_store.torch_checkpoint import read_state_dict
from agent.plumbing.errors import ModelError
from tests.models.checkpoints import Storage, Tensor, whole, write_checkpoint

_MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
_GOOD = write_checkpoint({"model_state": OrderedDict(a=whole("1", _MATRIX), b=whole("2", _MATRIX[0]))})


def test_tensors_come_back_by_name() -> None:
    weights = read_state_dict(_GOOD, "model_state")
    assert list(weights) == ["a", "b"]
    np.testing.assert_array_equal(weights["a"], _MATRIX)
    np.testing.assert_array_equal(weights["b"], _MATRIX[0])


def test_views_share_a_storage() -> None:
    storage = Storage("1", np.arange(10, dtype=np.float32))
    state = {"tail": Tensor(storage, 4, (6,), (1,)), "transposed": Tensor(storage, 0, (2, 3), (1, 2))}
    weights = read_state_dict(write_checkpoint({"model_state": state}), "model_state")
    np.testing.assert_array_equal(weights["tail"], np.arange(4, 10))
    np.testing.assert_array_equal(weights["transposed"], [[0, 2, 4], [1, 3, 5]])


def test_other_entries_are_read_past() -> None:
    content = {"optimizer": {"state": [whole("1", _MATRIX)]}, "model_state": {"b": whole("2", _MATRIX[1])}}
    weights = read_state_dict(write_checkpoint(content), "model_state")
    np.testing.assert_array_equal(weights["b"], _MATRIX[1])


class _Calls:
    def __init__(self, function: Any, *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[object, ...]]:
        return self._call


@pytest.mark.parametrize("function", [os.mkdir, os.system, eval, getattr, __import__])
def test_a_pickle_that_calls_anything_is_refused_unexecuted(function: Any, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    argument = str(trace) if function is os.mkdir else f"__import__('os').mkdir({str(trace)!r})"
    unsafe = write_checkpoint({"model_state": {"a": _Calls(function, argument)}})
    with pytest.raises(ModelError) as refused:
        read_state_dict(unsafe, "model_state")
    assert refused.value.code == "model_unsafe_pickle"
    assert not trace.exists()


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(Storage("1", _MATRIX.ravel()), 8, (3, 4), (4, 1)),
        Tensor(Storage("1", _MATRIX.ravel()), -1, (2,), (1,)),
        Tensor(Storage("1", _MATRIX.ravel()), 0, (10**9, 10**9), (0, 0)),
        Tensor(Storage("1", _MATRIX.ravel()), 0, (2,), (-1,)),
        Tensor(Storage("1", _MATRIX.ravel()), 0, (2, 2), (1,)),
        Tensor(Storage("1", _MATRIX.ravel()), 0, 5, (1,)),
        Tensor(Storage("1", _MATRIX.ravel()), "0", (2,), (1,)),
        Tensor("no storage", 0, (2,), (1,)),
    ],
)
def test_a_tensor_that_reaches_outside_its_storage_is_refused(tensor: Tensor) -> None:
    with pytest.raises(ModelError) as refused:
        read_state_dict(write_checkpoint({"model_state": {"a": tensor}}), "model_state")
    assert refused.value.code == "model_bad_checkpoint"


@pytest.mark.parametrize("content", [{}, {"model_state": 7}, [1, 2], {"other": {}}])
def test_a_checkpoint_without_the_table_is_refused(content: object) -> None:
    with pytest.raises(ModelError) as refused:
        read_state_dict(write_checkpoint(content), "model_state")
    assert refused.value.code == "model_bad_checkpoint"


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_model_error(data: bytes) -> None:
    with pytest.raises(ModelError):
        read_state_dict(data, "model_state")


@given(st.integers(0, len(_GOOD) - 1))
def test_a_file_cut_short_is_refused(length: int) -> None:
    with pytest.raises(ModelError):
        read_state_dict(_GOOD[:length], "model_state")


def test_any_flipped_byte_of_the_pickles_ends_in_tensors_or_a_model_error() -> None:
    numbers = _MATRIX.nbytes + _MATRIX[0].nbytes + 2 * 8
    tried = 0
    for place in range(len(_GOOD) - numbers):
        for value in (0, 1, 0x7F, 0x80, 0xFF, *b"bcRQqrjJ(t.0N]}su\x8a\x8b\x93\x95"):
            damaged = _GOOD[:place] + bytes([value]) + _GOOD[place + 1 :]
            try:
                weights = read_state_dict(damaged, "model_state")
            except ModelError:
                tried += 1
                continue
            assert all(isinstance(tensor, np.ndarray) for tensor in weights.values())
    assert tried > 1000


def _patched(good: bytes, old: bytes, new: bytes) -> bytes:
    assert good.count(old) == 1
    return good.replace(old, new)


def test_a_memo_index_of_two_thousand_million_costs_no_memory() -> None:
    """LONG_BINPUT with a huge index makes the C unpickler allocate for all indices below it."""
    start = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
    hostile = _patched(_GOOD, start, start[:-1] + b"r" + (2**31 - 2).to_bytes(4, "little") + b".")
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({4 << 30}, {4 << 30}))"
    module = read_state_dict.__module__
    read = f"from {module} import read_state_dict; print(*read_state_dict({hostile!r}, 'model_state'))"
    ended = subprocess.run(
        [sys.executable, "-c", f"{limited}; {read}"], capture_output=True, text=True, check=False
    )
    assert ended.stdout.split() == ["a", "b"], ended.stderr


def test_build_cannot_change_a_checked_tensor() -> None:
    """BUILD sets attributes past __init__; the strides that were checked must stay those that are used."""
    state = {
        "a": Tensor(Storage("1", _MATRIX.ravel()), 0, (2,), (1,), build={"strides": (-100,), "offset": 0})
    }
    with pytest.raises(ModelError) as refused:
        read_state_dict(write_checkpoint({"model_state": state}), "model_state")
    assert refused.value.code == "model_bad_checkpoint"
