"""`earmark bench backend`: its arithmetic, and small runs of both halves on real brokers and databases."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from agent.bench.backend import DEVICES, Round, Setting, row_of, run_backend
from agent.bench.connections import peak, resident_mb, run_connections
from agent.bench.mqtt_fleet import allow_files
from agent.cli import main
from agent.plumbing.errors import ConfigurationError


def test_a_row_is_the_median_of_its_rounds_and_the_waits_of_all_of_them() -> None:
    waits = [number / 1_000 for number in range(1, 101)]
    rounds = [Round(1.0, waits[:50]), Round(2.0, waits[50:]), Round(0.5, [])]
    row = row_of(rounds, Round(1.0, [0.004, 0.002, 0.003]))
    assert (row["slowest"], row["per_second"], row["fastest"]) == (0.0, 25.0, 50.0)
    assert (row["p50_ms"], row["p95_ms"]) == (50.0, 95.0)
    assert (row["alone_p50_ms"], row["alone_p95_ms"]) == (3.0, 4.0)


def test_the_peak_is_of_one_second() -> None:
    assert peak([]) == 0
    assert peak([0.1, 0.9, 1.0, 1.1, 1.99, 5.0]) == 3


def test_the_memory_of_a_process_is_more_than_nothing() -> None:
    assert resident_mb(int(Path("/proc/self").resolve().name)) > 10


def test_more_connections_than_files_are_refused_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 4_096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    allow_files(100)
    allow_files(2_000)
    assert asked == [(2_300, 4_096)]
    with pytest.raises(ConfigurationError) as caught:
        allow_files(4_000)
    assert caught.value.code == "bench_files" and "ulimit" in caught.value.next_step


def test_too_few_intents_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "backend", "--intents", "3"]) == 1
    assert "--intents" in capsys.readouterr().err


def test_each_intent_of_a_small_run_becomes_one_order() -> None:
    result = run_backend(2 * DEVICES, 1, (Setting("", 0), Setting("sqlite", 1)))
    ceiling, sqlite = result["settings"]
    assert result["sound"] and ceiling["orders"] is None and sqlite["orders"] > 2 * DEVICES
    assert 0 < sqlite["p50_ms"] <= sqlite["p95_ms"]
    assert min(ceiling["per_second"], sqlite["per_second"], sqlite["alone_p50_ms"]) > 0


def test_all_come_back_to_a_broker_that_was_restarted() -> None:
    result = run_connections(40, spread_s=1.0)
    assert result["sound"] and result["storm"]["attempts"] >= 40
    assert result["broker_mb"]["connected"] >= result["broker_mb"]["before"] > 0
    json.dumps(result)
