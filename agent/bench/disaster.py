"""A shop that is gone in the middle of its work, and comes back from a copy: `earmark bench disaster`.

Devices, network and broker are those of `chaos`; copies are taken under that load. Then broker, order
services and the shop's folder are gone at one blow. The lost database is put aside and asked only for what an
operator would ask the world outside: what was delivered.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from agent.bench.chaos import await_all, found_shop, start_device, wait_for_ends
from agent.bench.chaos_account import FAULTS, Said, Signed, account
from agent.bench.chaos_files import ChaosFiles, Weather
from agent.bench.chaos_journals import signed_and_said
from agent.bench.chaos_plan import DatabaseKind, Plan, make_plan
from agent.bench.chaos_processes import Broker, Children
from agent.bench.postgres_server import PostgresServer
from agent.plumbing.errors import ConfigurationError
from order_backend.backup import Manifest, back_up, restore
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.sealed_file import make_key
from order_backend.shop import OrderRow, Shop

BACKUP_EVERY_S = 12.0
FIRST_BACKUP_S = 4.0
MARGIN_S = 3
"""Instead of five minutes: the clocks of this run are one machine's."""
_BACK_TIMEOUT_S = 120.0
_LOOK_EVERY_S = 0.05
_ALL = 10_000_000


def run_disaster(intents: int, devices: int, seed: int, database: DatabaseKind = "sqlite") -> dict[str, Any]:
    """What `account` of a chaos run counts, over the orders of both shops, and

    {"database", "devices", "backups": {"taken", "seconds" (median), "bytes" (last)}, "loss": {"seconds" from
    the copy's moment to the blow, "orders" of it, "forgotten": of which the restored shop knows nothing in
    the end, neither by a receipt that its device gave back nor by its bytes}, "back": {"restored_s",
    "first_order_s", both from the blow}, "doubt": {"intents" that came or were asked about, "named": that
    were delivered and placed again, "silent": asked about without bytes}, "meanwhile": {"agreed" while there
    was no shop, "ordered", "refused", "expired" of them, "longest_wait_s"}, "falsely_not_placed", "seconds",
    "sound"}.

    Raises ConfigurationError: bench_chaos, bench_disaster, broker_missing, broker_start, postgresql_missing,
    postgresql_start, device_start, and what `back_up` and `restore` raise.
    """
    plan = make_plan(intents, devices, seed, database).without_offers()
    plan = msgspec.structs.replace(plan, faults=(), cancels=(), hand_overs=(), steps=())
    begun = time.monotonic()
    with TemporaryDirectory(prefix="earmark-disaster-") as folder, contextlib.ExitStack() as stack:
        files = ChaosFiles(Path(folder))
        files.plan.write_bytes(msgspec.json.encode(plan))
        server = stack.enter_context(PostgresServer()) if database == "postgresql" else None
        disaster = Disaster(files, plan, server)
        disaster.run()
        result = disaster.result()
    result |= {
        "database": database,
        "devices": devices,
        "seconds": round(time.monotonic() - begun, 1),
        "sound": not any(result[fault] for fault in (*FAULTS, "falsely_not_placed")),
    }
    return result


class Disaster:
    """One run, from the founding of the shop to the account of both."""

    def __init__(self, files: ChaosFiles, plan: Plan, server: PostgresServer | None) -> None:
        self._files, self._plan, self._server = files, plan, server
        self._shop = found_shop(files, plan, self._new_database() or "")
        self._key = make_key(files.root / "copy.key")
        self._took_s: list[float] = []
        self._copies: list[tuple[Path, Manifest]] = []
        self._lost: list[OrderRow] = []
        self._doubts: dict[str, int] = {}
        self._died_s = self._restored_s = self._first_order_s = 0.0

    def run(self) -> None:
        """All of it; afterwards `result`."""
        files, plan = self._files, self._plan
        broker = Broker(self._shop)
        with contextlib.closing(Children(files.root)) as children, contextlib.ExitStack() as stack:
            stack.enter_context(broker)
            for name in plan.replicas:
                children.add(name, "agent.bench.chaos_shop", str(files.root), name, str(broker.port))
            for name in plan.devices:
                start_device(files, children, name, broker.port)
            await_all(files, plan)
            files.begin()
            self._work_until(plan.lasts_s / 2, children, copies=True)
            self._blow(children, broker)
            back = stack.enter_context(Broker(self._shop, broker.port))
            for name in plan.replicas:
                children.start(name)
            self._await_first_order()
            self._work_until(plan.lasts_s, children, copies=False)
            files.tell_weather(Weather(quiet=True))
            time.sleep(MARGIN_S)
            self._settle()
            wait_for_ends(files, plan, children)
            self._await_receipts()
            back.stop()

    def result(self) -> dict[str, Any]:
        """Of `run_disaster`."""
        signed, said = signed_and_said(self._files, self._plan)
        with Shop.open(self._shop.database) as shop:
            known = shop.orders(_ALL)
        return {
            **both_shops(signed, said, known, self._lost, [wish.intent_id for wish in self._plan.wishes]),
            "backups": {
                "taken": len(self._copies),
                "seconds": round(statistics.median(self._took_s), 2),
                "bytes": self._copies[-1][0].stat().st_size,
            },
            "loss": self._loss(known),
            "back": {
                "restored_s": round(self._restored_s - self._died_s, 2),
                "first_order_s": round(self._first_order_s - self._died_s, 2),
            },
            "doubt": self._doubts,
            "meanwhile": meanwhile(signed, math.ceil(self._died_s), math.floor(self._first_order_s)),
        }

    def _new_database(self) -> str | None:
        return self._server.new_shop() if self._server is not None else None

    def _work_until(self, elapsed_s: float, children: Children, *, copies: bool) -> None:
        next_copy_s = FIRST_BACKUP_S
        while self._files.elapsed_s() < elapsed_s:
            if copies and self._files.elapsed_s() >= next_copy_s:
                next_copy_s += BACKUP_EVERY_S
                self._copy()
            children.step()
            time.sleep(_LOOK_EVERY_S)

    def _copy(self) -> None:
        out, begun = self._files.root / f"copy-{len(self._copies)}", time.monotonic()
        self._copies.append((out, back_up(self._shop, out, self._key)))
        self._took_s.append(time.monotonic() - begun)

    def _blow(self, children: Children, broker: Broker) -> None:
        """Nothing of the shop is left but the last copy."""
        if not self._copies:
            raise ConfigurationError("bench_disaster", "too short for a copy", "take more --intents")
        broker.kill()
        for name in self._plan.replicas:
            children.kill(name, math.inf)
        self._died_s = time.time()
        aside = ShopFolder(self._files.root / "lost")
        shutil.move(self._shop.path, aside.path)
        archive, manifest = self._copies[-1]
        with Shop.open(aside.database) as lost:
            self._lost = [row for row in lost.orders(_ALL) if row.placed_at >= manifest.snapshot_s]
        ended_at_s = math.ceil(self._died_s)
        database = self._new_database() or ""
        restore(self._shop, archive, self._key, ended_at_s=ended_at_s, database=database, skew_s=MARGIN_S)
        self._restored_s = time.time()
        with Shop.open(self._shop.database) as shop:
            known = {row.order_id for row in shop.orders(_ALL)}
        self._lost = [row for row in self._lost if row.order_id not in known]

    def _await_first_order(self) -> None:
        deadline = time.monotonic() + _BACK_TIMEOUT_S
        with Shop.open(self._shop.database) as shop:
            count = len(shop.orders(_ALL))
            while len(shop.orders(_ALL)) == count:
                if time.monotonic() > deadline:
                    raise ConfigurationError("bench_disaster", "the restored shop takes no order")
                time.sleep(_LOOK_EVERY_S)
        self._first_order_s = time.time()

    def _await_receipts(self) -> None:
        """Until the shop knows again every lost order whose device has its receipt, or for too long."""
        deadline = time.monotonic() + _BACK_TIMEOUT_S
        while time.monotonic() < deadline:
            signed, _ = signed_and_said(self._files, self._plan)
            have = {one.row.order_id for one in signed if one.row.state == "ordered"}
            with Shop.open(self._shop.database) as shop:
                known = {row.order_id for row in shop.orders(_ALL)}
            if all(row.order_id in known for row in self._lost if row.order_id in have):
                return
            time.sleep(1.0)

    def _settle(self) -> None:
        """What an operator does who has asked what was delivered."""
        delivered = {row.intent_id: row.order_id for row in self._lost}
        with contextlib.closing(OrderDesk(self._shop)) as desk:
            doubts = desk.shop.restores.doubts()
            named = [row for row in doubts if row.intent_id in delivered]
            for row in named:
                if row.payload:
                    with contextlib.suppress(RuntimeError):  # its device has given the receipt back meanwhile
                        desk.place_again(row.device_id, row.payload, delivered[row.intent_id])
                desk.shop.restores.settle(row)
            desk.shop.restores.close(int(desk.shop.clock.read().now_s))
        placed = sum(bool(row.payload) for row in named)
        self._doubts = {"intents": len(doubts), "named": placed, "silent": len(named) - placed}

    def _loss(self, known: Sequence[OrderRow]) -> dict[str, Any]:
        still = {row.order_id for row in known}
        return {
            "seconds": round(self._died_s - self._copies[-1][1].snapshot_s, 1),
            "orders": len(self._lost),
            "forgotten": sum(row.order_id not in still for row in self._lost),
        }


def both_shops(
    signed: Sequence[Signed],
    said: Sequence[Said],
    known: Sequence[OrderRow],
    lost: Sequence[OrderRow],
    wished: Sequence[str],
) -> dict[str, Any]:
    """The account over what either shop has placed; an order that was named again is the one that it was.

    "falsely_not_placed": intents of which a person was told that there is no order, while there is.
    """
    orders = {row.order_id: row for row in (*lost, *known)}
    denied = {words.intent_id for words in said if words.told in ("refused", "expired")}
    result = account(wished, signed, said, list(orders.values()))
    placed = {row.intent_id for row in orders.values()}
    return {**result, "falsely_not_placed": len(denied & placed)}


def meanwhile(signed: Sequence[Signed], from_s: int, to_s: int) -> dict[str, Any]:
    """What became of the orders that were agreed while there was no shop (Unix seconds)."""
    rows = [one.row for one in signed if from_s <= one.row.queued_at_s <= to_s]
    waits = [row.settled_at_s - row.queued_at_s for row in rows if row.settled_at_s is not None]
    states = [row.state for row in rows]
    return {
        "agreed": len(rows),
        **{state: states.count(state) for state in ("ordered", "refused", "expired")},
        "longest_wait_s": max(waits, default=0),
    }
