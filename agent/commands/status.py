"""`earmark status`: what the device is doing, in one line, for those who do not hear it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from agent.commands.operators import OperatorClient
from agent.plumbing import operator
from agent.plumbing.settings_file import load_settings

_LOOK_S = 0.2
WORDS = {
    "ready": "ready: say the wake word",
    "listening": "listening",
    "heard": "heard you, one moment",
    "refused": "refused: nothing is ordered",
    "queued": "queued: the shop has not answered yet",
    "ordered": "ordered",
    "deaf": "hears nothing: earmark doctor",
}


def run(arguments: argparse.Namespace) -> int:
    """Prints a line; with --follow one whenever it changes."""
    client = OperatorClient(Path(load_settings(arguments.settings).paths.state_dir))
    shown = ""
    while True:
        health: operator.Health = client.ask(operator.AskHealth(), operator.Health)
        if health.signal != shown:
            shown = health.signal
            line = {"signal": shown, "seconds": health.signal_age_s, "queued": health.queued}
            print(json.dumps(line) if arguments.json else WORDS.get(shown, shown), flush=True)
        if not arguments.follow:
            return 0
        time.sleep(_LOOK_S)
