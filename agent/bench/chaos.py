"""Orders while everything around them breaks: `earmark bench chaos`.

Real: road, journal, keys, the uplink process in its sandbox, TLS, mosquitto, replicas of the order service,
SQLite or PostgreSQL. Played: the till's conversation (a plan says who orders), and a clock that is moved.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

import order_backend
from agent.bench.chaos_files import ChaosFiles, Weather
from agent.bench.chaos_journals import Awaited
from agent.bench.chaos_plan import DatabaseKind, Fault, Plan, make_plan
from agent.bench.chaos_processes import Broker, Children
from agent.bench.chaos_result import MUST_BE_0, result_of
from agent.bench.chaos_steps import Steps
from agent.bench.chaos_wire import Wire
from agent.bench.postgres_server import PostgresServer
from agent.committing.client_identity import FOLDER as UPLINK
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.plumbing.errors import ConfigurationError
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from order_backend.replicas import add_replica

START_TIMEOUT_S = 300.0
PATIENCE_S = 180.0
"""How long after the last fault everything may take to come to its end."""
_STEP_S = 0.05
_LOOK_EVERY_S = 1.0
_SETTINGS = """\
[device]
id = "{name}"
environment = "test"
[paths]
state_dir = "state"
keys_dir = "keys"
trust_file = "keys/trust.json"
[broker]
host = "localhost"
port = {port}
keepalive_seconds = 5
reconnect_min_seconds = 0.2
reconnect_max_seconds = 2.0
reconnect_spread_seconds = 1.0
[orders]
intent_lifetime_seconds = {lifetime}
resend_min_seconds = 0.5
resend_max_seconds = 4.0
"""
LIFETIME_S = 15


def run_chaos(intents: int, devices: int, seed: int, database: DatabaseKind = "sqlite") -> dict[str, Any]:
    """What `agent.bench.chaos_account.account` counts, and how it came to it.

    {"handed_over": orders that stand from then on, "seed", "devices", "database", "replicas", "faults":
    {kind: n}, "connections_cut", "messages": {what was done to them, and the shop's answers to forged ones:
    n}, "not_as_agreed": as the function of that name, "orders_by_offer": of those at the shop, closed by
    their device, "steps": {of the shop's operator: how often tried}, "steps_left": not done,
    "successor": {"known": to how many devices, "connect": how many by it, as they have told the shop},
    "seconds", "sound": whether nothing was lost, doubled, forged, left open, said or closed wrongly}.

    Raises ConfigurationError: bench_chaos, broker_missing, broker_start, postgresql_missing,
    postgresql_start, device_start.
    """
    plan = make_plan(intents, devices, seed, database)
    begun = time.monotonic()
    with TemporaryDirectory(prefix="earmark-chaos-") as folder, contextlib.ExitStack() as stack:
        files = ChaosFiles(Path(folder))
        files.plan.write_bytes(msgspec.json.encode(plan))
        server = stack.enter_context(PostgresServer()) if database == "postgresql" else None
        ran = _run(files, plan, server)
        result = result_of(files, plan)
        messages: Counter[str] = Counter()
        for name in plan.devices:
            messages.update(files.counted(name))
    result |= {
        "seed": seed,
        "devices": devices,
        "database": database,
        "replicas": len(plan.replicas),
        "faults": dict(sorted(ran.faults.items())),
        "connections_cut": ran.cuts,
        "steps": dict(sorted(ran.steps.tries.items())),
        "steps_left": ran.steps.left,
        "messages": dict(sorted(messages.items())),
        "seconds": round(time.monotonic() - begun, 1),
    }
    return result | {"sound": not any(result[fault] for fault in MUST_BE_0)}


class _Ran(NamedTuple):
    """The faults that were made, by kind, how many connections were cut, and what the operator did."""

    faults: Counter[str]
    cuts: int
    steps: Steps


def _run(files: ChaosFiles, plan: Plan, server: PostgresServer | None) -> _Ran:
    shop = found_shop(files, plan, server.new_shop() if server is not None else "")
    broker = Broker(shop)
    children = Children(files.root)
    with (
        broker,
        Wire((*plan.devices, *plan.replicas), broker.port) as wire,
        contextlib.closing(children),
        contextlib.closing(Steps(shop.path, plan.steps, broker.port, files.root / "steps.log")) as steps,
    ):
        for name in plan.replicas:
            children.add(name, "agent.bench.chaos_shop", str(files.root), name, str(wire.ports[name]))
        children.add("counter", "agent.bench.chaos_counter", str(files.root))
        for name in plan.devices:
            start_device(files, children, name, wire.ports[name])
        await_all(files, plan)
        files.begin()
        chaos = _Chaos(files, plan, children, wire, broker, server)
        while files.elapsed_s() < plan.lasts_s:
            chaos.step()
            steps.turn(files.elapsed_s())
            time.sleep(_STEP_S)
        chaos.calm_down()
        wait_for_ends(files, plan, children, steps, broker)
        return _Ran(chaos.done, wire.cuts, steps)


def start_device(files: ChaosFiles, children: Children, name: str, port: int) -> None:
    """One that the shop has admitted; the broker is at that port."""
    files.settings(name).write_text(_SETTINGS.format(name=name, port=port, lifetime=LIFETIME_S))
    children.add(name, "agent.bench.chaos_device", str(files.root), name)


def wait_for_ends(
    files: ChaosFiles,
    plan: Plan,
    children: Children,
    steps: Steps | None = None,
    broker: Broker | None = None,
) -> None:
    """Until every wish and every cancellation has come to an end, and what the operator does is done, at most
    `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    awaited = Awaited(files, plan)
    while time.monotonic() < deadline:
        children.step(at_once=True)
        if broker is not None:
            broker.revive()
        if steps is not None:
            steps.turn(files.elapsed_s())
        if awaited.have_ended() and (steps is None or not steps.left):
            return
        time.sleep(_LOOK_EVERY_S)


def await_all(files: ChaosFiles, plan: Plan) -> None:
    """So that the plan's first minute is not spent with processes that are still starting. Raises
    ConfigurationError device_start."""
    deadline = time.monotonic() + START_TIMEOUT_S
    for name in plan.devices:
        while not files.has_counted(name):
            if time.monotonic() > deadline:
                raise ConfigurationError("device_start", f"{name} is not there after {START_TIMEOUT_S:.0f} s")
            time.sleep(_LOOK_EVERY_S)


class _Chaos:
    """Makes the plan's faults, and ends those whose time is over."""

    def __init__(
        self,
        files: ChaosFiles,
        plan: Plan,
        children: Children,
        wire: Wire,
        broker: Broker,
        server: PostgresServer | None,
    ) -> None:
        self._files, self._children, self._wire = files, children, wire
        self._broker, self._server = broker, server
        self._faults = list(plan.faults)
        self._lasting: list[tuple[float, Fault]] = []
        self._back_at: dict[Broker | PostgresServer, float] = {}
        self._weather = Weather()
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        now_s = self._files.elapsed_s()
        while self._faults and self._faults[0].at_s <= now_s:
            fault = self._faults.pop(0)
            self._make(fault)
            self.done[fault.kind] += 1
        self._start_again(time.monotonic())
        self._broker.revive()
        self._lasting = [(until, fault) for until, fault in self._lasting if until > now_s]
        self._tell()
        self._children.step()

    def calm_down(self) -> None:
        """Nothing is broken from now on."""
        self._lasting = []
        self._files.tell_weather(Weather(quiet=True))
        self._wire.mend()
        self._start_again(math.inf)
        self._children.step(at_once=True)

    def _start_again(self, now_s: float) -> None:
        for server in [server for server, at_s in self._back_at.items() if at_s <= now_s]:
            del self._back_at[server]
            server.start()

    def _kill_server(self, server: Broker | PostgresServer, seconds: float) -> None:
        server.kill()
        self._back_at[server] = time.monotonic() + seconds

    def _make(self, fault: Fault) -> None:
        match fault.kind:
            case "kill_device" | "kill_replica":
                self._children.kill(fault.target, fault.seconds)
            case "kill_uplink":
                self._kill_uplink(fault.target)
            case "kill_broker":
                self._kill_server(self._broker, fault.seconds)
            case "kill_database":
                if self._server is not None:
                    self._kill_server(self._server, fault.seconds)
            case "cut_device" | "cut_replica":
                self._wire.cut(fault.target, fault.seconds)
            case "delay_device":
                self._wire.delay(fault.target, fault.seconds, fault.amount)
            case "device_clock" | "replica_clock" | "full_disk":
                self._lasting.append((self._files.elapsed_s() + fault.seconds, fault))

    def _kill_uplink(self, device: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._files.device(device) / "uplink.pid").read_text())
            # The number may be another's by now.
            if str(self._files.settings(device)).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)

    def _tell(self) -> None:
        faults = [fault for _, fault in self._lasting]
        weather = Weather(
            clocks={fault.target: fault.amount for fault in faults if fault.kind.endswith("clock")},
            full=tuple(sorted({fault.target for fault in faults if fault.kind == "full_disk"})),
        )
        if weather != self._weather:
            self._weather = weather
            self._files.tell_weather(weather)


def found_shop(files: ChaosFiles, plan: Plan, database: str) -> ShopFolder:
    """With its replicas and all devices admitted."""
    now = datetime.now(UTC)
    prices = Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json"
    shop = create_shop(
        files.shop, shop_name="Chaos", environment="test", catalogue=prices, database=database, now=now
    )
    for name in plan.replicas[1:]:
        add_replica(shop, name, now=now)
    for name in plan.devices:
        keys = files.device(name) / "keys"
        (files.device(name) / "state" / UPLINK).mkdir(parents=True, mode=0o700)
        admission = admit(shop, name, create_device_keys(keys, name), now=now)
        store_client_certificate(keys, admission.certificate_pem)
        (keys / "trust.json").write_bytes(admission.trust.to_bytes())
    return shop
