"""The shop carries a phone's answer to its device: once, to nobody else, and not after its time."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.committing.approvals import approval_in
from order_backend.approvals import KEPT_S, Carrier
from order_backend.cli import main
from tests.committing.kit import DEVICE, NOW_S, make_bench


def test_an_answer_is_carried_once_and_in_time(tmp_path: Path) -> None:
    bench = make_bench(tmp_path)
    shop, sent = bench.desk.shop, []
    carrier = Carrier(shop.database, shop.approvals, lambda topic, event: sent.append((topic, event)))
    with shop.transaction("approvals"):
        shop.approvals.put(DEVICE, "late", shop_id="corner-shop", now_s=NOW_S - KEPT_S - 1)
        shop.approvals.put(DEVICE, "a.b.c", shop_id="corner-shop", now_s=NOW_S)
    for _ in range(2):
        carrier._next_look = 0.0
        carrier.look(lambda: NOW_S)
    [(topic, event)] = sent
    assert (topic, approval_in(event)) == (f"va/v1/d/{DEVICE}/dn/approval", "a.b.c")
    bench.desk.close()
    bench.journal.close()


def test_the_command_takes_it_for_an_admitted_device_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = make_bench(tmp_path)
    command = ["approval", str(bench.folder.path), "a.b.c", "--device"]
    assert main([*command, DEVICE]) == 0
    assert main([*command, "another"]) == 1
    assert "approval_device" in capsys.readouterr().err
    assert main([*command, DEVICE]) == 0
    assert len(bench.desk.shop.approvals.take(now_s=NOW_S)) == 2
    bench.desk.close()
    bench.journal.close()
