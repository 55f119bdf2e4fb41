"""`earmark status`: what the device is doing, in one line, for those who do not hear it, and in another one
which catalogue it serves."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import msgspec

from agent.commands.catalogue_findings import on_its_way
from agent.commands.operators import OperatorClient
from agent.plumbing import operator
from agent.plumbing.settings_file import load_settings
from agent.plumbing.terminal import plain

_LOOK_S = 0.2
WORDS = {
    "ready": "ready: say the wake word",
    "listening": "listening",
    "heard": "heard you, one moment",
    "refused": "refused: nothing is ordered",
    "queued": "queued: the shop has not answered yet",
    "ordered": "ordered",
    "disputed": "an order may be otherwise than agreed: ask the shop",
    "deaf": "hears nothing: earmark doctor",
}


def run(arguments: argparse.Namespace) -> int:
    """Prints both lines; with --follow one whenever it changes."""
    client = OperatorClient(Path(load_settings(arguments.settings).paths.state_dir))
    signal, catalogue = "", ""
    while True:
        health: operator.Health = client.ask(operator.AskHealth(), operator.Health)
        before, (signal, catalogue) = (signal, catalogue), (health.signal, _catalogue(health.catalogue))
        if arguments.json and before != (signal, catalogue):
            print(_as_json(health), flush=True)
        elif not arguments.json:
            if signal != before[0]:
                print(WORDS.get(signal, signal), flush=True)
            if catalogue != before[1]:
                print(catalogue, flush=True)
        if not arguments.follow:
            return 0
        time.sleep(_LOOK_S)


def _as_json(health: operator.Health) -> str:
    shown = {"signal": health.signal, "seconds": health.signal_age_s, "queued": health.queued}
    return json.dumps(shown | {"catalogue": msgspec.to_builtins(health.catalogue)})


def _catalogue(health: operator.CatalogueHealth) -> str:
    parts = [f"catalogue version {health.version}, {health.products} products"]
    if health.next_version:
        parts.append(on_its_way(health))
    if health.fault:
        parts.append(f"a newer one was not taken ({health.fault}): earmark doctor")
    return plain("; ".join(parts))
