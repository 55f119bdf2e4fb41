"""What a device does not know the shop holds to itself, and the device says what to do; what it has judged
by, it signs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.committing import jws
from agent.committing.envelope import INTENT, decode_event
from agent.committing.shop_policy import Limits
from agent.deciding.details import Facts
from agent.plumbing.errors import CatalogueError
from agent.till.house import Brought, HouseRules
from tests.committing.kit import DEVICE, NOW_S, make_bench
from tests.till.kit import EDITION, Till, make_till

ORDER, CONSENT = "okay nabu order two bags of dark roast coffee", "yes place my order"
SHA256 = "ab" * 32


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return make_till(make_bench(tmp_path), tmp_path)


def ordered(till: Till) -> dict[str, object]:
    """The checkout mandate's claims."""
    till.wake_and_say(ORDER)
    till.answer(CONSENT)
    assert till.decided[-1] == "consented"
    [row] = till.desk.journal.orders()
    _, payload = till.desk.journal.signed_bytes(row.intent_id)
    token = json.loads(bytes(decode_event(payload, INTENT).data))["checkout"]
    return dict(json.loads(jws.unverified(token)))


def test_limits_that_have_not_reached_the_device_are_told_with_what_to_do(till: Till) -> None:
    shop = till.bench.desk.shop
    with shop.transaction("policy", DEVICE):
        shop.policies.put(till.bench.folder, DEVICE, Limits(voice_order_max_minor=100), now_s=NOW_S)
    ordered(till)
    till.deliver()
    assert till.said.startswith("The shop does not take as much as that from this device")
    assert shop.orders() == []


def test_the_details_that_it_has_judged_by_stand_in_what_it_signs(till: Till) -> None:
    facts = {"coffee": Facts(), "butter": Facts()}
    till.desk.house = HouseRules(brought=Brought(EDITION.source, SHA256, facts))
    assert ordered(till)["details"] == SHA256


@pytest.mark.parametrize(
    "brought",
    [
        None,
        Brought("0" * 64, SHA256, {}),
        Brought(EDITION.source, SHA256, CatalogueError("details_newer", "of a later release")),
    ],
)
def test_what_it_could_not_judge_by_does_not(till: Till, brought: Brought | None) -> None:
    house = HouseRules(brought=brought)
    assert house.judged_by(EDITION.source) == ""
    if brought is None:
        till.desk.house = house
        assert "details" not in ordered(till)
