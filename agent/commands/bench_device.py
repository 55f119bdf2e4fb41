"""`earmark bench idle`: what the device itself takes, measured on its real processes."""

from __future__ import annotations

import argparse
import json

from agent.plumbing.settings import default_models_dir


def idle(arguments: argparse.Namespace) -> int:
    """Lets the process `voice` listen to nobody, and prints what that takes."""
    from agent.bench.idle import run_idle_bench

    result = run_idle_bench(arguments.seconds, default_models_dir(), arguments.noise)
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"listening for {result['seconds']} s: {result['cpu_percent']:.2f} % of one core")
    print(
        f"{result['resident_mb']:.0f} MB resident; {result['resident_after_order_mb']:.0f} MB after an order"
    )
    print(f"{result['resident_peak_mb']:.0f} MB at most, while it began")
    return 0
