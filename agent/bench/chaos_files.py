"""The files by which the processes of a chaos run know of each other: where they are, what is broken now, and
what was said. Each survives kill -9 of whoever wrote it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.bench.chaos_account import Said
from agent.bench.chaos_agreed import Agreed
from agent.bench.chaos_plan import Plan
from order_backend.folder import write_file


class Weather(msgspec.Struct, frozen=True):
    """What is wrong now beside who is dead: clocks by how many seconds they are off, and whose disk is full.
    `quiet`: nothing is broken any more, and messages pass unharmed."""

    clocks: Mapping[str, float] = {}
    full: tuple[str, ...] = ()
    quiet: bool = False


class ChaosFiles:
    """In one folder; `began` is CLOCK_MONOTONIC when the plan's seconds began to count."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.plan = root / "plan.json"
        self.shop = root / "shop"
        self._weather = root / "weather.json"
        self._began = root / "began"

    def device(self, name: str) -> Path:
        return self.root / name

    def settings(self, name: str) -> Path:
        return self.device(name) / "earmark.toml"

    def journal(self, name: str) -> Path:
        return self.device(name) / "state" / "journal.db"

    def read_plan(self) -> Plan:
        return msgspec.json.decode(self.plan.read_bytes(), type=Plan)

    def begin(self) -> None:
        write_file(self._began, str(time.monotonic()).encode())

    def elapsed_s(self) -> float:
        """Below 0 before `begin`."""
        try:
            return time.monotonic() - float(self._began.read_bytes())
        except FileNotFoundError:
            return -1.0

    def tell_weather(self, weather: Weather) -> None:
        write_file(self._weather, msgspec.json.encode(weather))

    def weather(self) -> Weather:
        try:
            return msgspec.json.decode(self._weather.read_bytes(), type=Weather)
        except FileNotFoundError:
            return Weather()

    def say(self, device: str, words: Said) -> None:
        """A process that is killed has said it whole or not at all."""
        _append(self.device(device) / "said.jsonl", words)

    def said(self, device: str) -> list[Said]:
        return [msgspec.json.decode(line, type=Said) for line in _lines(self.device(device) / "said.jsonl")]

    def agree(self, agreed: Agreed) -> None:
        """Before anything is signed for it."""
        _append(self.device(agreed.device) / "agreed.jsonl", agreed)

    def agreed(self, device: str) -> list[Agreed]:
        path = self.device(device) / "agreed.jsonl"
        return [msgspec.json.decode(line, type=Agreed) for line in _lines(path)]

    def count(self, device: str, counts: Mapping[str, int]) -> None:
        """Adds to what is known of a device's messages."""
        _append(self.device(device) / "counts.jsonl", counts)

    def has_counted(self, device: str) -> bool:
        """Whether it has come as far as its first turn."""
        return (self.device(device) / "counts.jsonl").exists()

    def counted(self, device: str) -> Counter[str]:
        total: Counter[str] = Counter()
        for line in _lines(self.device(device) / "counts.jsonl"):
            total.update(msgspec.json.decode(line, type=dict[str, int]))
        return total


def _append(path: Path, value: Any) -> None:
    """One line, written at once."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, msgspec.json.encode(value) + b"\n")
    finally:
        os.close(fd)


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []
