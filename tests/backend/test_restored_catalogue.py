"""A restored shop may have forgotten versions of the catalogue that devices have: it does not publish another
one under such a number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from order_backend.backup import back_up, restore
from order_backend.cli import main
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.publishing import publish
from order_backend.shop import Shop
from tests.backend.test_backup import KEY, SKEW_S, bench, empty_database, now_s
from tests.backend.test_publishing import version
from tests.committing.kit import DEVICE, Bench, agreed

__all__ = ["bench", "empty_database"]  # fixtures


@pytest.fixture
def back(bench: Bench, tmp_path: Path, empty_database: Callable[[], str]) -> ShopFolder:
    """The shop, whose copy knows version 2, after version 4 was published and lost."""
    publish(bench.folder, bench.desk.shop, version(2), now_s=now_s())
    back_up(bench.folder, tmp_path / "copy", KEY)
    publish(bench.folder, bench.desk.shop, version(4), now_s=now_s())
    back = ShopFolder(tmp_path / "back")
    restore(back, tmp_path / "copy", KEY, ended_at_s=now_s(), database=empty_database(), skew_s=SKEW_S)
    return back


def published(back: ShopFolder, tmp_path: Path, number: int, *options: str) -> int:
    file = tmp_path / f"{number}.json"
    file.write_bytes(version(number))
    return main(["publish", str(back.path), str(file), *options])


def orders_by(bench: Bench, back: ShopFolder, number: int, after_s: int) -> str:
    """What a device that has that version is answered, `after_s` later."""
    bench.clocks.pass_by(after_s)
    order = agreed()
    basket = msgspec.structs.replace(order.basket, catalogue_version=number)
    intent = bench.road.commit(msgspec.structs.replace(order, basket=basket))
    desk = OrderDesk(back)
    try:
        return desk.intent(DEVICE, intent.payload, now_s=now_s() + after_s).code
    finally:
        desk.close()


def test_a_restored_shop_publishes_only_above_what_devices_have(
    bench: Bench, back: ShopFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert published(back, tmp_path, 3) == 1
    said = capsys.readouterr().err
    assert "catalogue_forgotten" in said and "--devices-have" in said and "no device has named" in said
    assert published(back, tmp_path, 3, "--devices-have", "4") == 1
    assert "devices have 4" in capsys.readouterr().err
    assert published(back, tmp_path, 5, "--devices-have", "4") == 0
    with Shop.open(back.database) as shop:
        [lost] = shop.restores.all()
        assert shop.restores.forgotten_version(lost.until_s) == 0, "before the lost time was surely over"
        assert shop.restores.forgotten_version(lost.until_s + 1) is None


def test_the_lost_version_may_be_published_again_as_it_was(
    bench: Bench, back: ShopFolder, tmp_path: Path
) -> None:
    assert published(back, tmp_path, 4, "--devices-have", "4") == 0
    assert orders_by(bench, back, 4, SKEW_S + 5) == "ordered"


def test_what_a_device_names_is_known_and_shown(
    bench: Bench, back: ShopFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert orders_by(bench, back, 4, SKEW_S + 5) == "catalogue_unknown"
    assert published(back, tmp_path, 3, "--devices-have", "2") == 1  # whoever looked at the wrong device
    assert "devices have 4" in capsys.readouterr().err
    assert main(["restored", str(back.path)]) == 0
    assert "devices have version 4: publish with --devices-have" in capsys.readouterr().out
    assert main(["restored", str(back.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["catalogue"] == {"newest": 2, "named_by_devices": 4}


def test_a_shop_that_was_never_restored_is_asked_nothing(bench: Bench, tmp_path: Path) -> None:
    assert orders_by(bench, bench.folder, 4, 0) == "ordered"  # by the file's prices, whatever is named
    assert published(bench.folder, tmp_path, 2) == 0
    assert orders_by(bench, bench.folder, 4, 0) == "catalogue_unknown"
    assert published(bench.folder, tmp_path, 3) == 0
