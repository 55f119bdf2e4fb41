"""`earmark bench idle`, `latency`, `catalogue`, `baskets` and `questions`: what the device takes while nobody
speaks, how long when somebody does, what a large catalogue takes, orders of several items, and questions."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.commands.bench import check_noise, ratio
from agent.plumbing.settings_file import default_models_dir


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


def latency(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of times and pauses and prints its tables."""
    from agent.bench.latency import run_latency_bench

    check_noise(arguments)
    result = run_latency_bench(arguments.set, arguments.noise, list(arguments.snr), default_models_dir())
    if arguments.json:
        print(json.dumps(result))
        return 0
    print("ms, median and 95th percentile")
    columns = ("wait_ms", "after_ms", "recognition_ms", "reference_ms", "ratio", "recognition_ratio")
    print(f"{'noise':>8}", *(f"{column:>18}" for column in columns))
    for row in result["results"]:
        noise = ratio(row["snr_db"])
        print(f"{noise:>8}", *(f"{row[c]['p50']:>9.2f}{row[c]['p95']:>9.2f}" for c in columns))
    print(f"reference: {result['reference']}")
    for row in result["pauses"]:
        print(
            f"a pause of {row['pause_ms']} ms {row['place']}: {row['cut_off']} of {row['utterances']} cut",
            f"off, {row['went_on']} heard on after their end; {row['cut_off_fixed']} by a fixed silence",
        )
    return 0


def baskets(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of made orders of several items and prints its table."""
    from agent.bench.baskets import OUTCOMES, run_baskets_bench

    result = _of_sentences(run_baskets_bench, arguments)
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'noise':>8} {'orders':>7}", *(f"{outcome:>9}" for outcome in OUTCOMES))
    for row in result["results"]:
        noise = ratio(row["snr_db"])
        print(f"{noise:>8} {row['utterances']:>7}", *(f"{row[outcome]:>9}" for outcome in OUTCOMES))
        for kind, of_kind in row["kinds"].items():
            print(f"{'':>8} {kind}: {of_kind['right']} of {of_kind['utterances']} right")
    return 0


def questions(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of made questions and prints its table."""
    from agent.bench.questions import OUTCOMES, run_questions_bench

    result = _of_sentences(run_questions_bench, arguments)
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'noise':>8} {'said':>10}", *(f"{outcome:>9}" for outcome in OUTCOMES))
    for row in result["results"]:
        for said in ("questions", "orders"):
            noise = ratio(row["snr_db"])
            print(f"{noise:>8} {said:>10}", *(f"{row[said][outcome]:>9}" for outcome in OUTCOMES))
        kinds = (f"{kind} {one['right']} of {one['utterances']}" for kind, one in row["kinds"].items())
        print(f"{'':>8} right: {', '.join(kinds)}")
    return 0


def _of_sentences(
    run: Callable[[Path, Path | None, list[float], int, int, Path], dict[str, Any]],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """What a benchmark of made sentences finds. Raises as `check_noise` and `run`."""
    check_noise(arguments)
    return run(
        arguments.catalogue,
        arguments.noise,
        list(arguments.snr),
        arguments.count,
        arguments.seed,
        default_models_dir(),
    )


def catalogue(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of large catalogues and prints its table."""
    from agent.bench.catalogue import run_catalogue_bench

    if arguments.download:
        return _download(arguments)
    result = run_catalogue_bench(list(arguments.products), arguments.orders, default_models_dir())
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(
        f"{'products':>9}{'compile s':>11}{'swap s':>8}{'stall ms':>10}{'till MB':>9}{'compiler MB':>13}"
        f"{'voice s':>9}{'MB':>7}{'p50 ms':>9}{'p95 ms':>9}{'right':>8}"
    )
    for row in result["results"]:
        swap, times = row["swap"], row["decode_ms"]
        print(
            f"{row['products']:>9}{row['parse_seconds'] + row['lexicon_seconds']:>11.2f}"
            f"{swap['in_use_seconds']:>8.2f}{swap['answer_ms']['meanwhile']['max']:>10.1f}"
            f"{swap['till_mb']['most']:>9.1f}{swap['compiler_mb']:>13.1f}"
            f"{row['compile_seconds']:>9.3f}{row['resident_mb']:>7.1f}"
            f"{times['p50']:>9.0f}{times['p95']:>9.0f}{row['right']:>8.1%}"
        )
    return 0


def _download(arguments: argparse.Namespace) -> int:
    """1 where a size that is promised within a time took longer."""
    from agent.bench.catalogue_download import WITHIN_PRODUCTS, WITHIN_S, run_download

    results = [run_download(size, with_details=arguments.details) for size in arguments.products]
    code = 0 if all(result["within"] for result in results) else 1
    if arguments.json:
        print(
            json.dumps({"within_seconds": WITHIN_S, "within_products": WITHIN_PRODUCTS, "results": results})
        )
        return code
    heads = ("publish s", "fetched s", "orderable s", "parts", "bytes", "till MB")
    print(f"{'products':>9} {'what':<10}", *(f"{head:>11}" for head in heads))
    for result in results:
        for what in ("whole", "changed"):
            row = result[what]
            seconds = (row[f"{name}_seconds"] for name in ("publish", "fetched", "orderable"))
            numbers = (
                *(f"{value:>11.2f}" for value in seconds),
                f"{row['parts']:>11}",
                f"{row['bytes']:>11}",
                f"{row['till_mb']:>11}",
            )
            print(f"{result['products']:>9} {what:<10}", *numbers)
    kept = "kept" if code == 0 else "NOT KEPT"
    print(f"at most {WITHIN_S:.0f} s for up to {WITHIN_PRODUCTS:,} products: {kept}")
    return code
