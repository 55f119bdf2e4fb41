"""Thousands of devices connected to one broker, and their return after it was restarted: `earmark bench
backend --connections N`.

Each has a client certificate, a TLS 1.3 connection, a subscription and a retained birth. All are one process'
with one selector loop, which connects one after the other: that process is the bottleneck of what is measured
here, not the broker.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import order_backend
from agent.bench.chaos_processes import Broker
from agent.bench.mqtt_fleet import Fleet, Member, allow_files, contexts_for
from agent.committing.envelope import STATUS, StatusData, encode_event, up_topic
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.reconnecting import Reconnecting
from agent.plumbing.settings import Broker as BrokerSettings
from order_backend.authorities import authority_of
from order_backend.provisioning import create_shop

PATIENCE_S = 300.0


def run_connections(count: int, seed: int = 1, spread_s: float | None = None) -> dict[str, Any]:
    """{"connections", "cores", "connect": {"certificates_s", "seconds" from the first to the last,
    "per_second"}, "broker_mb": {"before", "connected", "after"} resident, "storm": {"spread_s", "down_s",
    "seconds" from the broker's return until all are back, "peak_per_second" that came in one second,
    "attempts", "failed"}, "sound": whether all came and came back}. `spread_s` instead of the setting's
    default.

    Raises ConfigurationError: bench_backend, bench_files, broker_missing, broker_start.
    """
    if not 1 <= count <= 50_000:
        raise ConfigurationError("bench_backend", f"{count} connections", "from 1 to 50000")
    allow_files(count)
    with TemporaryDirectory(prefix="earmark-connections-") as folder:
        root = Path(folder)
        shop = create_shop(
            root / "shop",
            shop_name="Measured",
            environment="test",
            catalogue=Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json",
            now=datetime.now(UTC),
        )
        broker = Broker(shop)
        with broker, closing(Fleet()) as fleet:
            before_mb = resident_mb(broker.pid)
            made_s = time.monotonic()
            names = [f"device-{number}" for number in range(count)]
            for name, context in contexts_for(names, authority_of(shop), shop.ca_certificate, root):
                fleet.add(name, context, broker.port)
            connect_s = time.monotonic()
            returning = Returning(fleet, random.Random(seed), spread_s)  # noqa: S311
            is_sound = returning.connect_all()
            up_s = time.monotonic()
            connected_mb = resident_mb(broker.pid)
            broker.stop()
            stopped_s = time.monotonic()
            fleet.turn(0.0)
            broker.start()
            back_s = time.monotonic()
            is_sound = returning.all_back() and is_sound
            after_mb = resident_mb(broker.pid)
    return {
        "connections": count,
        "cores": len(os.sched_getaffinity(0)),
        "connect": {
            "certificates_s": round(connect_s - made_s, 1),
            "seconds": round(up_s - connect_s, 1),
            "per_second": round(count / (up_s - connect_s), 1),
        },
        "broker_mb": {"before": before_mb, "connected": connected_mb, "after": after_mb},
        "storm": {"down_s": round(back_s - stopped_s, 1), **storm(returning, back_s)},
        "sound": is_sound,
    }


class Returning:
    """Has every member connected, with the project's own rests where a connection was lost."""

    def __init__(self, fleet: Fleet, chance: random.Random, spread_s: float | None) -> None:
        settings = BrokerSettings()
        self.spread_s = settings.reconnect_spread_seconds if spread_s is None else spread_s
        self.arrivals_s: list[float] = []
        self.attempts = self.failed = 0
        self._fleet, self._up = fleet, 0
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Member]] = []
        self._rests = {
            member.name: Reconnecting(
                shortest_s=settings.reconnect_min_seconds,
                longest_s=settings.reconnect_max_seconds,
                spread_s=self.spread_s,
                chance=chance.random,
            )
            for member in fleet.members
        }
        for member in fleet.members:
            self._watch(member)

    def connect_all(self) -> bool:
        """One after the other, without rests; whether all are up."""
        for member in self._fleet.members:
            self._plan(member, 0.0)
        return self.all_back()

    def all_back(self) -> bool:
        """Connects whoever is due until all are up; counts from here on. False after too long."""
        self.arrivals_s, self.attempts, self.failed = [], 0, 0
        deadline = time.monotonic() + PATIENCE_S
        while self._up < len(self._fleet.members):
            if time.monotonic() > deadline:
                return False
            # Not all that are due in a row: those that are connected already wait for their answers.
            for _ in range(20):
                if not self._due or self._due[0][0] > time.monotonic():
                    break
                self._attempt(heapq.heappop(self._due)[2])
            rest_s = self._due[0][0] - time.monotonic() if self._due else 0.05
            self._fleet.turn(min(0.05, max(0.0, rest_s)))
        return True

    def _watch(self, member: Member) -> None:
        def up() -> None:
            self._up += 1
            self.arrivals_s.append(time.monotonic())
            self._rests[member.name].connected()
            birth = encode_event(
                STATUS, id_=uuid4(), source=member.name, now_s=int(time.time()), data=StatusData(True)
            )
            member.client.publish(up_topic(member.name, "status"), birth, qos=1, retain=True)

        def down(was_up: bool) -> None:
            self._up -= was_up
            self._plan(member, self._rests[member.name].rest_s())

        member.on_up, member.on_down = up, down

    def _plan(self, member: Member, rest_s: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + rest_s, next(self._numbers), member))

    def _attempt(self, member: Member) -> None:
        self.attempts += 1
        if not member.connect():
            self.failed += 1
            self._plan(member, self._rests[member.name].rest_s())


def storm(returning: Returning, back_s: float) -> dict[str, Any]:
    """How they came back to a broker that was back at `back_s` (monotonic)."""
    return {
        "spread_s": returning.spread_s,
        "seconds": round(max(returning.arrivals_s, default=back_s) - back_s, 1),
        "peak_per_second": peak([arrival - back_s for arrival in returning.arrivals_s]),
        "attempts": returning.attempts,
        "failed": returning.failed,
    }


def peak(arrivals_s: Sequence[float]) -> int:
    """The most arrivals within one second of the clock."""
    return max(Counter(int(arrival // 1) for arrival in arrivals_s).values(), default=0)


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    return 0.0
