"""`earmark bench chaos`: its plan is the seed's, its account finds what it looks for, a run is sound."""

from __future__ import annotations

import json
import random
from collections import Counter

import msgspec
import pytest

from agent.bench import chaos_plan
from agent.bench.chaos_account import FAULTS, Said, Signed, account
from agent.bench.chaos_plan import REPLICAS, Plan, make_plan
from agent.bench.chaos_shim import Forger, Shim
from agent.bench.postgres_server import postgresql_programs
from agent.cli import main
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.journal_rows import OrderRow
from agent.committing.journal_rows import State as RowState
from agent.deciding.money import Money
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.messages import Publish
from order_backend.shop import OrderRow as ShopOrder
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed


def test_a_seed_is_a_plan() -> None:
    assert make_plan(200, 5, 7) == make_plan(200, 5, 7)
    assert make_plan(200, 5, 7) != make_plan(200, 5, 8)


def test_a_plan_names_each_intent_once_shares_them_out_and_breaks_everything() -> None:
    plan = make_plan(2_000, 10, 3)
    assert len({wish.intent_id for wish in plan.wishes}) == 2_000
    assert set(Counter(wish.device for wish in plan.wishes).values()) == {200}
    assert [wish.at_s for wish in plan.wishes] == sorted(wish.at_s for wish in plan.wishes)
    assert {fault.kind for fault in plan.faults} == {
        *("kill_device", "kill_uplink", "kill_replica", "kill_broker", "cut_device", "cut_replica"),
        *("delay_device", "device_clock", "replica_clock", "full_disk"),
    }
    assert {fault.target for fault in plan.faults} == {*plan.devices, *REPLICAS["sqlite"], "broker"}


def test_a_plan_for_postgresql_kills_it_too_and_has_three_replicas() -> None:
    plan = make_plan(2_000, 10, 3, "postgresql")
    killed = [fault for fault in plan.faults if fault.kind == "kill_database"]
    assert killed and {fault.target for fault in killed} == {"database"}
    assert len(plan.replicas) == 3 and set(plan.replicas) <= {fault.target for fault in plan.faults}
    assert plan.wishes == make_plan(2_000, 10, 3).wishes  # the same orders, other faults


def test_more_devices_order_faster_and_break_more_often_and_what_they_share_does_not() -> None:
    def of_the_shop(plan: Plan) -> float:
        shared = [fault for fault in plan.faults if fault.target not in plan.devices]
        return len(shared) / plan.lasts_s

    few, many = make_plan(8_000, 10, 3, "postgresql"), make_plan(12_000, 50, 3, "postgresql")
    assert (few.lasts_s, many.lasts_s) == (1_000.0, 1_000.0)
    assert len(many.faults) / len(few.faults) == pytest.approx(1.5, abs=0.15)
    assert of_the_shop(many) == pytest.approx(of_the_shop(few), rel=0.15)


def test_a_plan_needs_a_device_and_an_intent_for_each() -> None:
    for intents, devices in ((4, 5), (1, 0)):
        with pytest.raises(ConfigurationError):
            make_plan(intents, devices, 1)


def signed(intent_id: str, state: RowState, order_id: str = "") -> Signed:
    row = OrderRow(
        *(intent_id, "c", "person-1", "key", "2 × coffee", Money(3_800, "PLN"), "sha", NOW_S, NOW_S + 60),
        *(state, 1, order_id, "", "", NOW_S, None, None),
    )
    return Signed(row, f"checkout {intent_id}", f"payment {intent_id}")


def placed(intent_id: str, order_id: str, checkout: str = "") -> ShopOrder:
    return ShopOrder(
        *(order_id, DEVICE, intent_id, "person-1", "[]", 3_800, "PLN", "2026-11-20", NOW_S),
        *(checkout or f"checkout {intent_id}", f"payment {intent_id}", "", ""),
    )


SOUND = (
    [signed("a", "ordered", "E-1"), signed("b", "refused"), signed("c", "expired")],
    [Said("queued", "a"), Said("ordered", "a", "E-1"), Said("refused", "b"), Said("expired", "c")],
    [placed("a", "E-1")],
)


def faults(
    rows: list[Signed], said: list[Said], orders: list[ShopOrder], wished: tuple[str, ...] = ("a", "b", "c")
) -> dict[str, int]:
    found = account(wished, rows, said, orders)
    return {name: found[name] for name in FAULTS if found[name]}


def test_a_sound_run_has_nothing_to_account_for() -> None:
    assert faults(*SOUND) == {}
    found = account(("a", "b", "c"), *SOUND)
    assert (found["intents"], found["ordered"], found["refused"], found["expired"]) == (3, 1, 1, 1)


def test_the_account_finds_what_a_run_may_have_done_wrong() -> None:
    rows, said, orders = SOUND
    assert faults(rows, said, []) == {"lost": 1, "said_wrongly": 1}
    assert faults(rows, [*said, Said("queued", "d")], orders) == {"lost": 1}
    assert faults(rows, said, [*orders, placed("a", "E-2")]) == {"doubled": 1, "said_wrongly": 1}
    assert faults(rows, said, [*orders, placed("c", "E-2")]) == {"doubled": 1}  # who is told so orders again
    assert faults(rows, said, [*orders, placed("x", "E-2")]) == {"forged_accepted": 1}
    assert faults(rows, said, [placed("a", "E-1", "other")]) == {"forged_accepted": 1}
    assert faults(rows, [*said, Said("ordered", "a", "E-1")], orders) == {"said_wrongly": 1}
    assert faults(rows, [*said, Said("ordered", "b", "E-9")], orders) == {"said_wrongly": 1}
    assert faults([*rows, signed("d", "sent")], said, [*orders, placed("d", "E-2")]) == {"unresolved": 1}
    assert faults([*rows, signed("d", "sent")], said, orders) == {"lost": 1, "unresolved": 1}
    assert faults(rows, said, orders, ("a", "b", "c", "d")) == {"wished_and_never_signed": 1}


def test_what_the_shim_holds_back_comes_later_and_repeats_are_the_same_bytes() -> None:
    counts: Counter[str] = Counter()
    shim: Shim[int] = Shim(random.Random(1), counts)
    out = [message for number in range(1_000) for message in shim.put(number, 0.0)]
    late = shim.due(60.0)
    assert len(out) + len(late) == 1_000 - counts["dropped"] + counts["duplicated"]
    assert set(out) | set(late) <= set(range(1_000)) and min(counts.values()) > 0
    shim.quiet = True
    assert shim.put(7, 61.0) == [7] and shim.due(61.0) == []


def test_no_forged_intent_is_placed_and_each_way_of_forging_is_tried(bench: Bench) -> None:
    bench.trust_time()
    forger, refused = Forger(random.Random(1)), Counter[str]()
    for _ in range(150):
        intent = bench.road.commit(agreed())
        true = Publish(intent.intent_id, intent.topic, intent.payload)
        forged = forger.perhaps(true)
        if forged is None:
            continue
        way = list(forger.made.values())[-1]
        reply = bench.desk.intent(DEVICE, forged.payload, now_s=NOW_S)
        refused[f"{way} {reply.code}"] += 1
        if way == "rewritten":  # what the device signed, in other bytes
            data = decode_data(decode_event(intent.payload, INTENT), IntentData)
            assert decode_data(decode_event(forged.payload, INTENT), IntentData) == data
    assert refused.keys() == {
        *("altered signature_invalid", "other_key signature_invalid", "unsigned signature_invalid"),
        *("other_id envelope_mismatch", "rewritten ordered"),
    }


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_chaos_on_postgresql_which_is_killed_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaos_plan, "SHORTEST_S", 22.0)
    try:
        postgresql_programs()
    except ConfigurationError as error:
        pytest.skip(str(error))
    chosen = ["--intents", "60", "--devices", "3", "--seed", "17", "--database", "postgresql", "--json"]
    assert main(["bench", "chaos", *chosen]) == 0
    result = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
    print(json.dumps(result))
    assert result["intents"] == 60 and result["sound"] and result["replicas"] == 3
    assert result["faults"]["kill_database"] and result["ordered"] == result["orders_at_shop"] > 15


@pytest.mark.slow
@pytest.mark.timeout(400)  # against a hang; it takes one to two minutes
def test_chaos_loses_doubles_and_forges_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "chaos", "--intents", "200", "--devices", "5", "--seed", "6", "--json"]) == 0
    result = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
    print(json.dumps(result))  # to be read where it fails
    assert result["intents"] == 200 and result["sound"]
    assert {name: result[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
    assert result["ordered"] == result["orders_at_shop"] > 50
    answered = {name for name in result["messages"] if name.startswith("answered_")}
    assert result["messages"]["forged"] > 10 and any("signature_invalid" in name for name in answered)
