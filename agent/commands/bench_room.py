"""`earmark bench room`: orders in a room in which noise goes on."""

from __future__ import annotations

import argparse
import json

from agent.commands.bench import check_noise_kinds, ratio
from agent.plumbing.settings_file import default_models_dir


def room(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of rooms and prints its table."""
    from agent.bench.room import run_room_bench

    check_noise_kinds(arguments)
    result = run_room_bench(
        arguments.set,
        arguments.noise,
        list(arguments.snr),
        default_models_dir(),
        noise_kinds=arguments.noise_kind,
        talkers=arguments.talkers,
        every=arguments.every,
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'noise':>16} {'orders':>7} {'right':>6} {'wrong':>6} {'not heard':>10} {'late':>5}  it said")
    for kind, rows in result.items():
        for row in rows:
            said = ", ".join(f"{reply} {many}" for reply, many in row["said"].items())
            print(
                f"{kind + ' ' + ratio(row['snr_db']):>16} {row['utterances']:>7} {row['right']:>6}"
                f" {row['wrong']:>6} {row['nothing_heard']:>10} {row['late']:>5}  {said}"
            )
    return 0
