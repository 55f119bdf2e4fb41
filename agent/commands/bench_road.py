"""`earmark bench …` of the order's road: what becomes of orders while things break."""

from __future__ import annotations

import argparse
import json
from typing import Any


def chaos(arguments: argparse.Namespace) -> int:
    """Runs it and prints its account; 1 where an order was lost, doubled, forged, left open or said wrongly.

    Raises ConfigurationError: bench_chaos, broker_missing, broker_start, postgresql_missing,
    postgresql_start, device_start.
    """
    from agent.bench.chaos import run_chaos

    result = run_chaos(arguments.intents, arguments.devices, arguments.seed, arguments.database)
    _show(result, arguments.json)
    return 0 if result["sound"] else 1


def disaster(arguments: argparse.Namespace) -> int:
    """Runs it and prints its account; 1 where an order was doubled, left open, or denied although placed.

    Raises ConfigurationError as `chaos`, bench_disaster, and what backup and restore raise.
    """
    from agent.bench.disaster import run_disaster

    result = run_disaster(arguments.intents, arguments.devices, arguments.seed, arguments.database)
    _show(result, arguments.json)
    return 0 if result["sound"] else 1


def attacks(arguments: argparse.Namespace) -> int:
    """Makes them and prints what refused each; 1 where one was not, or an honest order was not placed.

    Raises ConfigurationError: broker_missing, broker_start.
    """
    from agent.bench.attacks import run_attacks

    result = run_attacks(slow=not arguments.fast)
    if arguments.json:
        print(json.dumps(result))
        return 0 if result["sound"] else 1
    print(f"{'attack':<50} {'what refused it':<22} {'where':<14} {'placed':>6} {'ms':>5}  verdict")
    for row in result["attacks"]:
        print(f"{row['attack']:<50} {row['seen']:<22} {row['where']:<14}", end=" ")
        print(f"{row['placed']:>6} {row['ms']:>5}  {row['verdict']}")
    print(f"an honest order before and after: {'placed' if result['control'] else 'NOT PLACED'}")
    return 0 if result["sound"] else 1


def backend(arguments: argparse.Namespace) -> int:
    """Measures and prints; 1 where an intent became no order, or a connection did not come back.

    Raises ConfigurationError: bench_backend, bench_files, broker_missing, broker_start, postgresql_missing,
    postgresql_start.
    """
    if arguments.connections is not None:
        from agent.bench.connections import run_connections

        result = run_connections(arguments.connections)
        _show(result, arguments.json)
        return 0 if result["sound"] else 1
    from agent.bench.backend import run_backend

    result = run_backend(arguments.intents, arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
        return 0 if result["sound"] else 1
    names = ("per_second", "slowest", "fastest", "p50_ms", "p95_ms", "alone_p50_ms", "alone_p95_ms")
    print(f"{result['cores']} cores, {result['at_once']} intents on their way at once")
    print(f"{'database':<12} {'replicas':>8}", *(f"{name:>12}" for name in names))
    for row in result["settings"]:
        print(f"{row['database']:<12} {row['replicas'] or 'ceiling':>8}", end=" ")
        print(*(f"{row[name]:>12}" for name in names))
    return 0 if result["sound"] else 1


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for inner, count in value.items():
                print(f"    {inner:<44} {count:>7}")
        else:
            print(f"{name:<24} {value!s:>7}")
