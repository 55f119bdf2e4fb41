"""What the shop lets each of its devices order, signed and in versions; on the connection of a `Shop`."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import msgspec
from sqlalchemy import func, select

from agent.committing import jws
from agent.committing.envelope import (
    POLICY,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
)
from agent.committing.shop_policy import TYP, Before, Limits, PolicyClaims
from agent.committing.shop_rules import ShopRule
from order_backend.database import Database
from order_backend.folder import ShopFolder
from order_backend.tables import policies

_CHANGES = select(func.coalesce(func.sum(policies.c.version), 0))


class Policies:
    """One row a device that was ever limited."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def changes(self) -> int:
        """How often any device's limits were changed, since each time counts its version up by one."""
        return int(self._db.execute(_CHANGES).scalar_one())

    def versions(self) -> dict[str, int]:
        """By device."""
        return {row[0]: row[1] for row in self._db.execute(select(policies.c.device_id, policies.c.version))}

    def event(self, device_id: str) -> bytes | None:
        """For dn/policy."""
        query = select(policies.c.event).where(policies.c.device_id == device_id)
        row = self._db.execute(query).first()
        return bytes(row[0]) if row is not None else None

    def limits(self, device_id: str) -> tuple[int, Limits]:
        """The version, 0 where there is none, and what it says."""
        query = select(policies.c.version, policies.c.limits).where(policies.c.device_id == device_id)
        row = self._db.execute(query).first()
        return (row[0], msgspec.json.decode(row[1], type=Limits)) if row is not None else (0, Limits())

    def rules(self, device_id: str) -> tuple[ShopRule, ...]:
        """Those beside the limits, out of what was signed last."""
        claims = self._claims(device_id)
        return claims.rules if claims is not None else ()

    def _claims(self, device_id: str) -> PolicyClaims | None:
        event = self.event(device_id)
        return policy_claims(event) if event is not None else None

    def put(
        self,
        folder: ShopFolder,
        device_id: str,
        limits: Limits,
        *,
        now_s: int,
        rules: tuple[ShopRule, ...] | None = None,
    ) -> int:
        """Signs them under the next version, which is given, with the rules that there are where none are
        given; inside a transaction. What stays as it was holds since it came, also under another key; so
        does a limit that allows more now."""
        config, version = folder.config(), self.limits(device_id)[0] + 1
        before = self._claims(device_id)
        old = before.rules if before is not None else ()
        rules = old if rules is None else rules
        claims = PolicyClaims(config.shop_id, device_id, config.environment, now_s, version, limits, rules)
        if before is not None:
            claims = msgspec.structs.replace(
                claims,
                limits_since={name: before.limit_from_s(name) for name in _kept(before.limits, limits)},
                limits_before=dict(_lowered(before, limits, now_s - config.longest_lifetime_s)),
                rules_since={rule.id: before.rule_from_s(rule) for rule in rules if rule in old},
            )
        signed = jws.sign(to_claims(claims), folder.signing_key("policy"), typ=TYP)
        event = encode_event(POLICY, id_=uuid4(), source=config.shop_id, now_s=now_s, data=SignedData(signed))
        values = {"version": version, "limits": msgspec.json.encode(limits).decode(), "event": event}
        statement = self._db.insert(policies).values(device_id=device_id, **values)
        self._db.execute(statement.on_conflict_do_update(index_elements=["device_id"], set_=values))
        return version


def _kept(before: Limits, after: Limits) -> Iterator[str]:
    """The names of the limits that whoever kept to `before` has kept to as well, as each is a maximum."""
    old = msgspec.structs.asdict(before)
    for name, most in msgspec.structs.asdict(after).items():
        if most is not None and old[name] is not None and most >= old[name]:
            yield name


def _lowered(before: PolicyClaims, after: Limits, oldest_s: int) -> Iterator[tuple[str, Before]]:
    """What a limit was before, by its name: of several that came one after another the highest, as far back
    as an order that was agreed then may still come (`oldest_s`)."""
    new = msgspec.structs.asdict(after)
    for name, most in msgspec.structs.asdict(before.limits).items():
        if most is None or new[name] is None:
            continue
        since_s, earlier = before.limit_from_s(name), before.limits_before.get(name)
        if earlier is not None and since_s <= oldest_s:
            earlier = None
        if new[name] >= most:
            if earlier is not None:
                yield name, earlier
        elif earlier is not None:
            yield name, Before(max(earlier.most, most), earlier.since)
        else:
            yield name, Before(most, since_s)


def policy_claims(event: bytes) -> PolicyClaims:
    """What this shop signed itself, from its own database; the signature is not looked at again."""
    signed = decode_data(decode_event(event, POLICY), SignedData).signed
    return msgspec.json.decode(jws.unverified(signed), type=PolicyClaims)
