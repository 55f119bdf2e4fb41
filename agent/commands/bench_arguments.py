"""The command line of `earmark bench`: one function for each benchmark, in the order of its help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from agent.commands.bench_options import file, folder, noise, noise_kinds
from agent.commands.bench_road_arguments import road_benchmarks
from agent.commands.command_line import add_command, counts, numbers, seconds
from agent.plumbing.speaker_models import GE2E, SpeakerModel

if TYPE_CHECKING:
    Benchmarks = argparse._SubParsersAction[argparse.ArgumentParser]

_ORDER_SET = "labels.jsonl, domain.json, audio/"


def add_benchmarks(benchmarks: Benchmarks) -> None:
    """All of them; each prints a table, or JSON with --json."""
    added = (
        _orders(benchmarks),
        _room(benchmarks),
        _made(benchmarks, "baskets", "made orders of several items, and with corrections", 100),
        _made(benchmarks, "questions", "made questions, and as many orders of one item", 40),
        _language(benchmarks),
        _latency(benchmarks),
        _catalogue(benchmarks),
        _wake(benchmarks),
        _speakers(benchmarks),
        _journey(benchmarks),
        _conversations(benchmarks),
        _bargein(benchmarks),
        add_command(benchmarks, "speech", "bench", "speech", "how long from a text to its first sound"),
        _idle(benchmarks),
        *road_benchmarks(benchmarks),
    )
    for benchmark in added:
        benchmark.add_argument("--json", action="store_true", help="for machines")


def _orders(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    orders = add_command(
        benchmarks, "orders", "bench", "orders", "share of spoken orders understood with every slot right"
    )
    folder(orders, "--set", _ORDER_SET, required=True)
    folder(orders, "--rejects", "recordings without orders; what passes is wrong")
    noise_kinds(orders)
    file(orders, "--columns", "JSON to which the kinds of noise are added; a PNG beside it")
    file(orders, "--curve", "JSON of what each gate lets pass; a PNG beside it")
    noise(orders)
    return orders


def _room(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    room = add_command(
        benchmarks,
        "room",
        "bench_room",
        "room",
        "orders in a room in which noise goes on; what the device says where it understands nothing",
    )
    folder(room, "--set", _ORDER_SET, required=True)
    room.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth order")
    noise_kinds(room)
    noise(room)
    return room


def _made(benchmarks: Benchmarks, name: str, what: str, count: int) -> argparse.ArgumentParser:
    made = add_command(benchmarks, name, "bench_device", name, what)
    file(made, "--catalogue", "what the sentences are about", required=True)
    made.add_argument(
        "--count", type=int, default=count, metavar="N", help=f"sentences that are spoken (default: {count})"
    )
    made.add_argument("--seed", type=int, default=5, metavar="N", help="of the sentences (default: 5)")
    noise(made)
    return made


def _language(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    language = add_command(
        benchmarks,
        "language",
        "bench_language",
        "language",
        "made orders, other things and other speech in a language, by the engine that hears it",
    )
    file(language, "--catalogue", "what is ordered", required=True)
    language.add_argument("--language", choices=["en", "ko", "pl"], required=True)
    language.add_argument("--engine", choices=["auto", "moonshine", "vosk"], default="auto")
    language.add_argument(
        "--count", type=int, default=39, metavar="N", help="orders that are spoken (default: 39)"
    )
    language.add_argument("--seed", type=int, default=5, metavar="N", help="of the orders (default: 5)")
    file(language, "--curve", "JSON of what each gate lets pass; a PNG beside it")
    noise(language)
    return language


def _latency(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    latency = add_command(
        benchmarks,
        "latency",
        "bench_device",
        "latency",
        "from the end of speech to the recognised order; pauses",
    )
    folder(latency, "--set", _ORDER_SET, required=True)
    noise(latency)
    return latency


def _catalogue(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    catalogue = add_command(
        benchmarks,
        "catalogue",
        "bench_device",
        "catalogue",
        "what large catalogues take: time, memory, decoding",
    )
    catalogue.add_argument(
        "--products",
        type=counts,
        default=(100, 4_000, 50_000),
        metavar="N,N",
        help="sizes of made-up catalogues (default: 100,4000,50000)",
    )
    catalogue.add_argument(
        "--orders", type=int, default=24, metavar="N", help="spoken at each size (default: 24)"
    )
    catalogue.add_argument(
        "--download",
        action="store_true",
        help="instead: how long each size takes from the shop's publishing to the device's orders",
    )
    catalogue.add_argument("--details", action="store_true", help="with --download: details of each as well")
    return catalogue


def _wake(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    wake = add_command(
        benchmarks, "wake", "bench", "wake", "how often the wake word is missed or heard in other speech"
    )
    folder(wake, "--set", "recordings of the phrase alone", required=True)
    wake.add_argument("--phrase", required=True, help="'okay nabu', 'alexa', 'hey jarvis', 'hey mycroft'")
    folder(wake, "--negatives", "other speech; what wakes is a false alarm")
    wake.add_argument(
        "--variations",
        action="store_true",
        help="the negatives also faster, slower, and in the noise at 15 dB",
    )
    wake.add_argument(
        "--made-negatives",
        type=float,
        default=0.0,
        metavar="HOURS",
        help="of other speech by synthetic voices (flite, espeak-ng, hibari)",
    )
    wake.add_argument(
        "--split",
        action="store_true",
        help="also with the marks chosen on one half of all recordings, and counted on the other",
    )
    folder(wake, "--followed-by", "recordings that follow each clip without a pause")
    noise(wake)
    return wake


def _speakers(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    speakers = add_command(
        benchmarks,
        "speakers",
        "bench",
        "speakers",
        "how well people are told apart by voice: EER, false rejects",
    )
    folder(speakers, "--set", "enrolled/ID/ (six files or more each), others/", required=True)
    speakers.add_argument(
        "--seconds", type=seconds, default=2.5, metavar="S", help="speech in one trial (default: 2.5)"
    )
    measured = speakers.add_mutually_exclusive_group()
    measured.add_argument(
        "--model",
        choices=get_args(SpeakerModel),
        default=GE2E,
        help=f"default: {GE2E}; of one without thresholds, what they could be",
    )
    measured.add_argument(
        "--limits", type=Path, metavar="FILE", help="settings whose model and thresholds are tried instead"
    )
    speakers.add_argument(
        "--pooled",
        action="store_true",
        help="order and consent together: one voice or two, and what verifying both as one gains",
    )
    noise(speakers)
    return speakers


def _journey(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    journey = add_command(
        benchmarks,
        "journey",
        "bench",
        "journey",
        "whole conversations with synthetic customers, to the receipt",
    )
    file(journey, "--catalogue", "default: that of the sample shop")
    journey.add_argument(
        "--conversations", type=int, default=24, metavar="N", help="in each row (default: 24)"
    )
    folder(journey, "--negatives", "speech that answers nothing; what is taken for an answer")
    file(journey, "--noise", "noise to mix in (default: made, pink)")
    journey.add_argument("--snr", type=numbers, default=(20.0, 10.0), metavar="DB,DB", help="default: 20,10")
    return journey


def _conversations(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    conversations = add_command(
        benchmarks,
        "conversations",
        "bench_conversations",
        "conversations",
        "written conversations in English and Polish, held in words by the device's own dialogue",
    )
    folder(conversations, "--folder", "where they stand (default: docs/conversations)")
    instead = conversations.add_mutually_exclusive_group()
    instead.add_argument("--show", metavar="N", help="only prints the Nth, or one with this in its name")
    instead.add_argument(
        "--spoken",
        type=int,
        metavar="N",
        help="N of the English ones, said by synthetic voices and heard by the real models",
    )
    instead.add_argument(
        "--rewrite", action="store_true", help="writes into the files what comes of each; read the difference"
    )
    return conversations


def _bargein(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    bargein = add_command(
        benchmarks,
        "bargein",
        "bench",
        "bargein",
        'whether "stop" and "cancel" are heard while the device speaks',
    )
    file(bargein, "--catalogue", "whose consents would be taken", required=True)
    bargein.add_argument(
        "--echo",
        type=numbers,
        default=(6.0, 0.0, -6.0, -12.0),
        metavar="DB,DB",
        help="its own voice at the microphone against the person's (default: 6,0,-6,-12)",
    )
    folder(bargein, "--set", "recordings named stop... and cancel... (default: synthetic)")
    folder(bargein, "--negatives", "other speech while it speaks")
    return bargein


def _idle(benchmarks: Benchmarks) -> argparse.ArgumentParser:
    idle = add_command(
        benchmarks,
        "idle",
        "bench_device",
        "idle",
        "processor time and memory of voice while nobody speaks",
    )
    idle.add_argument(
        "--seconds", type=int, default=180, metavar="S", help="of listening that are measured (default: 180)"
    )
    file(idle, "--noise", "what the room sounds like (default: quiet)")
    return idle
