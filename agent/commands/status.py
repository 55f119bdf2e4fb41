"""`earmark status`: what the device is doing, in one line, for those who do not hear it; in others which
catalogue it serves, until when it may connect, and whose limits hold."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import msgspec

from agent.commands.catalogue_findings import on_its_way, policy_line
from agent.commands.certificate_findings import until
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
    """Prints these lines; with --follow one whenever it changes."""
    client = OperatorClient(Path(load_settings(arguments.settings).paths.state_dir))
    signal, catalogue, certificate, limits = "", "", "", ""
    while True:
        health: operator.Health = client.ask(operator.AskHealth(), operator.Health)
        before = (signal, catalogue, certificate, limits)
        signal, catalogue, certificate, limits = shown = (
            health.signal,
            _catalogue(health.catalogue),
            _certificate(health),
            policy_line(health),
        )
        if arguments.json and before != shown:
            print(_as_json(health), flush=True)
        elif not arguments.json:
            if signal != before[0]:
                print(WORDS.get(signal, signal), flush=True)
            if catalogue != before[1]:
                print(catalogue, flush=True)
            if certificate and certificate != before[2]:
                print(certificate, flush=True)
            if limits and limits != before[3]:
                print(limits, flush=True)
        if not arguments.follow:
            return 0
        time.sleep(_LOOK_S)


def _as_json(health: operator.Health) -> str:
    shown = {"signal": health.signal, "seconds": health.signal_age_s, "queued": health.queued}
    certificate = {"until_s": health.certificate_until_s, "fault": health.certificate_fault}
    policy = {"version": health.policy_version, "since_s": health.policy_since_s}
    catalogue = msgspec.to_builtins(health.catalogue)
    return json.dumps(shown | {"catalogue": catalogue, "certificate": certificate, "policy": policy})


def _certificate(health: operator.Health) -> str:
    if not health.certificate_until_s:
        return ""
    fault = f"; not renewed ({health.certificate_fault}): earmark doctor" if health.certificate_fault else ""
    return plain(f"may connect {until(health.certificate_until_s)}{fault}")


def _catalogue(health: operator.CatalogueHealth) -> str:
    parts = [f"catalogue version {health.version}, {health.products} products"]
    if health.next_version:
        parts.append(on_its_way(health))
    if health.fault:
        parts.append(f"a newer one was not taken ({health.fault}): earmark doctor")
    return plain("; ".join(parts))
