"""The shop's word on who may order a product, kept at the intent as well: a device that has not judged by its
details, because it is of a release before them or has lost them, knows nobody's role.

The shop does not know it either. What a device that has lost them asks for is asked for here: a factor that
did not pass through its ear. A device that did judge by them says so in what it signs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.committing.mandates import CheckoutMandate, OpenCheckoutMandate
from agent.committing.offers import read_offer
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend.checks import CheckedIntent, Refusal
from order_backend.published import Published, claims_of_version
from order_backend.told_details import restricted

MOST_IN_MEMORY = 3
CODE = "restricted"


class _Told(NamedTuple):
    sha256: str
    products: frozenset[str]


_NOTHING = _Told("", frozenset())


class Restricted:
    """On the connection of a `Shop` that has published. What was told of a version does not change, so it is
    looked up once."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._known: dict[int, _Told] = {}

    def check(self, intent: CheckedIntent) -> None:
        """Raises Refusal restricted."""
        checkout = intent.checkout
        if set(checkout.amr) != {"voice"}:
            return
        told = self._told(_version_of(checkout))
        if told.products and checkout.details != told.sha256 and _any(intent, told.products):
            raise Refusal(CODE, "not everybody may order that, and the device does not know who may")

    def _told(self, version: int) -> _Told:
        if version not in self._known:
            while len(self._known) >= MOST_IN_MEMORY:
                del self._known[next(iter(self._known))]
            self._known[version] = self._look_up(version)
        return self._known[version]

    def _look_up(self, number: int) -> _Told:
        version = self._published.version(number) if number else None
        if version is None or not version.manifest:
            return _NOTHING
        claims = claims_of_version(version)
        details = self._published.details(claims)
        if claims.details is None or details is None:
            return _NOTHING
        try:
            return _Told(claims.details.sha256, restricted(details))
        except ConfigurationError:  # it was checked when it was published
            return _NOTHING


def _version_of(checkout: OpenCheckoutMandate | CheckoutMandate) -> int:
    if isinstance(checkout, OpenCheckoutMandate):
        return checkout.catalogue_version
    try:
        return read_offer(checkout.checkout_jwt).catalogue_version
    except TrustError:
        return 0


def _any(intent: CheckedIntent, products: Iterable[str]) -> bool:
    return not {line.id.partition("?")[0] for line in intent.lines}.isdisjoint(products)
