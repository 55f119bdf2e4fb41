"""Rules that the shop signs beside its limits: they reach the device, hold beside its own, and what a release
does not know of them makes it stricter."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.cli import main as earmark
from agent.commands import shop_policy
from agent.committing import jws
from agent.committing.envelope import POLICY, SignedData, decode_data, decode_event, encode_event
from agent.committing.shop_policy import TYP, Limits
from agent.committing.shop_rules import (
    DAYS,
    MOST_RULES,
    REQUIREMENTS,
    UNUSUAL,
    ShopRule,
    rule_fault,
)
from agent.deciding import rules
from agent.deciding.policy_file import parse_policy
from agent.deciding.rules import Rule
from agent.deciding.unusual import Unusual
from agent.till.house import HouseRules
from agent.till.shop_policy_asked import shop_policy_shown
from agent.till.shop_rules import rules_of
from order_backend.cli import main
from tests.committing.kit import CATALOGUE_FILE, DEVICE, NOW_S, Bench
from tests.till.kit import Till, make_till

NIGHT = ShopRule("night", "factor", products=("coffee",), from_="22:00", until="06:00", over_packs=3)
DENIED = ShopRule("no-coffee", "deny", products=("coffee",))
ORDER, YES = "okay nabu order two bags of dark roast coffee", "yes place my order"


def put(bench: Bench, *shop_rules: ShopRule, **limits: int) -> bytes:
    """The next version, for dn/policy."""
    policies = bench.desk.shop.policies
    with bench.desk.shop.transaction():
        policies.put(bench.folder, DEVICE, Limits(**limits), now_s=NOW_S, rules=shop_rules)
    made = policies.event(DEVICE)
    assert made is not None
    return made


def signed(bench: Bench, claims: dict[str, Any]) -> bytes:
    """Whatever claims the shop's key signs."""
    common = {"iss": "corner-shop", "aud": DEVICE, "env": "test", "iat": NOW_S, "version": 1, "limits": {}}
    data = SignedData(jws.sign(common | claims, bench.folder.signing_key("policy"), typ=TYP))
    return encode_event(POLICY, id_=uuid4(), source="corner-shop", now_s=NOW_S, data=data)


def receive(bench: Bench, payload: bytes) -> None:
    assert bench.road.received(f"va/v1/d/{DEVICE}/dn/policy", payload) == []


@pytest.fixture
def till(bench: Bench, tmp_path: Path) -> Till:
    return make_till(bench, tmp_path)


def test_they_reach_the_device_and_stay_also_after_a_restart(bench: Bench) -> None:
    receive(bench, put(bench, NIGHT, most_lines=3))
    bench.restart_device()
    assert (bench.road.policy.rules, bench.road.policy.limits) == ((NIGHT,), Limits(most_lines=3))
    receive(bench, put(bench))
    assert bench.road.policy.rules == ()


def test_limits_that_are_set_later_leave_them(bench: Bench) -> None:
    put(bench, NIGHT)
    with bench.desk.shop.transaction():
        bench.desk.shop.policies.put(bench.folder, DEVICE, Limits(most_lines=2), now_s=NOW_S)
    assert bench.desk.shop.policies.rules(DEVICE) == (NIGHT,)
    assert bench.desk.shop.policies.rules("device-9") == ()


def test_a_device_is_asked_by_them_beside_the_rules_of_its_house(till: Till) -> None:
    text = '[[rule]]\nid = "r"\nrequire = "deny"\nproducts = ["butter"]\n'
    till.desk.house = HouseRules(parse_policy(text))
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "read_back"
    receive(till.bench, put(till.bench, DENIED))
    till.answer(YES)
    assert till.decided[-1] == "rule_denied" and not till.desk.journal.orders()
    till.wake_and_say("okay nabu order a pack of butter")
    assert till.decided[-1] == "rule_denied", "the house's own holds as before"


def test_what_is_unusual_is_looked_up_for_the_shops_rules_as_well(till: Till) -> None:
    receive(till.bench, put(till.bench, ShopRule("new", "deny", unusual=("goods",))))
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "rule_denied"


def test_a_release_before_them_keeps_to_the_limits(bench: Bench) -> None:
    class Before(msgspec.Struct, frozen=True):
        iss: str
        version: int
        limits: Limits

    token = decode_data(decode_event(put(bench, NIGHT, most_lines=2), POLICY), SignedData).signed
    assert msgspec.json.decode(jws.unverified(token), type=Before).limits == Limits(most_lines=2)


def test_what_such_a_release_has_kept_is_completed_and_never_thinned(bench: Bench) -> None:
    event = put(bench, NIGHT, most_lines=2)
    receive(bench, event)
    kept = json.loads(bench.journal.meta_get("shop_policy") or "")
    del kept["rules"]
    bench.journal.meta_set("shop_policy", json.dumps(kept))
    bench.restart_device()
    assert not bench.road.policy.rules
    receive(bench, event)
    assert bench.road.policy.rules == (NIGHT,)
    for other in ({}, {"rules": [{"id": "x", "require": "deny"}]}):
        receive(bench, signed(bench, {"limits": {"most_lines": 2}} | other))
    assert bench.road.policy.rules == (NIGHT,)
    assert bench.road.refused["policy_same_version"] == 2


@pytest.mark.parametrize(
    "shop_rules",
    [
        [{"id": f"r-{n}", "require": "deny"} for n in range(MOST_RULES + 1)],
        [{"id": f"r-{n}", "require": "deny", "products": [f"{n:064}"] * 64} for n in range(10)],
        [{"id": "x" * 65, "require": "deny"}],
        [{"id": "x"}],
    ],
)
def test_more_than_a_device_would_keep_is_refused(bench: Bench, shop_rules: list[dict[str, Any]]) -> None:
    receive(bench, signed(bench, {"rules": shop_rules}))
    assert bench.road.policy.version == 0 and bench.road.refused["policy_malformed"] == 1


def test_what_a_later_shop_says_makes_it_stricter(bench: Bench) -> None:
    later = {
        "id": "Later",
        "require": "dance",
        "moods": ["grim"],
        "days": ["mon", "lundi"],
        "unusual": ["smell"],
        "hazards": ["GHS99"],
        "categories": ["wine"],
        "from": "25:00",
        "until": "06:00",
        "over_packs": 2,
    }
    receive(bench, signed(bench, {"rules": [later]}))
    [rule] = rules_of(bench.road.policy.rules)
    assert rule == Rule("shop-unnamed", "deny", categories=("wine",), over_packs=2)


def test_none_of_them_passes_for_what_the_shop_tells_of_its_products() -> None:
    """Whoever asks why would be told of roles that nobody has named."""
    [rule] = rules_of([ShopRule("who", "deny", products=("coffee",))])
    assert rule == Rule("shop-unnamed", "deny", products=("coffee",))


@pytest.mark.parametrize(("from_", "until"), [("22:00", "30:00"), ("22:00", ""), ("", "06:00")])
def test_a_night_that_a_later_shop_writes_otherwise_is_not_cut_at_midnight(from_: str, until: str) -> None:
    [rule] = rules_of([ShopRule("night", "deny", days=("fri",), from_=from_, until=until)])
    saturday_one_o_clock = rules.Moment(5, 60)
    assert rules.is_then(rule, saturday_one_o_clock)


WORDS = st.lists(st.text(max_size=64), max_size=3).map(tuple)
KNOWN = st.sampled_from(["goods", "mon", "GHS01", "coffee", "22:00"])


@given(
    st.builds(
        ShopRule,
        st.text(max_size=64),
        st.text(max_size=64) | st.sampled_from(REQUIREMENTS),
        *(WORDS | st.lists(KNOWN, max_size=2).map(tuple) for _ in range(5)),
        st.text(max_size=6) | st.just("22:00"),
        st.text(max_size=6) | st.just("06:00"),
    )
)
@example(NIGHT)
@example(ShopRule("a" * 64, "trained", hazards=("GHS02",)))
def test_whatever_it_says_there_is_a_rule_and_it_has_no_condition_that_the_shop_has_not(
    shop: ShopRule,
) -> None:
    [rule] = rules_of([shop])
    assert rule.id.startswith("shop-")
    assert rule.require == (shop.require if shop.require in REQUIREMENTS else "deny")
    for key in ("products", "categories", "hazards", "unusual", "days"):
        assert getattr(rule, key) in ((), getattr(shop, key))
    assert (rule.from_, rule.until) in ((None, None), (shop.from_, shop.until))
    assert not (rule.people or rule.roles or rule.cost_centres)
    if not rule_fault(shop):
        assert msgspec.to_builtins(rule) == msgspec.to_builtins(shop) | {"id": f"shop-{shop.id}"}


def test_the_wires_words_are_those_of_the_rules() -> None:
    assert set(REQUIREMENTS) == set(get_args(rules.Requirement)) - {"trained"}
    assert DAYS == rules.DAYS and get_args(Unusual) == UNUSUAL


def test_the_command_sets_shows_and_takes_away(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, file = str(bench.folder.path), tmp_path / "rules.toml"
    file.write_text('[[rule]]\nid = "night"\nrequire = "factor"\nfrom = "22:00"\nuntil = "06:00"\n')

    def told(*options: str) -> str:
        capsys.readouterr()
        assert main(["policy", shop, "--device", DEVICE, *options]) == 0
        return capsys.readouterr().out

    night = '  rule night: {"require":"factor","from":"22:00","until":"06:00"}  (kept by the device alone)\n'
    assert told("--rules", str(file)).endswith(f"version 1  no limits but its own\n{night}")
    assert told("--lines", "3").endswith(f"version 2  most_lines 3\n{night}")
    assert told().endswith(f"version 2  most_lines 3\n{night}")
    assert told("--no-rules").endswith("version 3  most_lines 3\n")
    file.write_text('[[rule]]\nid = "few"\nrequire = "deny"\nover_packs = 3\n')
    assert told("--rules", str(file)).endswith('  rule few: {"require":"deny","over_packs":3}\n')
    assert told("--lift").endswith("version 5  no limits but its own\n")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rule = 3", "rules_invalid"),
        ("[limits]\nmost_lines = 2", "rules_invalid"),
        ('[[rule]]\nid = "r"', "require"),
        ('[[rule]]\nid = "R"\nrequire = "deny"', "small letters"),
        ('[[rule]]\nid = "r"\nrequire = "trained"', "require is one of"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\npeople = ["Anna"]', "there is no 'people'"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\nproducts = ["Tea"]', "products are ids"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\nhazards = ["GHS10"]', "pictograms"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\nunusual = ["smell"]', "unusual is of"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\ndays = ["lundi"]', "days are of"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\nfrom = "22:00"', "belong together"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\nfrom = "22:00"\nuntil = "26:00"', "times of day"),
        ('[[rule]]\nid = "r"\nrequire = "deny"\n' * 2, "two rules are called"),
        (
            "".join(f'[[rule]]\nid = "r{n}"\nrequire = "deny"\n' for n in range(MOST_RULES + 1)),
            "rules_invalid",
        ),
        ("[[rule", "rules_unreadable"),
    ],
)
def test_what_no_device_would_read_so_is_not_signed(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, fault: str
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    assert main(["policy", str(bench.folder.path), "--device", DEVICE, "--rules", str(file)]) == 1
    assert fault in capsys.readouterr().err
    assert bench.desk.shop.policies.versions() == {}


def test_the_device_shows_them_and_explains_by_them(
    till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "device" / "earmark.toml"
    settings.parent.mkdir()
    settings.write_text('[paths]\ncatalogue_file = "catalogue.json"\n')
    (settings.parent / "catalogue.json").write_bytes(CATALOGUE_FILE.read_bytes())
    (settings.parent / "policy.toml").write_text("")
    client = SimpleNamespace(ask=lambda *_: shop_policy_shown(till.desk))
    monkeypatch.setattr(shop_policy, "connect", lambda _: client)

    def told(*words: str) -> str:
        capsys.readouterr()
        earmark(["-s", str(settings), "policy", *words])
        return capsys.readouterr().out

    assert told("shop").startswith("The shop has set nothing")
    receive(till.bench, put(till.bench, NIGHT, most_lines=3))
    shown = told("shop")
    assert "version 1, signed 2026-11-18" in shown and "  most_lines 3\n" in shown
    assert "  shop-night asks for a PIN or badge of coffee from 22:00 to 06:00 above 3 packs\n" in shown
    file = tmp_path / "shop.json"
    file.write_text(told("shop", "--json"))
    asked = ("explain", "--person", "Anna", "--item", "coffee", "--quantity", "4", "--at", "23:00")
    assert "Yes, by voice alone." in told(*asked)
    assert "because the rule shop-night asks for a PIN or badge" in told(*asked, "--shop-rules", str(file))
    file.write_text("?")
    assert earmark(["-s", str(settings), "policy", *asked, "--shop-rules", str(file)]) != 0
    assert "rules_unreadable" in capsys.readouterr().err
