"""The shop's own rules for a device hold at the intent too, whatever the device says of itself; and nothing
is refused that a device which keeps to them would sign."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from agent.committing.envelope import to_claims
from agent.committing.shop_policy import Limits
from agent.committing.shop_rules import REQUIREMENTS, ShopRule
from agent.deciding.basket import AgreedOrder, Basket, Factor, Line
from agent.deciding.details import Facts
from agent.deciding.money import Money
from agent.deciding.permitting import permit, wanted
from agent.deciding.policy import Circumstances
from agent.deciding.rules import House, Moment, judge
from agent.deciding.surroundings import Surroundings
from agent.deciding.unusual import Past
from agent.deciding.verification import Verdict
from agent.plumbing.settings import Policy
from agent.till.shop_rules import rules_of
from order_backend.checks import PricedLine
from order_backend.device_rules import EVERY_FACTOR, is_broken, is_judged
from order_backend.limited import Claimed, _holding
from order_backend.publishing import publish
from order_backend.rotations import rotate, take_up
from order_backend.signing_again import sign_again
from order_backend.told_details import Kinds
from tests.backend.test_details_published import details_of
from tests.backend.test_offers import offered, pair, request, signed
from tests.backend.test_publishing import version
from tests.backend.test_restricted import lost
from tests.committing.kit import CATALOGUE, DEVICE, NOW_S, Bench, agreed

TWO_BAGS = 38_00
COFFEE = ("coffee",)
VOICE: tuple[Factor, ...] = ("voice",)


@pytest.fixture
def shop(bench: Bench) -> Bench:
    bench.trust_time()
    bench.road.link(True)
    return bench


def rule(bench: Bench, *rules: ShopRule, now_s: int = NOW_S, limits: Limits | None = None) -> None:
    """The device is not told: it was taken over, is of a release before them, or out of reach."""
    with bench.desk.shop.transaction("policy", DEVICE):
        policies = bench.desk.shop.policies
        policies.put(bench.folder, DEVICE, limits or Limits(), now_s=now_s, rules=rules)


def order(bench: Bench, *factors: Factor, of: AgreedOrder | None = None) -> str:
    """What came of it at the shop: two bags of coffee, 38.00, where nothing else is ordered."""
    bench.clocks.pass_by(1)
    made = msgspec.structs.replace(of or agreed(), factors=factors or VOICE)
    return bench.desk.intent(DEVICE, bench.road.commit(made).payload, now_s=int(bench.clocks.wall_s)).code


@pytest.mark.parametrize(
    ("require", "codes"),
    [
        ("deny", ["device_rule"] * 4),
        ("phone", ["device_rule_phone"] * 3 + ["ordered"]),
        ("factor", ["device_rule_factor", "ordered", "ordered", "ordered"]),
        ("challenge", ["ordered"] * 4),
        ("second", ["ordered"] * 4),
        ("dance", ["ordered"] * 4),
    ],
)
def test_what_it_asks_for_is_looked_for_in_what_confirmed_the_order(
    shop: Bench, require: str, codes: list[str]
) -> None:
    rule(shop, ShopRule("r", require, products=COFFEE))
    given_by = [VOICE, ("voice", "pin"), ("voice", "badge"), ("phone",)]
    assert [order(shop, *factors) for factors in given_by] == codes


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({}, "device_rule"),
        ({"products": ("butter",)}, "ordered"),
        ({"products": ("butter", "coffee")}, "device_rule"),
        ({"over_minor": TWO_BAGS - 1}, "device_rule"),
        ({"over_minor": TWO_BAGS}, "ordered"),
        ({"over_packs": 1}, "device_rule"),
        ({"over_packs": 2}, "ordered"),
        ({"over_packs": 1, "over_minor": TWO_BAGS}, "ordered"),
        ({"days": ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}, "ordered"),
        ({"from_": "00:00", "until": "23:59"}, "ordered"),
        ({"unusual": ("goods",)}, "ordered"),
    ],
)
def test_it_is_about_what_it_names_and_nothing_that_the_shop_cannot_know(
    shop: Bench, conditions: Any, code: str
) -> None:
    rule(shop, ShopRule("r", "deny", **conditions))
    assert order(shop) == code


def test_only_what_it_names_is_counted(shop: Bench) -> None:
    line = CATALOGUE.line("butter", {}, 1, "en")
    basket = Basket((*agreed().basket.lines, line), CATALOGUE.version)
    both = msgspec.structs.replace(agreed(), basket=basket)
    rule(shop, ShopRule("r", "deny", products=COFFEE, over_packs=2))
    assert order(shop, of=both) == "ordered"
    rule(shop, ShopRule("r", "deny", products=("coffee", "butter"), over_packs=2))
    assert order(shop, of=both) == "device_rule"


def test_of_several_the_strictest_is_told(shop: Bench) -> None:
    asks = [ShopRule(require, require) for require in ("factor", "deny", "phone")]
    rule(shop, *asks)
    assert order(shop) == "device_rule"
    rule(shop, asks[0], asks[2])
    assert order(shop) == "device_rule_phone"
    assert order(shop, "voice", "phone") == "ordered"


DETAILS = details_of(
    version(2), products={"coffee": {"categories": ["drinks"], "hazard": ["GHS07"]}, "butter": {}}
)
JUDGED_BY = hashlib.sha256(DETAILS).hexdigest()
NO_DRINKS = ShopRule("no-drinks", "deny", categories=("drinks", "sweets"))


@pytest.fixture
def told(shop: Bench) -> Bench:
    """It has published what its goods are."""
    publish(shop.folder, shop.desk.shop, version(2), now_s=NOW_S, details=DETAILS)
    return shop


def of_two(product: str = "coffee", **changes: Any) -> AgreedOrder:
    """At the prices of version 2."""
    lines = agreed().basket.lines if product == "coffee" else (CATALOGUE.line(product, {}, 1, "en"),)
    return msgspec.structs.replace(agreed(), basket=Basket(lines, 2), **changes)


@pytest.mark.parametrize("judged_by", ["", "0" * 64, JUDGED_BY])
def test_what_goods_are_the_shop_knows_itself_whatever_the_device_says_that_it_judged_by(
    told: Bench, judged_by: str
) -> None:
    rule(told, NO_DRINKS)
    assert order(told, *EVERY_FACTOR, of=of_two(details=judged_by)) == "device_rule"
    assert order(told, of=of_two("butter", details=judged_by)) == "ordered"
    assert order(told, of=agreed()) == "ordered", "of the version before nothing was told"


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        ({"hazards": ("GHS07",)}, "device_rule"),
        ({"hazards": ("GHS02",)}, "ordered"),
        ({"categories": ("drinks",), "hazards": ("GHS02",)}, "ordered"),
        ({"categories": ("drinks",), "products": ("butter",)}, "ordered"),
        ({"categories": ("drinks",), "over_packs": 2}, "ordered"),
    ],
)
def test_of_its_conditions_all_must_be_so(told: Bench, conditions: Any, code: str) -> None:
    rule(told, ShopRule("r", "deny", **conditions))
    assert order(told, of=of_two()) == code


def test_what_it_has_lost_of_them_it_does_not_judge_and_says_so(
    told: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    rule(told, NO_DRINKS, ShopRule("r", "deny", products=("butter",)))
    lost(told)
    assert order(told, "voice", "pin", of=of_two()) == "ordered"
    assert "details_lost catalogue_version=2" in caplog.text
    assert order(told, "voice", "pin", of=of_two("butter")) == "device_rule"


def test_what_was_signed_before_it_is_not_held_against_it(shop: Bench) -> None:
    early = shop.road.commit(agreed())
    rule(shop, ShopRule("r", "deny"), now_s=NOW_S + 60)
    assert shop.desk.intent(DEVICE, early.payload, now_s=NOW_S + 61).code == "ordered"
    shop.clocks.pass_by(59)
    assert order(shop) == "device_rule", "signed in the second in which it came"


def test_what_stays_in_the_next_version_holds_since_it_came(shop: Bench) -> None:
    """Else each change would be a week for whoever dates orders back."""
    few, stays, comes = Limits(most_lines=3), ShopRule("stays", "deny"), ShopRule("comes", "factor")
    since = [NOW_S - 300, NOW_S - 200, NOW_S - 100]
    rule(shop, stays, now_s=since[0], limits=few)
    rule(shop, stays, comes, now_s=since[1], limits=few)
    rule(shop, msgspec.structs.replace(stays, over_packs=1), comes, now_s=since[2])
    early = shop.road.commit(agreed())
    assert shop.desk.intent(DEVICE, early.payload, now_s=NOW_S).code == "device_rule"
    found = shop.desk._situations.of(DEVICE, "none").limited
    assert found is not None
    assert [since_s for _, since_s in found.rules] == [since[2], since[1]]
    assert found.limits == Limits(), "the limits are others"
    rule(shop, *(one for one, _ in found.rules), now_s=NOW_S)
    again = shop.desk._situations.of(DEVICE, "none").limited
    assert again == found


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (Limits(largest_quantity=1, most_lines=3), "device_limit"),
        (Limits(largest_quantity=1, factor_order_max_minor=1), "device_limit"),
        (Limits(largest_quantity=1), "device_limit"),
        (Limits(largest_quantity=2), "ordered"),
        (Limits(factor_order_max_minor=1, voice_order_max_minor=1), "ordered"),
    ],
)
def test_a_limit_beside_one_that_was_changed_holds_since_it_came(
    shop: Bench, changed: Limits, code: str
) -> None:
    rule(shop, now_s=NOW_S - 300, limits=Limits(largest_quantity=1, most_lines=5))
    early = shop.road.commit(agreed())
    rule(shop, now_s=NOW_S + 60, limits=changed)
    assert shop.desk.intent(DEVICE, early.payload, now_s=NOW_S + 61).code == code


@pytest.mark.parametrize(("most", "since_s"), [(30_00, NOW_S - 300), (20_00, NOW_S - 300), (19_99, NOW_S)])
def test_a_limit_that_allows_more_is_none_that_is_new(shop: Bench, most: int, since_s: int) -> None:
    rule(shop, now_s=NOW_S - 300, limits=Limits(factor_order_max_minor=20_00))
    rule(shop, limits=Limits(factor_order_max_minor=most))
    limited = shop.desk._situations.of(DEVICE, "none").limited
    assert limited is not None and limited.since_s["factor_order_max_minor"] == since_s


def test_what_was_signed_before_a_limit_was_lowered_is_held_to_the_one_before(shop: Bench) -> None:
    """Each of the three steps may hold for what is still under way: no honest order of it is refused."""

    def most(agreed_s: int) -> int | None:
        limited = shop.desk._situations.of(DEVICE, "none").limited
        holding = _holding(limited, agreed_s)
        return holding.factor_order_max_minor if holding is not None else None

    lifetime_s = shop.folder.config().longest_lifetime_s
    steps = {NOW_S: 60, NOW_S + 100: 50, NOW_S + 200: 55, NOW_S + 300: 40}
    for at_s, limit in steps.items():
        rule(shop, now_s=at_s, limits=Limits(factor_order_max_minor=limit))
    assert [most(NOW_S + seconds) for seconds in (-1, 0, 250, 299, 300)] == [None, 60, 60, 60, 40]
    rule(shop, now_s=NOW_S + 300 + lifetime_s, limits=Limits(factor_order_max_minor=30))
    assert [most(NOW_S + seconds) for seconds in (299, 300, 300 + lifetime_s)] == [None, 40, 30]
    rule(shop, now_s=NOW_S + 400 + lifetime_s, limits=Limits())
    rule(shop, now_s=NOW_S + 500 + lifetime_s, limits=Limits(factor_order_max_minor=30))
    assert most(NOW_S + 499 + lifetime_s) is None, "there was none"


def test_a_new_key_makes_no_rule_younger(shop: Bench) -> None:
    rule(shop, ShopRule("r", "deny"), now_s=NOW_S - 300, limits=Limits(most_lines=3))
    before = shop.desk._situations.of(DEVICE, "none").limited
    rotate(shop.folder, "policy", now=datetime.fromtimestamp(NOW_S, UTC))
    assert take_up(shop.folder) == ["policy"]
    sign_again(shop.folder, shop.desk.shop, now_s=NOW_S)
    assert shop.desk.shop.policies.versions() == {DEVICE: 2}
    assert shop.desk._situations.of(DEVICE, "none").limited == before


def test_what_no_factor_would_confirm_is_not_offered(shop: Bench) -> None:
    def offer(at_s: int = NOW_S) -> str:
        return shop.desk.offer(DEVICE, request(shop, iat=at_s, exp=at_s + 60), now_s=NOW_S).code

    rule(shop, ShopRule("r", "phone"))
    assert offer() == "offered"
    rule(shop, limits=Limits(voice_order_max_minor=1))
    assert offer() == "offered"
    rule(shop, limits=Limits(factor_order_max_minor=1))
    assert offer() == "device_limit"
    rule(shop, ShopRule("r", "deny", products=COFFEE))
    assert offer() == "device_rule"
    assert offer(NOW_S - 1) == "offered", "asked for before"


def test_what_was_offered_before_a_rule_is_taken(shop: Bench) -> None:
    rule(shop, ShopRule("r", "phone"))
    tokens = [offered(shop, request(shop)) for _ in range(2)]
    assert taken(shop, tokens[0], iat=NOW_S + 2) == "device_rule_phone"
    rule(shop, ShopRule("s", "deny"), limits=Limits(most_lines=1), now_s=NOW_S + 1)
    assert taken(shop, tokens[1], iat=NOW_S + 2) == "ordered"


def test_an_offer_is_no_way_around_what_goods_are(told: Bench) -> None:
    rule(told, ShopRule("r", "phone", categories=("drinks",)))
    tokens = [offered(told, request(told, catalogue_version=2)) for _ in range(2)]
    assert taken(told, tokens[0]) == "device_rule_phone"
    assert taken(told, tokens[1], amr=("phone",)) == "ordered"
    rule(told, NO_DRINKS)
    assert told.desk.offer(DEVICE, request(told, catalogue_version=2), now_s=NOW_S).code == "device_rule"


def taken(bench: Bench, token: str, **claims: Any) -> str:
    checkout, payment = pair(bench, token, **claims)
    payload = signed(bench, to_claims(checkout), to_claims(payment), checkout.jti)
    return bench.desk.intent(DEVICE, payload, now_s=NOW_S + 2).code


PRODUCTS = ("wine", "tea", "thinner")
WORDS = st.lists(st.sampled_from(["drinks", "paint"]), max_size=2, unique=True).map(tuple)
HAZARDS = st.lists(st.sampled_from(["GHS02", "GHS07"]), max_size=2, unique=True).map(tuple)
SHOP_RULES = st.builds(
    ShopRule,
    id=st.just("r"),
    require=st.sampled_from(REQUIREMENTS),
    products=st.lists(st.sampled_from(PRODUCTS), max_size=2, unique=True).map(tuple),
    categories=WORDS,
    hazards=HAZARDS,
    unusual=st.sampled_from([(), (), ("goods",), ("hour", "amount")]),
    days=st.sampled_from([(), (), ("mon", "sun")]),
    from_=st.just("09:00"),
    until=st.just("12:00"),
    over_minor=st.sampled_from([0, 20_00]),
    over_packs=st.sampled_from([0, 2]),
) | st.builds(
    ShopRule,
    id=st.just("r"),
    require=st.sampled_from(["deny", "phone", "factor"]),
    products=st.lists(st.sampled_from(PRODUCTS), max_size=1).map(tuple),
    categories=WORDS,
    hazards=HAZARDS,
    days=st.sampled_from([(), ("mon", "sun")]),
    over_minor=st.sampled_from([0, 20_00]),
    over_packs=st.sampled_from([0, 2]),
)
FACTS = st.dictionaries(
    st.sampled_from(PRODUCTS), st.builds(Facts, categories=WORDS, hazard=HAZARDS), max_size=3
)
BASKETS = st.dictionaries(st.sampled_from(PRODUCTS), st.integers(1, 4), min_size=1)
PASTS = st.sampled_from([Past(), Past(frozenset(PRODUCTS), 50_00, frozenset(range(24)))])
READY = Circumstances(Money(0, "PLN"), factor_ready=True, phone_ready=True, second_ready=True)
LIMITS = Policy(
    voice_order_max_minor=1_000_00,
    voice_day_max_minor=1_000_00,
    factor_order_max_minor=1_000_00,
    factor_day_max_minor=1_000_00,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(SHOP_RULES, max_size=4),
    BASKETS,
    FACTS,
    PASTS,
    st.builds(Moment, st.integers(0, 6), st.sampled_from([8 * 60, 10 * 60])),
    st.sets(st.sampled_from(get_args(Factor))),
)
@example([ShopRule("r", "deny", categories=("drinks",))], {"tea": 1}, {}, Past(), Moment(0, 600), {"pin"})
def test_what_a_device_that_keeps_to_them_signs_is_never_refused(
    shop_rules: list[ShopRule],
    counts: dict[str, int],
    facts: dict[str, Facts],
    past: Past,
    moment: Moment,
    more: set[Factor],
) -> None:
    """By the device's own way of asking, with the same facts; of whatever order is left when nothing is asked
    for any more."""
    lines = [Line(one, one, (), one, n, "piece", Money(10_00, "PLN")) for one, n in counts.items()]
    basket = Basket(tuple(lines), 1)
    house = House(rules_of(shop_rules), moment=moment, facts=facts, past=past)
    around = Surroundings(LIMITS, READY, house=house)
    given_factors = tuple(more - {"voice"})
    assume(judge(house, basket, READY, LIMITS).passes)
    assume(permit(basket, around, "factor" if given_factors else "voice").code in ("", "rule_asks"))
    assume(not wanted(basket, Verdict("p-1"), around, given_factors, "Bert"))
    priced = tuple(PricedLine(one.sku, one.title, one.quantity, one.unit_price.minor) for one in lines)
    known = {id_: Kinds(told.categories, told.hazard) for id_, told in facts.items()}
    claimed = Claimed(priced, 1, ("voice", *given_factors), NOW_S)
    assert [one for one in shop_rules if is_broken(one, claimed, known)] == []


def test_every_word_of_the_wire_is_judged_or_left_to_the_device() -> None:
    judged = {require for require in REQUIREMENTS if is_judged(ShopRule("r", require))}
    assert judged == {"deny", "factor", "phone"}
