"""`earmark bench language`: orders and other speech in a language that has no recorded set."""

from __future__ import annotations

import argparse
import json

from agent.commands.bench import check_noise, ratio
from agent.plumbing.settings_file import default_models_dir


def language(arguments: argparse.Namespace) -> int:
    """Runs the benchmark and prints its table."""
    from agent.bench.language import run_language_bench

    check_noise(arguments)
    result = run_language_bench(
        arguments.catalogue,
        arguments.language,
        arguments.engine,
        default_models_dir(),
        count=arguments.count,
        seed=arguments.seed,
        noise=arguments.noise,
        snrs=list(arguments.snr),
        curve=arguments.curve,
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    columns = ("utterances", "accepted", "wrong", "asked", "rejected", "right_without_gate")
    print(f"{'noise':>8}", *(f"{column.replace('_', ' '):>18}" for column in columns))
    for row in result["results"]:
        print(f"{ratio(row['snr_db']):>8}", *(f"{row[column]:>18}" for column in columns))
    for name in ("unsold", "talk"):
        print(f"{name}: {result[name]['accepted']} of {result[name]['utterances']} accepted")
    for name, wrong in (("consents", "denied"), ("denials", "consented")):
        row = result[name]
        print(f"{name}: {row['heard']} of {row['utterances']} heard, {row[wrong]} {wrong}")
    row = result["talk_as_answer"]
    print(f"talk as an answer: {row['consented']} of {row['utterances']} consented")
    print(f"{result['engine']}, gate {result['gate']:g}, real-time factor {result['real_time_factor']:.3f}")
    return 0
