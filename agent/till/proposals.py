"""What sensors propose: which of it is news, when it is said, and the basket that a known voice may take.

A `Proposal` names a sensor and a level. What would be ordered stands in the settings, and whether it is said
again in the journal, so neither a restart nor a hostile `sensors` process can turn it into more than a
question.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

import msgspec

from agent.committing.journal import OrderRow
from agent.committing.journal_rows import OPEN
from agent.deciding import proposals
from agent.deciding.basket import Basket
from agent.deciding.proposals import Low, PastOrder, Standing
from agent.plumbing import audit
from agent.plumbing.settings import Sensor
from agent.plumbing.site_messages import Proposal
from agent.till.desk import DAY_SECONDS, Desk
from agent.till.kept import keep, kept
from agent.till.silences import SensorSilences

LONGEST_DELIVERY_S = 60 * DAY_SECONDS
"""Older orders have been delivered or forgotten, whatever day the shop named."""


class Waiting(NamedTuple):
    """A proposal with the basket it stands for now. `on_its_way`: it is ordered and not delivered yet."""

    sensor: Sensor
    standing: Standing
    basket: Basket
    on_its_way: bool

    @property
    def low(self) -> Low:
        """As people are shown it."""
        state = proposals.shown_as(self.standing, on_its_way=self.on_its_way)
        return Low(self.sensor.name, self.standing.level, self.basket, state)


class SensorProposals:
    """The standing of every sensor, in the journal's meta table. Used from the till's loop."""

    def __init__(self, desk: Desk, silences: SensorSilences) -> None:
        self._desk, self._limits, self._silences = desk, desk.settings.proposals, silences
        self._sensors = {sensor.id: sensor for sensor in desk.settings.sensors}
        self._standings: dict[str, Standing] = {}
        for sensor_id in self._sensors:
            self._standings[sensor_id] = kept(desk.journal, _key(sensor_id), Standing())
        self._offers: dict[str, Basket] = {}  # as they were said last
        self._sold = frozenset[str]()
        self.catalogue_changed()
        self._news: dict[str, Proposal] = {}
        self._live: set[str] = set()
        self.unknown = 0

    def catalogue_changed(self) -> None:
        """Another catalogue is in use, with other things in it perhaps. What was said aloud a moment ago
        keeps its price and its version."""
        self._sold = frozenset(sensor.id for sensor in self._sensors.values() if self._is_sold(sensor))

    def reported(self, proposal: Proposal) -> None:
        """From `sensors`; only the newest of each sensor is kept until `due` looks at it."""
        if proposal.sensor in self._sold:
            self._news[proposal.sensor] = proposal
            return
        self.unknown += 1
        if audit.is_news(self.unknown):
            audit.log("sensor_unknown", count=self.unknown)

    def sensors_lost(self) -> None:
        """`sensors` is gone: nothing is said until its successor has seen the same."""
        self._news.clear()
        self._live.clear()

    def due(self) -> Waiting | None:
        """Takes in what was reported; the proposal to be said now, if there is one.

        Raises JournalError where that cannot be kept; it is then news still at the next look.
        """
        for sensor_id, proposal in list(self._news.items()):
            self._live.add(sensor_id)
            before = self._standings[sensor_id]
            after = proposals.reported(before, proposal.level, wanted=proposal.wanted)
            if after.wanted == before.wanted:
                self._standings[sensor_id] = after  # the level alone is not worth a write
            else:
                self._keep(sensor_id, after)
            del self._news[sensor_id]
        if not self._live or not self._desk.road.clock_trusted():
            return None
        if not len(self._desk.people) and self._desk.shifts.on is None:
            return None  # nobody could answer
        now_s = self._desk.now_s()
        if self._desk.is_quiet():
            return None
        for sensor_id in self._live & self._sold:
            if self._silences.is_stale(sensor_id) or now_s < self._rests_until_s(sensor_id):
                continue
            if proposals.is_due(self._standings[sensor_id], now_s, self._limits):
                waiting = self._waiting(sensor_id)
                if not waiting.on_its_way:
                    return waiting
        return None

    def said(self, sensor_id: str) -> None:
        """It is being said. Raises JournalError; then it must not be."""
        offer = self._waiting(sensor_id).basket
        self._keep(sensor_id, proposals.said(self._standings[sensor_id], self._desk.now_s()))
        self._offers[sensor_id] = offer

    def said_at_s(self, sensor_id: str) -> int:
        """When something was last proposed because of that sensor, in Unix seconds."""
        return self._standings.get(sensor_id, Standing()).said_at_s or 0

    def awaiting(self) -> Waiting | None:
        """What was said last and can be agreed to, also when its sensor has fallen silent meanwhile: whoever
        answers sees the machine itself, and hears basket and total read back."""
        said = [
            (standing.said_at_s or 0, sensor_id)
            for sensor_id, standing in self._standings.items()
            if standing.awaits_answer and self._has_price(sensor_id)
        ]
        for _, sensor_id in sorted(said, reverse=True):
            waiting = self._waiting(sensor_id)
            if not waiting.on_its_way:
                return waiting
        return None

    def all(self) -> list[Waiting]:
        """Everything that has run low, for people to look at."""
        wanted = (key for key, standing in self._standings.items() if standing.wanted)
        return [self._waiting(key) for key in wanted if self._has_price(key)]

    def decided(self, sensor_id: str, code: str) -> None:
        """What was decided about it, by its code in the journal."""
        before = self._standings[sensor_id]
        after = proposals.answered(before, code, self._desk.now_s(), self._limits)
        if after != before:
            self._keep(sensor_id, after)

    def ordered(self, sensor_id: str) -> None:
        """It became an order, which from now on speaks for itself in the journal."""
        self._keep(sensor_id, proposals.agreed(self._standings[sensor_id]))

    def _rests_until_s(self, sensor_id: str) -> int:
        """After a silence was told: no sensor speaks more often than once in a rest, whatever about."""
        return self._silences.said_at_s(sensor_id) + self._limits.rest_seconds

    def _keep(self, sensor_id: str, standing: Standing) -> None:
        keep(self._desk.journal, _key(sensor_id), standing)
        self._standings[sensor_id] = standing

    def _waiting(self, sensor_id: str) -> Waiting:
        sensor, standing = self._sensors[sensor_id], self._standings[sensor_id]
        most = self._desk.policy.largest_quantity
        quantity = proposals.packs_to_order(sensor, standing.level, most)
        basket = self._offered(sensor_id, quantity) or self._basket(sensor, quantity)
        now_s = self._desk.now_s()
        orders = map(_past, self._desk.journal.orders_since(now_s - LONGEST_DELIVERY_S))
        today = datetime.datetime.fromtimestamp(now_s).date()
        coming = proposals.on_its_way(orders, basket.lines[0].sku, now_s, today, self._limits)
        return Waiting(sensor, standing, basket, coming)

    def _has_price(self, sensor_id: str) -> bool:
        return sensor_id in self._sold or self._offered(sensor_id, 1) is not None

    def _offered(self, sensor_id: str, quantity: int) -> Basket | None:
        """As it was said, in the rest after that; then whatever catalogue is in use counts."""
        offer, said_at_s = self._offers.get(sensor_id), self.said_at_s(sensor_id)
        if offer is None or self._desk.now_s() >= said_at_s + self._limits.rest_seconds:
            return None
        (line,) = offer.lines
        if line.quantity == quantity:
            return offer
        line = msgspec.structs.replace(line, quantity=quantity)
        return self._desk.in_language(
            Basket((line,), offer.catalogue_version), self._desk.settings.device.language
        )

    def _basket(self, sensor: Sensor, quantity: int) -> Basket:
        catalogue = self._desk.catalogue
        language = self._desk.settings.device.language
        line = catalogue.line(sensor.product, sensor.options, quantity, language)
        return Basket((line,), catalogue.version)

    def _is_sold(self, sensor: Sensor) -> bool:
        """A sensor for what the shop does not sell is named in the log; the others go on."""
        try:
            chosen = dict(self._basket(sensor, 1).lines[0].options)
        except KeyError:
            chosen = {}
            sold = False
        else:
            sold = all(chosen.get(option) == choice for option, choice in sensor.options.items())
        if not sold:
            step = "mend product or options in [[sensors]]; they are ids of the shop's catalogue"
            audit.log("sensor_product_unknown", sensor=sensor.id, next_step=step)
        return sold


def _key(sensor_id: str) -> str:
    return f"proposal:{sensor_id}"


def _past(row: OrderRow) -> PastOrder:
    skus = frozenset(part.rpartition("*")[0] for part in row.basket_key.split("|"))
    return PastOrder(skus, row.state in OPEN, row.settled_at_s or 0, row.delivery_date)
