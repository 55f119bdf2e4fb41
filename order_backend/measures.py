"""What an intent is measured by: the shop's terms, the prices of the version that it names, and the keys that
count of the shop's own."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from joserfc.jwk import ECKey

from agent.committing.jws import named_key
from order_backend.checks import CheckedIntent, DirectIntent, Signed, Terms, check_intent
from order_backend.direct import check_direct
from order_backend.folder import ShopFolder
from order_backend.prices import Prices
from order_backend.standing_keys import StandingKeys


class Measures:
    """Of one desk."""

    def __init__(self, folder: ShopFolder, prices: Prices) -> None:
        """Raises ConfigurationError shop_missing, shop_invalid, shop_key_missing."""
        config = folder.config()
        self._folder, self._prices = folder, prices
        self._agents = StandingKeys.of(folder, "agent")
        self._offer_keys = StandingKeys.of(folder, "offers")
        self._terms = Terms(
            merchant=config.merchant,
            environment=config.environment,
            agent=self._agents.current,
            payment_instrument_id=config.payment_instrument.id,
            longest_lifetime_s=config.longest_lifetime_s,
            other_agents=self._agents.others,
        )

    @property
    def agent_keys(self) -> Mapping[str, ECKey]:
        """By kid, those that close mandates."""
        return self._agents.keys

    def check(
        self, signed: Signed, now_s: int, *, is_published: bool = True, again: bool = False
    ) -> CheckedIntent:
        """`again`: at the prices of its version, whether they hold still or not. Raises Refusal as
        `check_intent` and `check_direct`."""
        if isinstance(signed, DirectIntent):
            self._look_for_offer_key(named_key(signed.checkout.checkout_jwt))
            return check_direct(signed, terms=self._terms, offer_keys=self._offer_keys.at(now_s), now_s=now_s)
        self._look_for_agent(signed.checkout.cnf.jwk.kid)
        version = signed.checkout.catalogue_version
        if again:
            prices = self._prices.then(version)
        else:
            prices = self._prices.of(version, now_s=now_s, is_published=is_published)
        return check_intent(signed, terms=self._terms, prices=prices, now_s=now_s)

    def _look_for_agent(self, kid: str) -> None:
        """A device may name a key as soon as it is announced, which another order service may have done."""
        if kid not in self._agents.keys:
            self._agents = agents = StandingKeys.of(self._folder, "agent")
            self._terms = msgspec.structs.replace(
                self._terms, agent=agents.current, other_agents=agents.others
            )

    def _look_for_offer_key(self, kid: str) -> None:
        """Another order service may have taken one up that this one has not seen yet."""
        if kid not in self._offer_keys.keys:
            self._offer_keys = StandingKeys.of(self._folder, "offers")
