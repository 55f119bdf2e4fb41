"""What stands in the till's answers to operators, a row each: orders, decisions, proposals, sensors, people,
and where a catalogue is. `operator` has the requests and the answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from agent.plumbing.messages import Message

FactorKind = Literal["pin", "badge"]

ProposalState = Literal["not_asked_yet", "asked", "declined", "on_its_way"]

CatalogueStage = Literal["fetching", "compiling", "waiting", "in_use"]
"""fetching: its parts, from the broker; waiting: for `voice`, which takes it between utterances."""


class OrderRow(Message, frozen=True):
    """`state` is the journal's; times are Unix seconds, `seconds_to_journal` runs from the end of speech."""

    intent_id: str
    conversation: str
    person: str
    title: str
    total_minor: int
    currency: str
    state: str
    order_id: str
    reason: str
    queued_at: int
    settled_at: int | None
    seconds_to_journal: float | None


class DecisionRow(Message, frozen=True):
    """One decision of a conversation that the journal keeps; no spoken words."""

    at: int
    conversation: str
    code: str
    title: str
    person: str


class ProposalRow(Message, frozen=True):
    """Something that has run low by `sensor`'s account, and the basket that is proposed for it. `level` is
    how full it is, 0 to 1."""

    sensor: str
    name: str
    level: float
    title: str
    total_minor: int
    currency: str
    state: ProposalState


class SensorRow(Message, frozen=True):
    """How a sensor is heard. `unheard_s` is how long no good reading came, `ever` whether one came at all;
    `level` is the newest, 0 to 1. `refused` counts by error code what was no reading; `fault` is why nothing
    can come."""

    sensor: str
    name: str
    level: float | None
    unheard_s: int
    ever: bool
    silent: bool
    refused: dict[str, int]
    fault: str


class PersonRow(Message, frozen=True):
    """`other_model`: the speaker model that the voice was learned with, where it is not the one in use.
    `voice` is False for somebody without one; who is not `admitted` may order nothing."""

    person: str
    name: str
    enrolled_at: int
    factors: tuple[FactorKind, ...] = ()
    other_model: str = ""
    voice: bool = True
    admitted: bool = True
    role: str = ""
    remembers: bool = False


class CatalogueHealth(msgspec.Struct, frozen=True):
    """`version` is in use. `next_version` is on its way and `next_stage` where it is (0 and '' where none
    is). `fault` is the code of why the newest that came is not taken, ''. `details`: of how many products
    more is known than an order needs; `details_fault`: why that cannot be used, ''."""

    version: int = 0
    products: int = 0
    next_version: int = 0
    next_stage: CatalogueStage | Literal[""] = ""
    fault: str = ""
    fault_detail: str = ""
    fault_next_step: str = ""
    details: int = 0
    details_fault: str = ""
    details_fault_detail: str = ""
    details_fault_next_step: str = ""
