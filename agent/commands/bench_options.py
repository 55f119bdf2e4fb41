"""Options that several benchmarks have: files and folders, and noise to mix in."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.commands.command_line import numbers


def noise(benchmark: argparse.ArgumentParser) -> None:
    """--noise FILE and --snr."""
    file(benchmark, "--noise", "noise to mix in")
    benchmark.add_argument(
        "--snr", type=numbers, default=(), metavar="DB,DB", help="signal-to-noise ratios; needs --noise"
    )


def noise_kinds(benchmark: argparse.ArgumentParser) -> None:
    """--noise-kind and --talkers."""
    benchmark.add_argument(
        "--noise-kind",
        type=lambda text: tuple(text.split(",")),
        default=(),
        metavar="KIND,KIND",
        help="made noise: hum, impulses, broadband, music, talker, headset; needs --snr",
    )
    folder(benchmark, "--talkers", "speech for talker and headset (default: made voices)")


def folder(benchmark: argparse.ArgumentParser, name: str, text: str, *, required: bool = False) -> None:
    """`name` DIR; `text` is its help."""
    benchmark.add_argument(name, type=Path, metavar="DIR", help=text, required=required)


def file(benchmark: argparse.ArgumentParser, name: str, text: str, *, required: bool = False) -> None:
    """`name` FILE; `text` is its help."""
    benchmark.add_argument(name, type=Path, metavar="FILE", help=text, required=required)
