"""What an offer of the shop is to a conversation (DIRECT mode): a state, the events that end it, an effect.
They count among those of `agent.deciding.conversation`."""

from __future__ import annotations

from dataclasses import dataclass

from agent.deciding.basket import Basket, Offer
from agent.deciding.verification import Verdict


class MayBeOffered:
    """A state with a basket that was read back: at the prices of `offer`, where there is one."""

    basket: Basket
    offer: Offer | None

    @property
    def heard(self) -> Basket:
        """The same at the catalogue's prices."""
        return self.offer.heard if self.offer else self.basket


@dataclass(frozen=True)
class AwaitingOffer:
    """Before the basket is read back, the shop is asked for a moment what it would cost."""

    basket: Basket
    speaker: Verdict


@dataclass(frozen=True)
class OfferArrived:
    """The shop's verified offer for `offer.heard`: `basket` is that at its prices."""

    basket: Basket
    offer: Offer


@dataclass(frozen=True)
class OfferLate:
    """The moment in which an offer was awaited is over, or none can be asked for."""


@dataclass(frozen=True)
class OfferOver:
    """The offer that was consented to cannot be taken any more, and without it the price is another. Nothing
    was written."""


OfferEvent = OfferArrived | OfferLate | OfferOver


@dataclass(frozen=True)
class AskOffer:
    """Ask the shop what the basket would cost; answer with `OfferArrived` or, soon, `OfferLate`."""

    basket: Basket
