"""ONNX Runtime sessions as this product wants them: on the CPU, few threads, silent, and sending nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path
from typing import Any

from agent.plumbing.errors import ModelError
from agent.plumbing.free_memory import give_back_memory

# Read when the library loads: its Linux wheels report by default from 1.29 on.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

_M_MMAP_THRESHOLD = -3  # of mallopt(3)
_LARGE_BYTES = 1 << 20


def _return_large_blocks() -> None:
    """A large block goes back to the system when it is freed. Left to itself the C library raises what it
    calls large to 32 MB as models are loaded, and keeps 45 MB in holes between what is still in use."""
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


_return_large_blocks()


def open_session(path: Path, *, threads: int = 1) -> Any:
    """An `onnxruntime.InferenceSession` for the model file. Raises ModelError: model_missing,
    model_damaged.
    """
    if not path.is_file():
        raise ModelError("model_missing", f"{path} is not there", "earmark models fetch")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # What a run took can go back to the system: an arena would keep the most that was ever needed, 65 MB for
    # five seconds of speech. The time is the same.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises a dozen unrelated classes for a bad file
        raise ModelError(
            "model_damaged", f"{path}: {type(error).__name__}", "earmark models fetch"
        ) from error
    give_back_memory()
    return session
