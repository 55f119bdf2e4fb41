"""`earmark run`: the device's processes under one supervisor, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
from functools import partial

from agent.committing.next_key import finish_before_start
from agent.plumbing.settings_file import load_settings
from agent.plumbing.supervisor import Supervisor


def run(arguments: argparse.Namespace) -> int:
    """Runs the device in the foreground."""
    settings = load_settings(arguments.settings)
    finish = partial(finish_before_start, settings, arguments.settings)
    with Supervisor(arguments.settings, before_start={"till": finish}) as supervisor:
        supervisor.wait_ready()
        print("Listening. Ctrl-C stops it.", flush=True)
        supervisor.run_until_signal()
    return 0
