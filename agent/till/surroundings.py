"""What the dialogue table decides by, as it is now: limits, rules, what was spent, who could confirm it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from agent.deciding.basket import Basket
from agent.deciding.history import much_of
from agent.deciding.money import Money
from agent.deciding.policy import Circumstances
from agent.deciding.rules import ONLY_LIMITS
from agent.deciding.surroundings import Surroundings
from agent.till.desk import DAY_SECONDS, Desk
from agent.till.past import local, past_of, past_orders
from agent.till.shop_rules import rules_of


def surroundings(desk: Desk, basket: Basket | None, person: str, *, ordering: bool = True) -> Surroundings:
    """What the dialogue table decides by, read from the journal now; what `person` usually orders only
    where they are `ordering`, not again at each answer about it."""
    currency = desk.catalogue.currency
    spent, by_voice, queued_same = Money(0, currency), None, False
    much: Mapping[str, int] = {}
    if basket is not None and person:
        since = desk.now_s() - DAY_SECONDS
        spent = Money(desk.journal.spent_since(person, since, currency), currency)
        by_voice = Money(desk.journal.spent_by_voice_since(since, currency), currency)
        queued_same = desk.journal.queued_like(person, basket.key) is not None
        if ordering:
            much = much_of(past_orders(desk.journal, person, desk.now_s()), local(desk.now_s()))
    factor_ready, phone_ready = _has_factor(desk, person), desk.has_phone(person)
    second_ready = any(
        desk.has_phone(one.pseudonym)
        or (_has_factor(desk, one.pseudonym) and desk.shifts.counts(one.pseudonym))
        for one in desk.people.all()
        if one.pseudonym != person and one.admitted
    )
    most = desk.house.policy.most_by_voice(desk.settings.policy, desk.policy)
    circumstances = Circumstances(
        *(spent, queued_same, desk.road.clock_trusted(), factor_ready, by_voice, most),
        *(phone_ready, second_ready, desk.has_pin(person)),
    )
    asks = desk.settings.orders.mode == "direct" and desk.online and desk.road.clock_trusted()
    known = desk.people.get(person)
    name, role = (known.name, known.profile.role) if known else ("", "")
    house = ONLY_LIMITS
    if person:
        past = partial(past_of, desk.journal, person, desk.now_s(), currency)
        of_shop = rules_of(desk.road.policy.rules)
        house = desk.house.for_order(name, desk.now_s(), desk.edition.source, role, past, of_shop)
    return Surroundings(
        *(desk.policy, circumstances),
        offers=asks,
        house=house,
        much=much,
        delivery=desk.coming.day() if desk.online else "",
        delivery_stands=basket is None or desk.coming.stands(basket.delivery),
    )


def _has_factor(desk: Desk, person: str) -> bool:
    return bool(desk.settings.touch.devices) and desk.factors.has(person)
