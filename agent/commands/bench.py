"""`earmark bench …`: the figures in README and docs/figures.md, made again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Speaker, Wake
from agent.plumbing.settings_file import default_models_dir, load_settings
from agent.plumbing.speaker_models import SpeakerModel


def orders(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of spoken orders and prints its table. Raises ConfigurationError: bench_noise,
    bench_curve."""
    from agent.bench.orders import run_orders_bench

    check_noise_kinds(arguments)
    if arguments.curve and not arguments.rejects:
        raise ConfigurationError(
            "bench_curve", "--curve needs recordings that hold no order", "give --rejects DIR as well"
        )
    result = run_orders_bench(
        arguments.set,
        arguments.noise,
        list(arguments.snr),
        default_models_dir(),
        rejects=arguments.rejects,
        curve=arguments.curve,
        noise_kinds=arguments.noise_kind,
        talkers=arguments.talkers,
        columns=arguments.columns,
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'noise':>16} {'orders':>7} {'accepted':>9} {'wrong':>6} {'asked':>6} {'rejected':>9}")
    for kind, rows in {"": result["results"], **result.get("noise_kinds", {})}.items():
        for row in rows:
            noise = f"{kind} {ratio(row['snr_db'])}".strip()
            share = 100 * row["accepted"] / row["utterances"]
            print(f"{noise:>16} {row['utterances']:>7} {share:>7.1f} %", end=" ")
            print(f"{row['wrong']:>6} {row['asked']:>6} {row['rejected']:>9}")
    if "rejects" in result:
        print(f"no orders: {result['rejects']['accepted']} of {result['rejects']['utterances']} accepted")
    print(f"real-time factor {result['real_time_factor']:.3f}")
    return 0


def speakers(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of speaker verification and prints its table."""
    from agent.bench.speakers import run_speakers_bench

    check_noise(arguments)
    if arguments.pooled:
        return _pooled(arguments)
    result = run_speakers_bench(
        arguments.set,
        arguments.noise,
        list(arguments.snr),
        arguments.seconds,
        *_speaker_model(arguments),
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(
        f"{'noise':>8} {'genuine':>8} {'impostor':>9} {'EER':>6} {'95 %':>13}"
        f" {'FRR at FAR 0.001':>17} {'95 %':>13} {'threshold':>10} {'at 0.01':>8}"
        f" {'recognised':>11} {'others taken':>13} {'cannot tell':>12}"
    )
    for row in result["results"]:
        noise = ratio(row["snr_db"])
        print(
            f"{noise:>8} {row['genuine']:>8} {row['impostor']:>9} {_percent(row['eer']):>6}"
            f" {_range(row['eer_interval']):>13} {_percent(row['frr_at_far_0.001']):>17}"
            f" {_range(row['frr_at_far_0.001_interval']):>13}"
            f" {row['threshold']:>10.3f} {row['threshold_at_far_0.01']:>8.3f} {_answered(row['device'])}"
        )
    print(
        f"{arguments.seconds:g} s of speech a trial; rates in %; {result['embedding_ms']:.0f} ms an embedding"
    )
    return 0


_UNMEASURED = "no thresholds are set for this model: docs/speaker_models.md"


def _answered(device: dict[str, int] | None) -> str:
    if device is None:
        return _UNMEASURED
    trials = device["enrolled_trials"] + device["stranger_trials"]
    taken = device["taken_for_another"] + device["strangers_accepted"]
    recognised = f"{device['recognised']:>4} of {device['enrolled_trials']:<3}"
    return f"{recognised} {taken:>5} of {trials:<4} {device['cannot_tell']:>12}"


def _speaker_model(arguments: argparse.Namespace) -> tuple[Path, SpeakerModel, Speaker | None]:
    """Where it lies, what it is called, and the limits to decide at where they are not the model's own."""
    if arguments.limits is None:
        return default_models_dir(), arguments.model, None
    settings = load_settings(arguments.limits)
    return Path(settings.paths.models_dir), settings.speaker.model, settings.speaker


def _pooled(arguments: argparse.Namespace) -> int:
    from agent.bench.pooled import run_pooled_bench

    result = run_pooled_bench(
        arguments.set,
        arguments.noise,
        list(arguments.snr),
        arguments.seconds,
        *_speaker_model(arguments),
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    for row in result["results"]:
        noise = ratio(row["snr_db"])
        print(f"noise {noise}: {row['same']} pairs of one voice, {row['different']} of two")
        for name in ("change", "order_alone", "pooled", "consent_alone", "consent_pooled"):
            rates = ((key, rate) for key, rate in row.get(name, {}).items() if not isinstance(rate, list))
            told = ", ".join(
                f"{key} {rate:.3f}" if key.endswith("threshold") else f"{key} {_percent(rate)} %"
                for key, rate in rates
            )
            print(f"{name:>16}  {told or _UNMEASURED}")
    return 0


def _percent(rate: float) -> str:
    return f"{100 * rate:.2f}"


def _range(interval: tuple[float, float]) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


def wake(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of the wake word at the default thresholds and prints its table."""
    from agent.bench.wake import WakeSet, run_wake_bench

    check_noise(arguments)
    wake_set = WakeSet(
        arguments.set,
        arguments.noise,
        tuple(arguments.snr),
        arguments.followed_by,
        arguments.negatives,
        arguments.variations,
        arguments.made_negatives,
        arguments.split,
    )
    result = run_wake_bench(wake_set, arguments.phrase, Wake(), default_models_dir())
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'noise':>8} {'clips':>7} {'missed':>8}")
    for row in result["results"]:
        noise = ratio(row["snr_db"])
        print(f"{noise:>8} {row['clips']:>7} {row['missed']:>8}")
    if result["false_alarms"] is not None:
        print(
            f"false alarms: {result['false_alarms']}, near misses: {result['near_misses']}, "
            f"in {result['negative_hours']:.2f} h of other speech ({result['distinct_hours']:.2f} h distinct)"
        )
    for kind in result["made"]:
        print(
            f"false alarms: {kind['false_alarms']}, near misses: {kind['near_misses']}, "
            f"in {kind['hours']:.2f} h by synthetic voices: {kind['kind']}"
        )
    for number, half in enumerate(result.get("split", ()), 1):
        marks = ", ".join(f"{name} {mark:g}" for name, mark in half["chosen"].items())
        print(f"half {number}, {half['negative_hours']:.2f} h of other speech; on the other half: {marks}")
        for name in ("chosen_marks", "marks_in_use"):
            rows = half[name]["results"]
            missed = ", ".join(f"{ratio(r['snr_db'])}: {r['missed']} of {r['clips']}" for r in rows)
            print(
                f"{name.replace('_', ' '):>14}: missed {missed}; false alarms: {half[name]['false_alarms']}"
            )
    for alarm in [*result["alarms"], *(alarm for kind in result["made"] for alarm in kind["alarms"])]:
        print(f"{alarm['score']:>8.2f} {alarm['nats']:>6.1f} nats  {alarm['heard']}")
    return 0


def journey(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of whole conversations and prints its table."""
    from agent.bench.journey import run_journey_bench

    result = run_journey_bench(
        default_models_dir(),
        arguments.catalogue,
        arguments.noise,
        arguments.snr,
        arguments.conversations,
        arguments.negatives,
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'noise':>8} {'right at once':>14} {'asked again':>12} {'strangers':>10}", end=" ")
    print(f"{'added':>7} {'seconds':>8}  failed")
    for row in result["results"]:
        noise = ratio(row["snr_db"])
        right = f"{row['right_first_time']} of {row['conversations']}"
        strangers = f"{row['strangers_accepted']} of {row['strangers_consents']}"
        seconds = "-" if row["seconds"] is None else f"{row['seconds']['p50']:.1f}"
        failed = ", ".join(f"{n} {kind}" for kind, n in row["failures"].items())
        added = f"{row['additions_right']} of {row['additions']}"
        print(f"{noise:>8} {right:>14} {row['right_after_asking']:>12} {strangers:>10}", end=" ")
        print(f"{added:>7} {seconds:>8}  {failed}")
    enrolled = result["enrolments"].values()
    again = sum(one["asked_again"] for one in enrolled)
    print(
        f"voices learned: {sum(one['learned'] for one in enrolled)} of {len(enrolled)}, {again} asked again"
    )
    if "other_talk" in result:
        answers, readings = result["other_talk"]["answers"], result["other_talk"]["readings"]
        print(f"other talk: {answers['consent']} of {answers['pieces']} pieces taken for a consent,", end=" ")
        print(f"{readings['taken']} readings in {readings['pieces']} pieces")
    return 0


def bargein(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of "stop" and "cancel" while the device speaks and prints its table."""
    from agent.bench.bargein import run_bargein_bench

    result = run_bargein_bench(
        default_models_dir(), arguments.catalogue, arguments.echo, arguments.set, arguments.negatives
    )
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(
        f"{'echo':>6} {'stop':>9} {'cancel':>9} {'after':>8} {'own stops':>10} {'wakes':>6} {'consents':>9}"
    )
    for row in result["results"]:
        stop = f"{row['stop_heard']} of {row['stop_said']}"
        cancel = f"{row['cancel_heard']} of {row['cancel_said']}"
        after = "-" if row["reaction_ms"] is None else f"{row['reaction_ms']} ms"
        stops = f"{row['own_false_stops_per_minute']}/min"
        print(
            f"{row['echo_db']:>3g} dB {stop:>9} {cancel:>9} {after:>8} {stops:>10}"
            f" {row['own_wakes']:>6} {row['own_consents']:>9}"
        )
    return 0


def speech(arguments: argparse.Namespace) -> int:
    """Runs the benchmark of the time to the first sound and prints its table."""
    from agent.bench.speech import run_speech_bench

    result = run_speech_bench()
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'first sound of':>16} {'p50':>9} {'p95':>9}")
    for name, row in result.items():
        print(f"{name.removesuffix('_ms'):>16} {row['p50']:>6.1f} ms {row['p95']:>6.1f} ms")
    return 0


def ratio(snr_db: float | None) -> str:
    """A signal-to-noise ratio as the tables name it."""
    return "none" if snr_db is None else f"{snr_db:g} dB"


def check_noise_kinds(arguments: argparse.Namespace) -> None:
    """Raises ConfigurationError bench_noise for a kind that there is not or without a ratio, and as
    `check_noise`."""
    from agent.bench.noise_kinds import KINDS

    if not arguments.noise_kind:
        check_noise(arguments)
    elif not arguments.snr:
        raise ConfigurationError("bench_noise", "noise at no ratio", "give --snr DB,DB as well")
    if unknown := [kind for kind in arguments.noise_kind if kind not in KINDS]:
        raise ConfigurationError("bench_noise", f"no such noise: {unknown[0]}", f"one of {', '.join(KINDS)}")


def check_noise(arguments: argparse.Namespace) -> None:
    """Raises ConfigurationError bench_noise for a ratio without noise, or the other way round."""
    if bool(arguments.snr) != bool(arguments.noise):
        raise ConfigurationError(
            "bench_noise", "--noise FILE and --snr DB,DB go together", "give both or neither"
        )
