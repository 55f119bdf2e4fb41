"""What a shop tells a device that asks: values that its signature covers, and that the device puts into
words."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

AskKind = Literal["stock", "delivery", "offers", "status", "ticket", "return", "quote"]
"""ticket: somebody wants to talk to a person. The shop keeps the last three, and only answers the others."""

Text = Annotated[str, msgspec.Meta(max_length=200)]
Date = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class ToldLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """`id` as it was asked about. `left` is how much there is, None where there is always enough."""

    id: Text
    sold: bool = True
    left: Count | None = None


class ToldOffer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A promotion in words, by language; `until` is its last day, '' where it has none."""

    words: dict[str, Text]
    product: Text = ""
    until: Date = ""


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`code` says why there is no answer to the question, '' where there is one. `delivery_date` is ISO 8601.
    `state` is that of an order; `number` that of the order, the ticket, the return or the quote. `amount` is
    in minor units of `currency`, and a quote holds to the day `until`. `until_s`: what is ordered before that
    (Unix seconds) comes on `delivery_date`; 0 where that is not said."""

    kind: AskKind
    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{0,40}\Z")] = ""
    lines: Annotated[tuple[ToldLine, ...], msgspec.Meta(max_length=100)] = ()
    offers: Annotated[tuple[ToldOffer, ...], msgspec.Meta(max_length=100)] = ()
    state: Literal["", "placed", "accepted", "cancelled"] = ""
    delivery_date: Date = ""
    number: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{0,40}\Z")] = ""
    amount: Count = 0
    currency: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{3})?\Z")] = ""
    until: Date = ""
    until_s: Count = 0
