"""What an intent meets at the shop, read in one statement: each one costs a way to the database and back."""

from __future__ import annotations

import msgspec
from sqlalchemy import BindParameter, and_, bindparam, exists, func, select

from agent.committing.jws import PublicJwk
from order_backend.database import Database
from order_backend.device_keys import DeviceKeys
from order_backend.limited import Limited, limited_by
from order_backend.shop import Answer, Device
from order_backend.tables import (
    answers,
    catalogues,
    clock,
    device_keys,
    devices,
    next_keys,
    owners,
    policies,
    restores,
)

_DEVICE: BindParameter[str] = bindparam("device_id")
_INTENT: BindParameter[str] = bindparam("intent_id")
_QUERY = select(
    clock.c.floor_s,
    answers.c.sha256,
    answers.c.receipt,
    devices.c.signing_jwk,
    devices.c.state,
    next_keys.c.jwk,
    exists().where(device_keys.c.device_id == _DEVICE),
    exists().where(owners.c.device_id == _DEVICE),
    exists(select(restores.c.number)),
    select(func.coalesce(func.max(catalogues.c.version), 0)).scalar_subquery(),
    policies.c.event,
).select_from(
    clock.outerjoin(answers, and_(answers.c.device_id == _DEVICE, answers.c.intent_id == _INTENT))
    .outerjoin(devices, devices.c.device_id == _DEVICE)
    .outerjoin(next_keys, next_keys.c.device_id == _DEVICE)
    .outerjoin(policies, policies.c.device_id == _DEVICE)
)


class Situation(msgspec.Struct, frozen=True):
    """`before` is what was answered to the intent; `floor_s` the latest second that the clock is known to
    have shown; `has_owner` whether somebody is told of the device's orders; `was_restored` whether the shop
    ever came back from a copy; `is_published` whether a version of the catalogue ever was; `limited` what the
    device may order at most."""

    before: Answer | None
    device: Device | None
    floor_s: int
    has_owner: bool
    was_restored: bool
    is_published: bool
    limited: Limited | None


class Situations:
    """On one connection."""

    def __init__(self, database: Database) -> None:
        self._db, self._device_keys = database, DeviceKeys(database)

    def of(self, device_id: str, intent_id: str) -> Situation:
        """Inside the transaction that is alone with the intent."""
        row = self._db.execute(_QUERY, {"device_id": device_id, "intent_id": intent_id}).one()
        floor_s, sha256, receipt, jwk, state, following, *more = row
        has_old_keys, has_owner, was_restored, newest, limits = more
        device = None
        if jwk is not None:
            old_keys = self._device_keys.old(device_id) if has_old_keys else ()
            present = msgspec.json.decode(jwk, type=PublicJwk)
            next_key = msgspec.json.decode(following, type=PublicJwk) if following is not None else None
            device = Device(device_id, present, state == "active", old_keys, next_key)
        return Situation(
            before=Answer(sha256, bytes(receipt)) if sha256 is not None else None,
            device=device,
            floor_s=floor_s,
            has_owner=bool(has_owner),
            was_restored=bool(was_restored),
            is_published=newest > 0,
            limited=limited_by(bytes(limits)) if limits is not None else None,
        )
