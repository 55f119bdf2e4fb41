"""What a chaos run will try: who orders what when, and what is broken meanwhile. A function of the seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import msgspec

from agent.committing.rotation import PURPOSES
from agent.plumbing.errors import ConfigurationError

INTENTS_A_SECOND = 8.0
"""Of up to ten devices together, and `_MORE_A_SECOND` for each further one: what a run of two cores still
comes after. What breaks of the devices gets as much more; of what they share it does not, or that would be
down most of the time."""
_MORE_A_SECOND = 0.1
SHORTEST_S = 40.0
_LONG = 0.12
"""So many faults outlast an order's time: it ends unknown, and the shop is asked."""
_CANCELLED, _HANDED_OVER = 1 / 6, 1 / 3
"""So many orders are taken back, and so many are handed over by the shop; one may be both."""
_ENDS_WITHIN_S = 12.0
"""Of being wished: some before the order has left its device, some when it may be anywhere."""
_BEGINS, _MOVES, _ROTATES = (0.1, 0.3), (0.5, 0.7), (0.1, 0.9)
"""Shares of the run, between which the operator takes a step."""
DatabaseKind = Literal["sqlite", "postgresql"]
REPLICAS: Mapping[DatabaseKind, tuple[str, ...]] = {
    "sqlite": ("backend-1", "backend-2"),
    "postgresql": ("backend-1", "backend-2", "backend-3"),
}

Kind = Literal[
    "kill_device",
    "kill_uplink",
    "kill_replica",
    "kill_broker",
    "cut_device",
    "cut_replica",
    "delay_device",
    "device_clock",
    "replica_clock",
    "full_disk",
    "kill_database",
]
_WEIGHTS: Mapping[Kind, int] = {
    "kill_device": 3,
    "kill_uplink": 3,
    "kill_replica": 3,
    "kill_broker": 1,
    "cut_device": 4,
    "cut_replica": 2,
    "delay_device": 3,
    "device_clock": 2,
    "replica_clock": 1,
    "full_disk": 2,
}
_WEIGHTS_OF_A_SERVER: Mapping[Kind, int] = {**_WEIGHTS, "kill_database": 2}
_SHARED: frozenset[Kind] = frozenset(
    {"kill_replica", "kill_broker", "cut_replica", "replica_clock", "kill_database"}
)
_CLOCK_STEPS_S = (-86_400.0, -3_600.0, -40.0, 40.0, 3_600.0, 86_400.0)


class Wished(msgspec.Struct, frozen=True):
    """From `at_s` seconds on somebody wants something of an order at `device`. The order has `intent_id`, or
    `offered_id` where it is by an offer of the shop; '' where the device asks for none."""

    at_s: float
    device: str
    intent_id: str
    offered_id: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Those that the order may have."""
        return (self.intent_id, self.offered_id) if self.offered_id else (self.intent_id,)


class Wish(Wished, frozen=True, kw_only=True):
    """To order `quantity` of the sample shop's coffee."""

    quantity: int


class End(Wished, frozen=True):
    """To take it back, or to hand it over."""


class Step(msgspec.Struct, frozen=True):
    """From `at_s` on the shop's operator gives this command of `earmark-backend`, until it is done."""

    at_s: float
    command: tuple[str, ...]


class Fault(msgspec.Struct, frozen=True):
    """From `at_s` on, for `seconds`: `target` (a device, a replica, 'broker' or 'database') is dead, cut off,
    slow, has a full disk, or has a clock that is `amount` seconds off."""

    at_s: float
    kind: Kind
    target: str
    seconds: float
    amount: float = 0.0


class Plan(msgspec.Struct, frozen=True):
    """Sorted by time. `lasts_s`: after it nothing is broken any more. `cancels` are the devices' ends of
    orders, `hand_overs` the shop's, from which on it cannot be cancelled; `steps` are its operator's."""

    seed: int
    devices: tuple[str, ...]
    wishes: tuple[Wish, ...]
    faults: tuple[Fault, ...]
    lasts_s: float
    database: DatabaseKind = "sqlite"
    cancels: tuple[End, ...] = ()
    hand_overs: tuple[End, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def replicas(self) -> tuple[str, ...]:
        return REPLICAS[self.database]

    @property
    def offered(self) -> dict[str, str]:
        """The id that an order has without an offer, by the one that it has with one."""
        return {wish.offered_id: wish.intent_id for wish in self.wishes if wish.offered_id}

    def without_offers(self) -> Plan:
        """The same where no device asks for any."""
        wishes = tuple(msgspec.structs.replace(wish, offered_id="") for wish in self.wishes)
        return msgspec.structs.replace(self, wishes=wishes)


def make_plan(intents: int, devices: int, seed: int, database: DatabaseKind = "sqlite") -> Plan:
    """The same plan for the same arguments, on any machine. Every second device asks the shop for an offer.
    Only a database that is a process of its own is killed. Raises ConfigurationError bench_chaos."""
    if not 1 <= devices <= intents <= 1_000_000:
        raise ConfigurationError(
            "bench_chaos",
            f"{intents} intents of {devices} devices",
            "at least one device, an intent for each",
        )
    chance = random.Random(seed)  # noqa: S311
    names = tuple(f"device-{number}" for number in range(1, devices + 1))
    pace = INTENTS_A_SECOND + _MORE_A_SECOND * max(0, devices - 10)
    lasts_s = max(SHORTEST_S, intents / pace)
    asks = set(names[1::2])
    offers = random.Random(f"{seed} offers")  # noqa: S311
    wishes = [
        Wish(
            at_s=chance.uniform(0.0, lasts_s),
            device=(name := names[number % devices]),
            intent_id=_uuid(chance),
            quantity=chance.randint(1, 3),
            offered_id=_uuid(offers) if name in asks else "",
        )
        for number in range(intents)
    ]
    faults, at_s, a_second = [], 2.0, pace / INTENTS_A_SECOND
    weights = _weights(database, a_second)
    while at_s < lasts_s:
        faults.append(_fault(chance, at_s, names, database, weights))
        at_s += chance.expovariate(a_second)
    return Plan(
        seed=seed,
        devices=names,
        wishes=tuple(sorted(wishes, key=lambda wish: (wish.at_s, wish.intent_id))),
        faults=tuple(faults),
        lasts_s=lasts_s,
        database=database,
        cancels=_ends(random.Random(f"{seed} cancels"), wishes, _CANCELLED, lasts_s),  # noqa: S311
        hand_overs=_ends(random.Random(f"{seed} hand-overs"), wishes, _HANDED_OVER, lasts_s),  # noqa: S311
        steps=_steps(random.Random(f"{seed} steps"), lasts_s),  # noqa: S311
    )


def _uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _steps(chance: random.Random, lasts_s: float) -> tuple[Step, ...]:
    """The broker's authority gets its successor, and each of the shop's keys one of its own."""
    steps = [
        Step(chance.uniform(*when) * lasts_s, ("authority", name))
        for name, when in (("begin", _BEGINS), ("move", _MOVES))
    ]
    steps += [Step(chance.uniform(*_ROTATES) * lasts_s, ("rotate", purpose)) for purpose in PURPOSES]
    return tuple(sorted(steps, key=lambda step: step.at_s))


def _ends(chance: random.Random, wishes: list[Wish], share: float, lasts_s: float) -> tuple[End, ...]:
    ends = [
        End(min(wish.at_s + chance.uniform(0.0, _ENDS_WITHIN_S), lasts_s), wish.device, *wish.ids)
        for wish in wishes
        if chance.random() < share
    ]
    return tuple(sorted(ends, key=lambda end: (end.at_s, end.intent_id)))


def _weights(database: DatabaseKind, faults_a_second: float) -> Mapping[Kind, float]:
    weights = _WEIGHTS if database == "sqlite" else _WEIGHTS_OF_A_SERVER
    shared = sum(weight for kind, weight in weights.items() if kind in _SHARED)
    devices = sum(weights.values()) - shared
    more = (faults_a_second * (shared + devices) - shared) / devices
    return {kind: weight if kind in _SHARED else weight * more for kind, weight in weights.items()}


def _fault(
    chance: random.Random,
    at_s: float,
    devices: tuple[str, ...],
    database: DatabaseKind,
    weights: Mapping[Kind, float],
) -> Fault:
    kind = chance.choices(list(weights), list(weights.values()))[0]
    if kind in ("kill_broker", "kill_database"):
        target = kind.removeprefix("kill_")
    elif "replica" in kind:
        target = chance.choice(REPLICAS[database])
    else:
        target = chance.choice(devices)
    seconds = chance.uniform(22.0, 30.0) if chance.random() < _LONG else chance.uniform(0.2, 6.0)
    match kind:
        case "device_clock":
            return Fault(at_s, kind, target, seconds, chance.choice(_CLOCK_STEPS_S))
        case "replica_clock":
            return Fault(at_s, kind, target, seconds, chance.choice(_CLOCK_STEPS_S))
        case "delay_device":
            return Fault(at_s, kind, target, seconds, chance.uniform(0.1, 2.0))
        case _:
            return Fault(at_s, kind, target, seconds)
