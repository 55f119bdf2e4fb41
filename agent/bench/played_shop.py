"""The reference shop in a folder of its own, at a clock that is played: its real desk, stock, prices, limits
and receipts, without a network."""

from __future__ import annotations

import itertools
import json
import shutil
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import msgspec

from agent.committing.envelope import down_topic, split_topic
from agent.committing.keys import FileKeyStore, create_device_keys, store_client_certificate
from agent.committing.shop_policy import Limits
from agent.committing.shop_rules import ShopRule
from agent.committing.trust import TrustBundle
from agent.committing.trusted_time import TimeClaims
from agent.deciding.edition import Edition, compiled, source_id
from agent.plumbing import messages
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from order_backend.publishing import publish
from order_backend.receipts import time_event

DEVICE = "bench"
_FOUNDED = datetime(2026, 11, 1, tzinfo=UTC)


class Founded:
    """A shop and the keys of a device that it has admitted, made once: each conversation gets a copy."""

    def __init__(self, folder: Path, catalogue: Path) -> None:
        self._shop, keys = folder / "shop", folder / "keys"
        shop = create_shop(
            self._shop, shop_name="Bench", environment="test", catalogue=catalogue, now=_FOUNDED
        )
        admission = admit(shop, DEVICE, create_device_keys(keys, DEVICE), now=_FOUNDED)
        store_client_certificate(keys, admission.certificate_pem)
        self.trust: TrustBundle = admission.trust
        self.keys = FileKeyStore.load(keys)
        self.catalogue = catalogue.read_bytes()

        self._time_key = shop.signing_key("time")

    def copy_to(self, folder: Path) -> ShopFolder:
        """The shop as it was on its first day."""
        shutil.copytree(self._shop, folder)
        return ShopFolder(folder)

    def time(self, now_s: int) -> messages.Received:
        """As `OrderDesk.time` signs it."""
        claims = TimeClaims(iss=self.trust.shop_id, env=self.trust.environment, iat=now_s)
        event = time_event(claims, self._time_key, event_id=uuid4())
        return messages.Received(down_topic(DEVICE, "time"), event)


class PlayedShop:
    """`answers`: whether what is sent to it is answered at once; else it is lost. Many conversations never
    reach it: it is opened when first asked for."""

    def __init__(self, founded: Founded, folder: Path, now_s: Callable[[], int]) -> None:
        self._founded, self._path, self._now_s = founded, folder, now_s
        self._sold: dict[str, Any] = json.loads(founded.catalogue)
        self._open: tuple[ShopFolder, OrderDesk] | None = None
        self._charges: dict[str, int] = {}
        self.answers = True
        self._numbers = itertools.count(1)
        self._ended_here: set[str] = set()

    @property
    def _folder(self) -> ShopFolder:
        return self._opened()[0]

    @property
    def desk(self) -> OrderDesk:
        """Its counter."""
        return self._opened()[1]

    def _opened(self) -> tuple[ShopFolder, OrderDesk]:
        if self._open is None:
            folder = self._founded.copy_to(self._path)
            if self._charges:
                folder.catalogue.write_bytes(json.dumps(self._with(self._charges)).encode())
            self._open = folder, OrderDesk(folder, order_number=lambda: f"E-{next(self._numbers)}")
        return self._open

    def close(self) -> None:
        """Its database."""
        if self._open is not None:
            self._open[1].close()

    def take(self, publish: messages.Publish) -> list[messages.Received]:
        """What is answered to a message of the device."""
        what = split_topic(publish.topic)[1]
        if not self.answers:
            return []
        desk = self.desk
        at_desk = {
            "up/intent": desk.intent,
            "up/query": desk.query,
            "up/cancel": desk.cancel,
            "up/offer": desk.offer,
        }
        if what not in at_desk:
            return []
        reply = at_desk[what](DEVICE, publish.payload, now_s=self._now_s())
        answers = ((reply.what, reply.payload), ("rsp", reply.not_placed))
        return [messages.Received(down_topic(DEVICE, name), payload) for name, payload in answers if payload]

    def time(self) -> messages.Received:
        """The signed time."""
        return self._founded.time(self._now_s())

    def limit(self, limits: Mapping[str, int]) -> messages.Received:
        """The device may not order more than that."""
        before = msgspec.structs.asdict(self.desk.shop.policies.limits(DEVICE)[1])
        return self._policy(msgspec.convert({**before, **limits}, Limits))

    def rule(self, table: str) -> messages.Received:
        """One rule more for the device: the keys and values of its table."""
        policies = self.desk.shop.policies
        rules = policies.rules(DEVICE)
        keys = tomllib.loads(f"is = {{{table}}}")["is"]
        rule = msgspec.convert({"id": f"rule-{len(rules) + 1}", **keys}, ShopRule)
        return self._policy(policies.limits(DEVICE)[1], (*rules, rule))

    def _policy(self, limits: Limits, rules: tuple[ShopRule, ...] | None = None) -> messages.Received:
        shop = self.desk.shop
        with shop.transaction("policy", DEVICE):
            shop.policies.put(self._folder, DEVICE, limits, now_s=self._now_s(), rules=rules)
        event = shop.policies.event(DEVICE)
        assert event is not None  # noqa: S101  (it was put above)
        return messages.Received(down_topic(DEVICE, "policy"), event)

    def count(self, sku: str, quantity: int) -> None:
        """So many of it are left."""
        with self.desk.shop.transaction():
            self.desk.shop.stock.count(sku, quantity)

    def promote(self, words: str, language: str, until: str = "") -> None:
        """Something is on offer, until that day (ISO 8601), '' for no end."""
        self.desk.shop.promotions.add("", {language: words}, until)

    def charge(self, product: str, minor: int) -> None:
        """It has always asked so much for that product, whatever stands in the device's catalogue."""
        self._charges[product] = minor

    def price(self, product: str, minor: int) -> bytes:
        """A new version of the catalogue is published, in which that product costs so much."""
        self._sold = self._with({product: minor})
        return self._publish()

    def sell(self, name: str, unit: str, language: str, minor: int) -> bytes:
        """A new version of the catalogue is published, with one product more."""
        words = {language: {"say": name}}
        self._sold["products"].append({"id": "new", "unit": unit, "price_minor": minor, "words": words})
        return self._publish()

    def sell_no(self, product: str) -> bytes:
        """A new version of the catalogue is published, without that product."""
        self._sold["products"] = [each for each in self._sold["products"] if each["id"] != product]
        return self._publish()

    def withdraw(self, version: int) -> None:
        """Orders at the prices of that version are refused."""
        with self.desk.shop.transaction("catalogue"):
            self.desk.shop.published.withdraw(version)

    def revoke(self) -> None:
        """The device may not order any more."""
        self.desk.shop.revoke(DEVICE)

    def end_last(self, how: Literal["accepted", "cancelled"]) -> None:
        """The newest order stands from now on, or is no order any more."""
        shop = self.desk.shop
        order_id = shop.orders(1)[0].order_id
        with shop.transaction():
            shop.ends.put(order_id, how, now_s=self._now_s())
        self._ended_here.add(order_id)

    @property
    def placed(self) -> list[str]:
        """The ids of the intents that became orders and were not cancelled by whoever ordered, sorted."""
        if self._open is None:
            return []
        shop = self.desk.shop
        cancelled = {o.order_id for o in shop.orders() if shop.ends.of(o.order_id) == "cancelled"}
        return sorted(o.intent_id for o in shop.orders() if o.order_id not in cancelled - self._ended_here)

    def _with(self, prices: Mapping[str, int]) -> dict[str, Any]:
        changed = [
            {**product, "price_minor": prices.get(product["id"], product["price_minor"])}
            for product in self._sold["products"]
        ]
        return {**self._sold, "products": changed}

    def _publish(self) -> bytes:
        self._sold["version"] += 1
        data = json.dumps(self._sold).encode()
        publish(self._folder, self.desk.shop, data, now_s=self._now_s())
        return data


@cache
def edition_of(catalogue: bytes, language: str) -> Edition:
    """The shop's JSON as a device that hears `language` reads it."""
    shop_id = json.loads(catalogue)["shop_id"]
    data = compiled(catalogue, shop_id=shop_id, language=language, compiler="")
    return Edition.from_bytes(data, source=source_id(catalogue), compiler="", language=language)
