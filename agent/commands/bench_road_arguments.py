"""The command line of the benchmarks of an order's road and the shop; `bench_arguments` has the others."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from agent.commands.command_line import add_command

if TYPE_CHECKING:
    Benchmarks = argparse._SubParsersAction[argparse.ArgumentParser]


def road_benchmarks(benchmarks: Benchmarks) -> tuple[argparse.ArgumentParser, ...]:
    """Adds them, in the order of the help."""
    return (_chaos(benchmarks), _disaster(benchmarks), _attacks(benchmarks), _backend(benchmarks))


def _chaos(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    chaos = add_command(
        benchmarks,
        "chaos",
        "bench_road",
        "chaos",
        "orders while processes are killed, connections cut, messages repeated and forged, clocks moved",
    )
    _orders_of_devices(chaos, "PostgreSQL has three replicas and is killed as well")
    return chaos


def _disaster(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    disaster = add_command(
        benchmarks,
        "disaster",
        "bench_road",
        "disaster",
        "orders while the shop is copied, lost with everything, and restored from the copy",
    )
    _orders_of_devices(disaster, "it is lost with the rest")
    return disaster


def _attacks(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    attacks = add_command(
        benchmarks, "attacks", "bench_road", "attacks", "what an attacker tries, and what refuses it"
    )
    attacks.add_argument("--fast", action="store_true", help="without those that take seconds")
    return attacks


def _backend(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    backend = add_command(
        benchmarks,
        "backend",
        "bench_road",
        "backend",
        "orders a second by database and replicas; or thousands of devices connected to one broker",
    )
    backend.add_argument(
        "--intents", type=int, default=1000, metavar="N", help="of each round (default: 1000)"
    )
    backend.add_argument("--rounds", type=int, default=5, metavar="N", help="of each setting (default: 5)")
    backend.add_argument(
        "--connections",
        type=int,
        metavar="N",
        help="instead: connect so many devices, restart their broker, and see them come back",
    )
    return backend


def _orders_of_devices(benchmark: argparse.ArgumentParser, database: str) -> None:
    benchmark.add_argument("--intents", type=int, default=200, metavar="N", help="in all (default: 200)")
    benchmark.add_argument("--devices", type=int, default=5, metavar="M", help="that order (default: 5)")
    benchmark.add_argument("--seed", type=int, default=1, metavar="S", help="of the plan (default: 1)")
    benchmark.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help=f"the shop's; {database} (default: sqlite)",
    )
