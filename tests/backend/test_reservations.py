"""What is left, what may be owed, what was ordered just now, and how much of one device is looked at."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine
from sqlalchemy import event as events

from agent.committing.envelope import QUERY, QueryData, encode_event
from agent.deciding.basket import Basket
from order_backend.broker import PrivateBroker
from order_backend.cli import main
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.intake import STATUSES_AT_ONCE, Intake
from order_backend.limited import _PLACED
from order_backend.rates import FORGET_ABOVE, Rates
from tests.backend.test_at_once import at_once
from tests.backend.test_replicas import running
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed, join
from tests.committing.network import PATIENCE_S, RawClient
from tests.committing.test_tls import context_of

COFFEE = "coffee?roast=dark"


def say(bench: Bench, quantity: int = 2, *, later_s: int = 0) -> str:
    bench.trust_time()
    payload = bench.road.commit(agreed(quantity)).payload
    return bench.desk.intent(DEVICE, payload, now_s=NOW_S + later_s).code


def set_config(folder: ShopFolder, **changes: object) -> None:
    config = msgspec.structs.replace(folder.config(), **changes)
    folder.config_file.write_bytes(msgspec.json.encode(config))


def said_at_once(bench: Bench, payloads: list[bytes]) -> list[str]:
    """What four desks say, each to every fourth of them."""
    codes = at_once(
        bench,
        [
            lambda desk, some=payloads[at::4]: " ".join(
                desk.intent(DEVICE, payload, now_s=NOW_S).code for payload in some
            )
            for at in range(4)
        ],
    )
    return " ".join(codes).split()


def test_an_order_takes_from_what_is_left_and_a_refused_one_takes_nothing(bench: Bench) -> None:
    stock = bench.desk.shop.stock
    stock.count(COFFEE, 5)
    assert [say(bench, 3), say(bench, 3), say(bench, 2), say(bench, 1)] == [
        "ordered",
        "unavailable",
        "ordered",
        "unavailable",
    ]
    assert stock.counted() == {COFFEE: 0}
    stock.count(COFFEE, None)
    assert say(bench, 3) == "ordered"


def test_a_replay_takes_nothing_more_and_a_refusal_stays_when_there_is_more(bench: Bench) -> None:
    bench.desk.shop.stock.count(COFFEE, 3)
    bench.trust_time()
    two, three = (bench.road.commit(agreed(quantity)).payload for quantity in (2, 3))
    codes = [bench.desk.intent(DEVICE, payload, now_s=NOW_S).code for payload in (two, two, three)]
    assert codes == ["ordered", "replayed", "unavailable"]
    bench.desk.shop.stock.count(COFFEE, 10)
    assert bench.desk.intent(DEVICE, three, now_s=NOW_S).code == "replayed"
    assert bench.desk.shop.stock.counted() == {COFFEE: 10}


def test_the_last_ones_go_to_as_many_as_there_are_however_many_ask_at_once(bench: Bench) -> None:
    bench.desk.shop.stock.count(COFFEE, 5)
    bench.trust_time()
    payloads = [bench.road.commit(agreed(1)).payload for _ in range(16)]

    said = said_at_once(bench, payloads)
    assert (said.count("ordered"), said.count("unavailable")) == (5, 11)
    assert bench.desk.shop.stock.counted() == {COFFEE: 0}


def test_no_more_is_owed_than_the_account_may(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["account", str(bench.folder.path), "--device", DEVICE]
    assert main([*command, "--credit", "5000"]) == 0
    assert [say(bench, 2), say(bench, 1)] == ["ordered", "credit_limit"]
    assert main([*command, "--paid", "1000"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("owes 28.00 PLN, at most 50.00 PLN")
    assert [say(bench, 1), say(bench, 1)] == ["ordered", "credit_limit"]
    assert main([*command, "--no-limit"]) == 0
    assert say(bench, 50) == "ordered"


def test_replicas_do_not_lend_more_together_than_one_would(bench: Bench) -> None:
    main(["account", str(bench.folder.path), "--device", DEVICE, "--credit", str(3 * 1900)])
    bench.trust_time()
    payloads = [bench.road.commit(agreed(1)).payload for _ in range(8)]
    assert said_at_once(bench, payloads).count("ordered") == 3


def test_the_same_basket_on_one_account_is_held_for_a_minute_whichever_device_heard_it(
    bench: Bench, tmp_path: Path
) -> None:
    join(bench.folder, tmp_path / "keys-2", "device-2")
    for device in (DEVICE, "device-2"):
        assert main(["account", str(bench.folder.path), "--device", device, "--account", "home"]) == 0
    set_config(bench.folder, same_basket_hold_s=60)
    bench.desk.close()
    bench.desk = OrderDesk(bench.folder)
    assert [say(bench), say(bench, later_s=59), say(bench, 3), say(bench, later_s=61)] == [
        "ordered",
        "same_basket",
        "ordered",
        "ordered",
    ]
    shop = bench.desk.shop
    with shop.transaction():
        account = shop.accounts.lock("device-2")
        assert shop.accounts.ordered_since(account, shop.orders(1)[0].lines, NOW_S)


def plan(bench: Bench, ask: Callable[[], object]) -> list[str]:
    """How SQLite finds the orders that `ask` asks for."""
    asked: list[tuple[str, object]] = []

    def note(*args: object) -> None:
        asked.append((str(args[2]), args[3]))

    events.listen(Engine, "before_cursor_execute", note)
    try:
        with bench.desk.shop.transaction():
            ask()
    finally:
        events.remove(Engine, "before_cursor_execute", note)
    [(query, values)] = [one for one in asked if "order_ends" in one[0]]
    database = bench.desk.shop.database._connected()
    return [str(row[-1]) for row in database.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)]  # type: ignore[arg-type]


@pytest.mark.parametrize("database", [""])
def test_orders_of_others_and_of_before_are_not_read_through_at_each_new_one(bench: Bench) -> None:
    shop = bench.desk.shop
    one_device = {"device_id": DEVICE, "person": "p-1", "since_s": NOW_S}
    for ask in (
        lambda: shop.accounts.ordered_since(shop.accounts.lock(DEVICE), "[]", NOW_S),
        lambda: shop.database.execute(_PLACED, one_device),
    ):
        steps = plan(bench, ask)
        assert any("SEARCH orders" in step and "device_id=? AND placed_at>?" in step for step in steps), steps
        assert not any("SCAN" in step and step != "SCAN CONSTANT ROW" for step in steps), steps


def test_a_device_that_was_put_on_an_account_is_on_its_own_no_more(bench: Bench, tmp_path: Path) -> None:
    join(bench.folder, tmp_path / "keys-2", "device-2")
    set_config(bench.folder, same_basket_hold_s=60)
    bench.desk.close()
    bench.desk = OrderDesk(bench.folder)
    assert say(bench) == "ordered"
    on_another = ["account", str(bench.folder.path), "--device", "device-2", "--account", DEVICE]
    assert main(on_another) == 0
    shop = bench.desk.shop

    def ordered(device_id: str) -> bool:
        with shop.transaction():
            account = shop.accounts.lock(device_id)
            return shop.accounts.ordered_since(account, shop.orders(1)[0].lines, NOW_S)

    assert ordered(DEVICE) and ordered("device-2"), "one account, whose name a device has"
    assert main(["account", str(bench.folder.path), "--device", DEVICE, "--account", "home"]) == 0
    assert ordered(DEVICE) and not ordered("device-2"), "what the device orders is on another account now"


def test_a_basket_is_the_same_in_two_languages_and_said_the_other_way_round(bench: Bench) -> None:
    set_config(bench.folder, same_basket_hold_s=60)
    bench.desk.close()
    bench.desk = OrderDesk(bench.folder)
    bench.trust_time()

    def code(*said: tuple[str, str, int], later_s: int = 0, roast: str = "dark") -> str:
        lines = []
        for language, product, quantity in said:
            chosen = {"roast": roast} if product == "coffee" else {}
            lines.append(CATALOGUE.line(product, chosen, quantity, language))
        order = msgspec.structs.replace(agreed(), basket=Basket(tuple(lines), CATALOGUE.version))
        payload = bench.road.commit(order).payload
        return bench.desk.intent(DEVICE, payload, now_s=NOW_S + later_s).code

    assert code(("en", "coffee", 2), ("en", "rice", 1)) == "ordered"
    assert code(("pl", "coffee", 2), ("pl", "rice", 1)) == "same_basket"
    assert code(("pl", "rice", 1), ("en", "coffee", 1), ("en", "coffee", 1)) == "same_basket"
    assert code(("en", "coffee", 1), ("en", "rice", 1)) == "ordered"
    assert code(("en", "coffee", 2), ("en", "rice", 1), roast="light") == "ordered"
    first = bench.desk.shop.orders()[-1]
    said = [
        CATALOGUE.line("coffee", {"roast": "dark"}, 2, "en").title,
        CATALOGUE.line("rice", {}, 1, "en").title,
    ]
    assert [line["title"] for line in json.loads(first.lines)] == said, "it keeps the words of who ordered it"


def test_without_the_setting_the_same_basket_is_taken_again(bench: Bench) -> None:
    assert [say(bench), say(bench)] == ["ordered", "ordered"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["stock", "--quantity", "3"], "stock_item"),
        (["stock", "--item", "gold", "--quantity", "3"], "stock_item"),
        (["account", "--device", "nobody"], "account_device"),
    ],
)
def test_what_is_not_there_cannot_be_counted_or_lent(
    bench: Bench, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([words[0], str(bench.folder.path), *words[1:]]) == 1
    assert code in capsys.readouterr().err


def test_a_bucket_empties_fills_with_time_and_is_each_devices_own() -> None:
    rates = Rates(3, 2.0)
    assert [rates.allows("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert rates.allows("b", 0.0)
    assert [rates.allows("a", 1.0) for _ in range(3)] == [True, True, False]
    assert [rates.allows("a", 1_000.0) for _ in range(4)] == [True, True, True, False]


def test_buckets_take_a_bounded_memory() -> None:
    rates = Rates(3, 2.0)
    for number in range(FORGET_ABOVE + 10):
        rates.allows(f"device-{number}", 0.0)
    assert len(rates._buckets) <= FORGET_ABOVE


def test_presence_is_bounded_by_itself(bench: Bench) -> None:
    base = f"va/v1/d/{DEVICE}/up/"
    intake = Intake(bench.folder, lambda *_, **__: 0)
    while not intake.is_too_much(base + "query"):
        pass
    assert [intake.is_too_much(base + "status") for _ in range(STATUSES_AT_ONCE)] == [
        False
    ] * STATUSES_AT_ONCE
    assert intake.is_too_much(base + "status")
    assert not intake.is_too_much("va/v1/d/device-2/up/status")
    set_config(bench.folder, messages_per_second=0)
    unbounded = Intake(bench.folder, lambda *_, **__: 0)
    assert not any(unbounded.is_too_much(base + "status") for _ in range(STATUSES_AT_ONCE * 2))


def test_a_device_that_sends_too_much_is_not_answered_and_later_is(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    set_config(bench.folder, messages_per_second=1)
    question = encode_event(
        QUERY, id_=uuid.uuid4(), source=DEVICE, now_s=0, data=QueryData(str(uuid.uuid4()))
    )
    with PrivateBroker(bench.folder) as broker, running(bench.folder, broker.port) as service:
        assert service.connected.wait(PATIENCE_S)
        device = RawClient(context_of(bench.folder, tmp_path / "keys"), DEVICE, broker.port)
        device.subscribe(f"va/v1/d/{DEVICE}/dn/rsp")
        for _ in range(60):
            device.publish(f"va/v1/d/{DEVICE}/up/query", question)
        deadline = time.monotonic() + PATIENCE_S
        while not any("rate_limited" in one for one in caplog.messages):
            assert time.monotonic() < deadline
            device.publish(f"va/v1/d/{DEVICE}/up/query", question)
        while not device.messages.empty():
            device.messages.get()
        while device.messages.empty():  # one more each second
            assert time.monotonic() < deadline
            device.publish(f"va/v1/d/{DEVICE}/up/query", question)
            time.sleep(0.2)
        device.close()
