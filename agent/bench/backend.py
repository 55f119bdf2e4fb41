"""How many orders a second the shop takes, and how long one waits: `earmark bench backend`.

Real: mosquitto, mutual TLS, the order service as processes, SQLite and PostgreSQL with what they write on
disk. Beside them the ceiling: the same broker and a process that answers without work. Load and shop share
the machine.
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

import order_backend
from agent.bench.chaos_processes import Children
from agent.bench.mqtt_fleet import Fleet, Member, contexts_for
from agent.bench.postgres_server import PostgresServer
from agent.committing.envelope import up_topic
from agent.committing.intents import sign_intent
from agent.committing.keys import FileKeyStore
from agent.deciding.basket import AgreedOrder, Basket
from agent.deciding.catalogue import parse_catalogue
from agent.plumbing.errors import ConfigurationError
from order_backend.authorities import authority_of
from order_backend.broker import PrivateBroker
from order_backend.folder import write_file
from order_backend.provisioning import create_shop, trust_bundle
from order_backend.replicas import add_replica
from order_backend.shop import Shop

DEVICES = 40
"""Each sends its next intent when the one before was answered: so many are on their way at once."""
WARM_UP = 80
ALONE = 60
PATIENCE_S = 120.0
_RECEIPT_BYTES = 900
_LIFETIME_S = 3_600
_ALL = 10_000_000


class Setting(NamedTuple):
    """`replicas` 0 is the ceiling, and has no database."""

    database: str
    replicas: int


SETTINGS = (
    Setting("", 0),
    Setting("sqlite", 1),
    Setting("postgresql", 1),
    Setting("postgresql", 2),
    Setting("postgresql", 4),
)


def run_backend(intents: int, rounds: int, settings: Sequence[Setting] = SETTINGS) -> dict[str, Any]:
    """{"cores", "at_once", "rounds", "intents", "settings": [{"database", "replicas", "per_second": median of
    the rounds, "slowest", "fastest", "p50_ms", "p95_ms" over all of them, "alone_p50_ms", "alone_p95_ms" with
    one on its way, "orders"}], "sound": whether each intent became one order}. A round is `intents` intents;
    the first row, without a database, is the ceiling.

    Raises ConfigurationError: bench_backend (no answer, or too few intents), broker_missing, broker_start,
    postgresql_missing, postgresql_start.
    """
    if intents < DEVICES or rounds < 1:
        raise ConfigurationError("bench_backend", f"at least {DEVICES} --intents and one of --rounds")
    with TemporaryDirectory(prefix="earmark-backend-") as folder, ExitStack() as stack:
        works = Works(Path(folder), intents, rounds)
        needs_server = any(setting.database == "postgresql" for setting in settings)
        server = stack.enter_context(PostgresServer()) if needs_server else None
        rows = [works.measure(setting, server) for setting in settings]
    expected = WARM_UP + ALONE + intents * rounds
    return {
        "cores": len(os.sched_getaffinity(0)),
        "at_once": DEVICES,
        "intents": intents,
        "rounds": rounds,
        "settings": rows,
        "sound": all(row["orders"] in (expected, None) for row in rows),
    }


class Works:
    """One shop with its devices, whose intents are signed once, and placed at each database anew."""

    def __init__(self, root: Path, intents: int, rounds: int) -> None:
        self._root = root
        self._shop = create_shop(
            root / "shop",
            shop_name="Measured",
            environment="test",
            catalogue=Path(order_backend.__file__).parent / "catalogues" / "corner_shop.json",
            now=datetime.now(UTC),
        )
        for number in range(2, max(setting.replicas for setting in SETTINGS) + 1):
            add_replica(self._shop, f"backend-{number}", now=datetime.now(UTC))
        self._names = [f"device-{number}" for number in range(DEVICES)]
        self._keys = FileKeyStore.create(root)
        self._rounds = [self._signed(count) for count in (WARM_UP, ALONE, *([intents] * rounds))]

    def measure(self, setting: Setting, server: PostgresServer | None) -> dict[str, Any]:
        """A row of `run_backend`."""
        self._use(server.new_shop() if setting.database == "postgresql" and server is not None else "")
        with ExitStack() as stack:
            broker = stack.enter_context(PrivateBroker(self._shop))
            children = stack.enter_context(closing(Children(self._root)))
            names = self._start(children, setting, broker.port)
            fleet = stack.enter_context(closing(Fleet()))
            ca = self._shop.ca_certificate
            for name, context in contexts_for(self._names, authority_of(self._shop), ca, self._root):
                fleet.add(name, context, broker.port).connect()
            if not fleet.turn_until(lambda: all(member.up for member in fleet.members), PATIENCE_S):
                raise ConfigurationError("bench_backend", "the devices cannot connect")
            self._await_serving(names)
            warm_up, alone, *rounds = self._rounds
            run_round(fleet, fleet.members, warm_up)
            lone = run_round(fleet, fleet.members[:1], {self._names[0]: self._all_of(alone)})
            timed = [run_round(fleet, fleet.members, one) for one in rounds]
        return {
            "database": setting.database or "none",
            "replicas": setting.replicas,
            **row_of(timed, lone),
            "orders": self._count() if setting.replicas else None,
        }

    def _signed(self, count: int) -> dict[str, list[bytes]]:
        """By device."""
        catalogue = parse_catalogue(self._shop.catalogue.read_bytes())
        basket = Basket((catalogue.line("coffee", {"roast": "dark"}, 1, "en"),), catalogue.version)
        trust, made = trust_bundle(self._shop), dict[str, list[bytes]]()
        for number in range(count):
            # `alone` is sent by the first device only.
            name = self._names[number % DEVICES if count != ALONE else 0]
            signed = sign_intent(
                AgreedOrder(basket, "person-1", ("voice",), str(number)),
                keys=self._keys,
                trust=trust,
                device_id=name,
                environment="test",
                now_s=int(time.time()),
                lifetime_s=_LIFETIME_S,
                intent_id=uuid.uuid4(),
            )
            made.setdefault(name, []).append(signed.payload)
        return made

    def _use(self, database: str) -> None:
        """A new and empty one, that knows the devices."""
        for path in self._shop.path.glob("shop.db*"):
            path.unlink()
        config = msgspec.structs.replace(self._shop.config(), database=database, messages_per_second=0)
        write_file(self._shop.config_file, msgspec.json.encode(config))
        with Shop.open(self._shop.database) as shop:
            for number, name in enumerate(self._names):
                shop.register(name, self._keys.public_jwk(), certificate_serial=number, now_s=0)

    def _start(self, children: Children, setting: Setting, port: int) -> list[str]:
        folder = str(self._shop.path)
        if not setting.replicas:
            children.add("echo", "agent.bench.backend_echo", folder, str(port), str(_RECEIPT_BYTES))
            return ["echo"]
        names = self._shop.replicas()[: setting.replicas]
        for name in names:
            children.add(name, "agent.bench.backend_shop", folder, name, str(port))
        return names

    def _await_serving(self, names: Sequence[str]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        for name in names:
            log = self._root / f"{name}.log"
            while "serving" not in log.read_text(errors="replace"):
                if time.monotonic() > deadline:
                    raise ConfigurationError("bench_backend", f"{name} does not serve")
                time.sleep(0.05)
        for name in names:
            (self._root / f"{name}.log").unlink()

    def _count(self) -> int:
        with Shop.open(self._shop.database) as shop:
            return len(shop.orders(_ALL))

    @staticmethod
    def _all_of(intents: dict[str, list[bytes]]) -> list[bytes]:
        return [payload for payloads in intents.values() for payload in payloads]


class Round(NamedTuple):
    """How long it took in all, and each intent from its sending to its answer."""

    seconds: float
    waits_s: list[float]


def run_round(fleet: Fleet, members: Sequence[Member], intents: dict[str, list[bytes]]) -> Round:
    """Each member sends its intents one after the other, the next when an answer has come.

    Raises ConfigurationError bench_backend where one stays away.
    """
    waits: list[float] = []
    wanted = sum(len(intents.get(member.name, ())) for member in members)

    def drive(member: Member) -> None:
        todo = iter(intents.get(member.name, ()))
        sent_s = 0.0

        def send() -> None:
            nonlocal sent_s
            payload = next(todo, None)
            if payload is not None:
                sent_s = time.perf_counter()
                member.client.publish(up_topic(member.name, "intent"), payload, qos=1)

        def answered(_: bytes) -> None:
            waits.append(time.perf_counter() - sent_s)
            send()

        member.on_answer = answered
        send()

    begun = time.perf_counter()
    for member in members:
        drive(member)
    if not fleet.turn_until(lambda: len(waits) >= wanted, PATIENCE_S):
        raise ConfigurationError("bench_backend", f"{wanted - len(waits)} of {wanted} intents got no answer")
    return Round(time.perf_counter() - begun, waits)


def row_of(rounds: Sequence[Round], alone: Round) -> dict[str, Any]:
    """The figures of one setting."""
    rates = [len(one.waits_s) / one.seconds for one in rounds]
    waits = [wait for one in rounds for wait in one.waits_s]
    return {
        "per_second": round(statistics.median(rates), 1),
        "slowest": round(min(rates), 1),
        "fastest": round(max(rates), 1),
        "p50_ms": _ms(waits, 0.5),
        "p95_ms": _ms(waits, 0.95),
        "alone_p50_ms": _ms(alone.waits_s, 0.5),
        "alone_p95_ms": _ms(alone.waits_s, 0.95),
    }


def _ms(waits_s: Sequence[float], share: float) -> float:
    """The smallest wait that at least that share of them does not exceed."""
    ranked = sorted(waits_s)
    return round(1_000 * ranked[max(0, -int(-share * len(ranked) // 1) - 1)], 1)
