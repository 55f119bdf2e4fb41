"""`earmark bench chaos`: its plan is the seed's, its account finds what it looks for, a run is sound."""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from agent.bench import chaos_plan, chaos_steps
from agent.bench.chaos_account import FAULTS, Said, Signed, account
from agent.bench.chaos_agreed import Agreed, not_as_agreed
from agent.bench.chaos_plan import REPLICAS, Plan, Step, make_plan
from agent.bench.chaos_result import MUST_BE_0
from agent.bench.chaos_shim import Forger, OfferForger, Shim
from agent.bench.chaos_steps import Steps
from agent.bench.postgres_server import postgresql_programs
from agent.cli import main
from agent.committing.envelope import INTENT, OFFER, IntentData, SignedData, decode_data, decode_event
from agent.committing.journal_rows import OrderRow
from agent.committing.journal_rows import State as RowState
from agent.committing.jws import PublicJwk
from agent.committing.rotation import PURPOSES
from agent.deciding.money import Money
from agent.plumbing.errors import ConfigurationError, TrustError
from agent.plumbing.messages import Publish, Received
from order_backend.rotations import rotations
from order_backend.shop import OrderRow as ShopOrder
from tests.committing.kit import DEVICE, NOW_S, Bench, agreed, found_shop
from tests.committing.network import eventually


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


def test_a_plan_takes_orders_back_and_hands_orders_over_and_that_changes_nothing_else() -> None:
    plan = make_plan(2_000, 10, 3)
    wished = {wish.intent_id: wish for wish in plan.wishes}
    for ends, share in ((plan.cancels, 1 / 6), (plan.hand_overs, 1 / 3)):
        assert len(ends) / 2_000 == pytest.approx(share, rel=0.2)
        assert len({end.intent_id for end in ends}) == len(ends)
        assert {end.device for end in ends} == set(plan.devices)
        for end in ends:
            wish = wished[end.intent_id]
            assert wish.device == end.device and wish.at_s <= end.at_s <= plan.lasts_s
    both = {end.intent_id for end in plan.cancels} & {end.intent_id for end in plan.hand_overs}
    assert len(both) > 50


def test_every_second_device_asks_for_offers_under_ids_of_their_own() -> None:
    plan = make_plan(2_000, 10, 3)
    asks = {wish.device for wish in plan.wishes if wish.offered_id}
    assert asks == set(plan.devices[1::2])
    assert len(plan.offered) == 1_000 and not plan.offered.keys() & set(plan.offered.values())
    for ends in (plan.cancels, plan.hand_overs):
        assert all(bool(end.offered_id) == (end.device in asks) for end in ends)
        assert {end.ids for end in ends} <= {wish.ids for wish in plan.wishes}
    assert not plan.without_offers().offered


def test_the_operator_gives_the_authority_a_successor_and_rotates_each_key_once() -> None:
    for seed in range(20):
        plan = make_plan(2_000, 10, seed)
        commands = [step.command for step in plan.steps]
        assert sorted(commands) == sorted(
            [("authority", "begin"), ("authority", "move"), *(("rotate", one) for one in PURPOSES)]
        )
        assert commands.index(("authority", "begin")) < commands.index(("authority", "move"))
        assert all(0 < step.at_s < plan.lasts_s for step in plan.steps)


def test_a_step_that_is_refused_is_taken_again_and_the_other_kind_does_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaos_steps, "_AGAIN_S", 0.0)
    shop = found_shop(tmp_path / "shop")
    steps = [Step(0.0, ("authority", "move")), Step(0.1, ("rotate", "offers")), Step(9.0, ("rotate", "time"))]
    with contextlib.closing(Steps(shop.path, steps, 1, tmp_path / "log")) as operator:

        def turned() -> bool:
            operator.turn(1.0)
            return operator.done["rotate offers"] == 1 and operator.tries["authority move"] == 2

        eventually(turned, "the rotation, and the move once more")
        assert operator.left == 2 and not operator.done["authority move"]
    assert [one.claims.purpose for one in rotations(shop)] == ["offers"]


def test_a_plan_needs_a_device_and_an_intent_for_each() -> None:
    for intents, devices in ((4, 5), (1, 0)):
        with pytest.raises(ConfigurationError):
            make_plan(intents, devices, 1)


def signed(intent_id: str, state: RowState, order_id: str = "") -> Signed:
    row = OrderRow(
        *(intent_id, "c", "person-1", "key", "2 × coffee", Money(3_800, "PLN"), "sha", NOW_S, NOW_S + 60),
        *(state, 1, order_id, "", "", NOW_S, None, None, ""),
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
    rows: list[Signed],
    said: list[Said],
    orders: list[ShopOrder],
    wished: tuple[str, ...] = ("a", "b", "c"),
    undone: tuple[str, ...] = (),
) -> dict[str, int]:
    found = account(wished, rows, said, orders, undone)
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


def taken_back(intent_id: str, state: RowState, order_id: str = "", *, is_open: bool = False) -> Signed:
    one = signed(intent_id, state, order_id)
    return msgspec.structs.replace(one, cancel_signed=True, cancel_open=is_open)


def test_the_account_finds_what_was_done_wrong_with_a_cancellation() -> None:
    rows = [taken_back("a", "refused", "E-1"), taken_back("b", "ordered", "E-2"), taken_back("c", "refused")]
    said = [Said("ordered", "a", "E-1"), *(Said("cancelled", name) for name in "ac"), Said("too_late", "b")]
    orders = [placed("a", "E-1"), placed("b", "E-2")]
    undone = {"undone": ("E-1",)}
    assert faults(rows, said, orders, **undone) == {}
    found = account("abc", rows, said, orders, ("E-1",))
    assert (found["orders_at_shop"], found["cancels_signed"]) == (1, 3)
    assert (found["said_cancelled"], found["said_too_late"]) == (2, 1)
    # "cancelled", and the order is delivered: it is one too many, and was said wrongly
    assert faults(rows, said, orders) == {"doubled": 1, "said_wrongly": 1}
    # "too late", and there is none; the journal has it as ordered
    assert faults(rows, said, orders[:1], **undone) == {"lost": 1, "said_wrongly": 1}
    assert faults(rows, said, orders, undone=("E-1", "E-2")) == {"lost": 1, "said_wrongly": 1}
    assert faults(rows, said, [*orders, placed("b", "E-3")], **undone) == {"doubled": 1, "said_wrongly": 1}
    assert faults(rows, [*said, Said("cancelled", "a")], orders, **undone) == {"said_wrongly": 1}
    assert faults(rows, [*said, Said("too_late", "b")], orders, **undone) == {"said_wrongly": 1}
    # taken back by whom?
    stranger = [signed("a", "refused", "E-1"), *rows[1:]]
    assert faults(stranger, said, orders, **undone) == {"forged_accepted": 1}
    still_open = [*rows, taken_back("d", "ordered", "E-4", is_open=True)]
    assert faults(still_open, said, [*orders, placed("d", "E-4")], **undone) == {"unresolved": 1}


def test_the_account_knows_that_an_order_has_another_id_by_an_offer() -> None:
    rows, said = [signed("b", "ordered", "E-1")], [Said("queued", "b"), Said("ordered", "b", "E-1")]
    twin = {"b": "a"}
    found = account(("a",), rows, said, [placed("b", "E-1")], offered=twin)
    assert not any(found[name] for name in FAULTS)
    both = [*rows, signed("a", "ordered", "E-2")], [placed("b", "E-1"), placed("a", "E-2")]
    assert account(("a",), both[0], said, both[1], offered=twin)["doubled"] == 1
    assert account(("a", "c"), rows, said, [placed("b", "E-1")], offered=twin)["wished_and_never_signed"] == 1
    closed = placed("b", "E-1")
    closed = msgspec.structs.replace(
        closed,
        open_checkout="",
        open_payment="",
        closed_checkout=closed.open_checkout,
        closed_payment=closed.open_payment,
    )
    assert account(("a",), rows, said, [closed], offered=twin)["forged_accepted"] == 0
    other = msgspec.structs.replace(closed, closed_payment="other")
    assert account(("a",), rows, said, [other], offered=twin)["forged_accepted"] == 1


def test_an_order_that_is_not_what_was_agreed_to_is_found(bench: Bench) -> None:
    bench.trust_time()
    bench.road.link(True)

    def order(wish: str, *, by_offer: bool) -> Agreed:
        basket, offer = agreed().basket, None
        if by_offer:
            request = bench.road.offering.ask(basket)
            basket, offer = bench.road.offering.received(
                bench.desk.offer(DEVICE, request.payload, now_s=NOW_S).payload
            )
        token = offer.token if offer is not None else ""
        yes = Agreed.to(basket, device=DEVICE, intent_id=wish, offer=token)
        intent = bench.road.commit(msgspec.structs.replace(agreed(), basket=basket, offer=offer))
        assert bench.desk.intent(DEVICE, intent.payload, now_s=NOW_S).code == "ordered"
        offered[intent.intent_id] = wish
        return yes

    offered: dict[str, str] = {}
    limit, direct = order("limit", by_offer=False), order("direct", by_offer=True)
    of_limit, of_direct = reversed(bench.desk.shop.orders())

    def wrong(*said: Agreed, keys: tuple[PublicJwk, ...] = bench.trust.keys.offers) -> int:
        return not_as_agreed(said, (of_limit, of_direct), offered, keys)

    change = msgspec.structs.replace
    assert wrong(limit, direct) == 0
    assert wrong(limit) == wrong(direct) == 1, "nobody said yes to the other"
    assert wrong(change(limit, total_minor=limit.total_minor + 1), direct) == 0, "less is the shop's affair"
    assert wrong(change(limit, total_minor=limit.total_minor - 1), direct) == 1
    assert wrong(change(limit, lines=(("coffee?roast=dark", 1),)), direct) == 1
    assert wrong(limit, change(direct, offer="")) == 1, "by an offer that nobody has heard"
    assert wrong(direct, change(direct, total_minor=1), limit) == 2, (
        "of two the last counts, and it was no offer"
    )
    assert wrong(limit, direct, keys=bench.trust.keys.receipts) == 1
    assert wrong(limit, change(direct, device="device-2")) == 1
    assert wrong(change(direct, total_minor=1), direct, limit) == 1, "read out otherwise than it was offered"
    again = bench.desk.offer(DEVICE, bench.road.offering.ask(agreed().basket).payload, now_s=NOW_S)
    other = decode_data(decode_event(again.payload, OFFER), SignedData).signed
    assert wrong(limit, change(direct, offer=other)) == 2, "closed over another one than was heard"


def test_no_forged_offer_is_believed_and_the_true_one_is(bench: Bench) -> None:
    bench.trust_time()
    forger, refused = OfferForger(random.Random(1)), Counter[str]()
    for _ in range(60):
        request = bench.road.offering.ask(agreed().basket)
        payload = bench.desk.offer(DEVICE, request.payload, now_s=NOW_S).payload
        forged = forger.perhaps(Received(f"va/v1/d/{DEVICE}/dn/offer", payload))
        if forged is not None:
            with pytest.raises(TrustError) as error:
                bench.road.offering.received(forged.payload)
            refused[error.value.code] += 1
        assert bench.road.offering.received(payload).basket == agreed().basket
    assert refused.keys() == {"signature_invalid", "signature_key_unknown", "offer_unasked"}
    assert forger.perhaps(Received(f"va/v1/d/{DEVICE}/dn/ack", b"")) is None


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
    bench.road.link(True)
    for number in range(190):
        order = agreed()
        if number % 2:  # by an offer of the shop
            request = bench.road.offering.ask(order.basket)
            offer = bench.desk.offer(DEVICE, request.payload, now_s=NOW_S)
            basket, taken = bench.road.offering.received(offer.payload)
            order = msgspec.structs.replace(order, basket=basket, offer=taken)
        intent = bench.road.commit(order)
        true = Publish(intent.intent_id, intent.topic, intent.payload)
        forged = forger.perhaps(true)
        if forged is None:
            continue
        way = list(forger.made.values())[-1]
        if way == "cancelled":
            with pytest.raises(TrustError) as error:
                bench.desk.cancel(DEVICE, forged.payload, now_s=NOW_S)
            refused[f"{way} {error.value.code}"] += 1
            continue
        reply = bench.desk.intent(DEVICE, forged.payload, now_s=NOW_S)
        refused[f"{way} {reply.code}"] += 1
        if way == "rewritten":  # what the device signed, in other bytes
            data = decode_data(decode_event(intent.payload, INTENT), IntentData)
            assert decode_data(decode_event(forged.payload, INTENT), IntentData) == data
    assert refused.keys() == {
        *("altered signature_invalid", "other_key signature_invalid", "unsigned signature_invalid"),
        *("other_id envelope_mismatch", "rewritten ordered", "cancelled signature_key_unknown"),
    }


@pytest.mark.slow
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
    assert result["cancels_signed"] and result["said_cancelled"] + result["said_too_late"]
    assert len(result["steps"]) == 8


@pytest.mark.slow
def test_chaos_loses_doubles_and_forges_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "chaos", "--intents", "200", "--devices", "5", "--seed", "6", "--json"]) == 0
    result = msgspec.json.decode(capsys.readouterr().out.splitlines()[-1])
    print(json.dumps(result))  # to be read where it fails
    assert result["intents"] == 200 and result["sound"]
    assert {name: result[name] for name in MUST_BE_0} == dict.fromkeys(MUST_BE_0, 0)
    assert len(result["steps"]) == 8 and result["successor"]["known"] == 5
    assert result["orders_by_offer"] > 0 and result["messages"]["by_a_limit"] > 0
    assert result["ordered"] == result["orders_at_shop"] > 50
    assert result["cancels_signed"] > 5 and result["said_cancelled"] + result["said_too_late"] > 5
    assert result["handed_over"] > 10 and result["cancelled"] >= result["said_cancelled"]
    answered = {name for name in result["messages"] if name.startswith("answered_")}
    assert result["messages"]["forged"] > 10 and any("signature_invalid" in name for name in answered)
