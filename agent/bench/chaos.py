"""Orders while everything around them breaks: `earmark bench chaos`.

Real: road, journal, keys, the uplink process in its sandbox, TLS, mosquitto, two replicas of the order
service, SQLite. Played: the till's conversation (a plan says who orders), and a clock that is moved.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

import order_backend
from agent.bench.chaos_account import FAULTS, Said, Signed, account
from agent.bench.chaos_files import ChaosFiles, Weather
from agent.bench.chaos_plan import REPLICAS, Fault, Plan, make_plan
from agent.bench.chaos_wire import Wire
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.journal import Journal
from agent.committing.keys import create_device_keys, store_client_certificate
from order_backend.broker import PrivateBroker, ends_with_parent
from order_backend.folder import ShopFolder
from order_backend.provisioning import add_replica, admit, create_shop
from order_backend.shop import Shop

PATIENCE_S = 180.0
"""How long after the last fault everything may take to come to its end."""
_STEP_S = 0.05
_LOOK_EVERY_S = 1.0
_ALL = 10_000_000
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


def run_chaos(intents: int, devices: int, seed: int) -> dict[str, Any]:
    """What `agent.bench.chaos_account.account` counts, and how it came to it.

    {"seed", "devices", "faults": {kind: n}, "connections_cut", "messages": {what was done to them, and the
    shop's answers to forged ones: n}, "seconds", "sound": whether nothing was lost, doubled, forged, left
    open or said wrongly}.

    Raises ConfigurationError: bench_chaos, broker_missing, broker_start.
    """
    plan = make_plan(intents, devices, seed)
    begun = time.monotonic()
    with TemporaryDirectory(prefix="earmark-chaos-") as folder:
        files = ChaosFiles(Path(folder))
        files.plan.write_bytes(msgspec.json.encode(plan))
        done, cuts = _run(files, plan)
        result = _account(files, plan)
        messages: Counter[str] = Counter()
        for name in plan.devices:
            messages.update(files.counted(name))
    result |= {
        "seed": seed,
        "devices": devices,
        "faults": dict(sorted(done.items())),
        "connections_cut": cuts,
        "messages": dict(sorted(messages.items())),
        "seconds": round(time.monotonic() - begun, 1),
        "sound": not any(result[fault] for fault in FAULTS),
    }
    return result


class _Broker(PrivateBroker):
    def kill(self) -> None:
        """kill -9: what it has not saved is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class _Children:
    """Processes by name, that may be killed and come back when their time is over."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._back_at: dict[str, float] = {}
        self._starts: Counter[str] = Counter()

    def add(self, name: str, module: str, *arguments: str) -> None:
        self._commands[name] = [sys.executable, "-P", "-m", module, *arguments]
        self.start(name)

    def start(self, name: str) -> None:
        self._starts[name] += 1
        command = [*self._commands[name], str(self._starts[name])]
        with (self._root / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                ends_with_parent(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, name: str, seconds: float) -> None:
        self._running[name].kill()
        self._running[name].wait()
        self._back_at[name] = time.monotonic() + seconds

    def step(self, *, at_once: bool = False) -> None:
        """Starts who is due, and who has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None and (at_once or time.monotonic() >= self._back_at.get(name, 0.0)):
                self.start(name)

    def end(self) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()


def _run(files: ChaosFiles, plan: Plan) -> tuple[Counter[str], int]:
    """The faults that were made, by kind, and how many connections were cut."""
    shop = _found(files, plan)
    broker = _Broker(shop)
    children = _Children(files.root)
    with broker, Wire((*plan.devices, *REPLICAS), broker.port) as wire, _ended(children):
        for name in REPLICAS:
            children.add(name, "agent.bench.chaos_shop", str(files.root), name, str(wire.ports[name]))
        for name in plan.devices:
            files.settings(name).write_text(
                _SETTINGS.format(name=name, port=wire.ports[name], lifetime=LIFETIME_S)
            )
            children.add(name, "agent.bench.chaos_device", str(files.root), name)
        files.begin()
        chaos = _Chaos(files, plan, children, wire, broker)
        while files.elapsed_s() < plan.lasts_s:
            chaos.step()
            time.sleep(_STEP_S)
        chaos.calm_down()
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and not _all_ended(files, plan):
            children.step(at_once=True)
            time.sleep(_LOOK_EVERY_S)
        return chaos.done, wire.cuts


@contextlib.contextmanager
def _ended(children: _Children) -> Iterator[None]:
    try:
        yield
    finally:
        children.end()


class _Chaos:
    """Makes the plan's faults, and ends those whose time is over."""

    def __init__(
        self, files: ChaosFiles, plan: Plan, children: _Children, wire: Wire, broker: _Broker
    ) -> None:
        self._files, self._children, self._wire, self._broker = files, children, wire, broker
        self._faults = list(plan.faults)
        self._lasting: list[tuple[float, Fault]] = []
        self._broker_back_at: float | None = None
        self._weather = Weather()
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        now_s = self._files.elapsed_s()
        while self._faults and self._faults[0].at_s <= now_s:
            fault = self._faults.pop(0)
            self._make(fault)
            self.done[fault.kind] += 1
        if self._broker_back_at is not None and time.monotonic() >= self._broker_back_at:
            self._broker_back_at = None
            self._broker.start()
        self._lasting = [(until, fault) for until, fault in self._lasting if until > now_s]
        self._tell()
        self._children.step()

    def calm_down(self) -> None:
        """Nothing is broken from now on."""
        self._lasting = []
        self._files.tell_weather(Weather(quiet=True))
        self._wire.mend()
        if self._broker_back_at is not None:
            self._broker.start()
        self._children.step(at_once=True)

    def _make(self, fault: Fault) -> None:
        match fault.kind:
            case "kill_device" | "kill_replica":
                self._children.kill(fault.target, fault.seconds)
            case "kill_uplink":
                self._kill_uplink(fault.target)
            case "kill_broker":
                self._broker.kill()
                self._broker_back_at = time.monotonic() + fault.seconds
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


def _found(files: ChaosFiles, plan: Plan) -> ShopFolder:
    now = datetime.now(UTC)
    prices = Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json"
    shop = create_shop(files.shop, shop_name="Chaos", environment="test", catalogue=prices, now=now)
    for name in REPLICAS[1:]:
        add_replica(shop, name, now=now)
    for name in plan.devices:
        keys = files.device(name) / "keys"
        (files.device(name) / "state").mkdir(parents=True, mode=0o700)
        admission = admit(shop, name, create_device_keys(keys, name), now=now)
        store_client_certificate(keys, admission.certificate_pem)
        (keys / "trust.json").write_bytes(admission.trust.to_bytes())
    return shop


def _all_ended(files: ChaosFiles, plan: Plan) -> bool:
    rows = 0
    for name in plan.devices:
        with Journal(files.journal(name)) as journal:
            if journal.open_count():
                return False
            rows += len(journal.orders(_ALL))
    return rows == len(plan.wishes)


def _account(files: ChaosFiles, plan: Plan) -> dict[str, Any]:
    signed: list[Signed] = []
    said: list[Said] = []
    for name in plan.devices:
        said += files.said(name)
        with Journal(files.journal(name)) as journal:
            for row in journal.orders(_ALL):
                event = decode_event(journal.signed_bytes(row.intent_id)[1], INTENT)
                data = decode_data(event, IntentData)
                signed.append(Signed(row, data.checkout, data.payment))
    with Shop.open(files.shop / "shop.db") as shop:
        orders = shop.orders(_ALL)
    return account([wish.intent_id for wish in plan.wishes], signed, said, orders)
