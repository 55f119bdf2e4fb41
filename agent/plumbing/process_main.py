"""How every process of the device begins and ends: settings, neighbours, its own parts, the tight filter."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.plumbing import arrivals, audit
from agent.plumbing.errors import EarmarkError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.last_words import end_with_any_thread
from agent.plumbing.sandbox import tighten
from agent.plumbing.service_manager import ServiceManager
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings

Work = Callable[[], None]
Prepare = Callable[[Settings, IpcConnection, Callable[[], None]], Work]
"""From the settings, the control connection and the heartbeat to what `run_process` runs: opens, loads and
starts whatever the tight filter would refuse."""


def run_process(
    name: str, prepare: Prepare, description: str | None, arguments: Sequence[str] | None = None
) -> int:
    """The `main` of the process `name`, as the launcher starts it: `--settings FILE`, and how its neighbours
    arrive (`agent.plumbing.arrivals`).

    0 when the work is over; 1 after an EarmarkError, which is one line in the log.
    """
    audit.set_process(name)
    end_with_any_thread()
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("--settings", type=Path, required=True)
    arrivals.add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.settings)
        manager = ServiceManager.from_environment()
        work = prepare(settings, arrivals.control_connection(options), manager.alive)
        tighten(name)
        manager.ready()
        work()
    except EarmarkError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return 1
    return 0
