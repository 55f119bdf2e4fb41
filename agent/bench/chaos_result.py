"""What a chaos run came to, from the files of both sides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from agent.bench.chaos_account import FAULTS, account
from agent.bench.chaos_agreed import not_as_agreed
from agent.bench.chaos_files import ChaosFiles
from agent.bench.chaos_journals import signed_and_said
from agent.bench.chaos_plan import Plan
from order_backend.authorities import announced, successor_of
from order_backend.authority_steps import standings
from order_backend.folder import ShopFolder
from order_backend.shop import Shop
from order_backend.standing_keys import StandingKeys

MUST_BE_0 = (*FAULTS, "not_as_agreed", "steps_left")
_ALL = 10_000_000


def result_of(files: ChaosFiles, plan: Plan) -> dict[str, Any]:
    """What `account` counts, and "not_as_agreed", "orders_by_offer", "handed_over" and "successor" as
    `run_chaos` has them."""
    signed, said = signed_and_said(files, plan)
    shop, offered = ShopFolder(files.shop), plan.offered
    with Shop.open(shop.database) as opened:
        orders, ends = opened.orders(_ALL), opened.ends.all()
    undone = {order_id for order_id, end in ends.items() if end == "cancelled"}
    wished = [wish.intent_id for wish in plan.wishes]
    agreed = [one for name in plan.devices for one in files.agreed(name)]
    return {
        **account(wished, signed, said, orders, undone, offered),
        "not_as_agreed": not_as_agreed(agreed, orders, offered, StandingKeys.of(shop, "offers").at(0)),
        "orders_by_offer": sum(not order.open_checkout for order in orders),
        "handed_over": sum(end == "accepted" for end in ends.values()),
        "successor": _successor(shop),
    }


def _successor(shop: ShopFolder) -> dict[str, int]:
    following, serial = successor_of(shop), announced(shop).serial
    if following is None:
        return {"known": 0, "connect": 0}
    devices = standings(shop, datetime.now(UTC))
    return {
        "known": sum(one.knows >= serial for one in devices),
        "connect": sum(one.connects_by(following.fingerprint) for one in devices),
    }
