"""How a process ends that has a fault of ours in it: one line in the log, no traceback, and no half-life."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import TracebackType

from agent.plumbing import audit

WORKER_DIED = 70
"""Exit status (EX_SOFTWARE of sysexits.h)."""


def end_with_any_thread() -> None:
    """From here on an exception that nobody catches, in whichever thread, ends the whole process."""
    threading.excepthook = lambda worker: _end(worker.exc_type, worker.exc_traceback)
    sys.excepthook = lambda kind, _, trace: _end(kind, trace)


def _end(kind: type[BaseException], trace: TracebackType | None) -> None:
    """The message of the exception is left out: it may quote what somebody said."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    audit.log("worker_died", detail=kind.__name__ + where)
    os._exit(WORKER_DIED)
