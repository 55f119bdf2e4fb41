"""What was signed for a test is tried in production: a shop that was founded as `production`, on a broker of
its own, with devices of its own. The keys are the true ones; only the environment is another."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import msgspec

from agent.bench.attack_intents import both
from agent.bench.attack_lab import DEVICE, Lab
from agent.bench.attack_road import OnItsWay, on_its_way
from agent.bench.attacks import Attack, Where, codes
from agent.committing import jws
from agent.committing.envelope import CANCEL, SignedData, encode_event, up_topic
from agent.committing.statements import CancelClaims
from agent.committing.trust import Environment
from agent.committing.trusted_time import TimeClaims
from agent.plumbing.errors import TrustError
from order_backend.receipts import receipt_event, time_event

_OTHER: dict[str, Environment] = {"production": "test", "test": "production"}


_Make = Callable[[Lab], str]


def _in_production(attack: _Make, *, places: int = 0) -> _Make:
    """Made at a shop in production, where an honest order is placed before, and `places` in the attack."""

    def make(lab: Lab) -> str:
        with (
            TemporaryDirectory(prefix="earmark-production-") as root,
            Lab(Path(root), environment="production") as production,
        ):
            with production.connected(DEVICE) as client:
                if (control := production.sent(client, production.intent())) != "ordered":
                    return f"an honest order: {control}"
            before = production.orders()
            seen = attack(production)
            placed = production.orders() - before
        return seen if placed == places else f"{seen}, and placed {placed}"

    return make


def _intent(lab: Lab) -> str:
    with lab.connected(DEVICE) as client:
        return lab.sent(client, lab.edited(both(env=_OTHER[lab.environment])))


def _cancel(lab: Lab) -> str:
    """A true order is not undone by what was signed for elsewhere: the shop logs why, and answers nothing."""
    with lab.connected(DEVICE) as client:
        payload = lab.intent()
        if (seen := lab.sent(client, payload)) != "ordered":
            return seen
        order = lab.shop.orders(1)[0]
        now_s, id_ = int(time.time()), uuid4()
        claims = CancelClaims(
            jti=str(id_),
            iss=DEVICE,
            aud=lab.trust.shop_id,
            env=_OTHER[lab.environment],
            iat=now_s,
            exp=now_s + 600,
            sub="person-1",
            amr=("voice",),
            intent=order.intent_id,
            intent_sha256="0" * 64,
        )
        signed = SignedData(jws.sign(msgspec.to_builtins(claims), lab.signing_key(), typ=CancelClaims.typ))
        event = encode_event(CANCEL, id_=id_, source=DEVICE, now_s=now_s, data=signed)
        since = len(lab.logged)
        client.publish(up_topic(DEVICE, "cancel"), event)
        answer = lab.answer(client, order.intent_id)
    if answer != "no_answer" or lab.shop.ends.of(order.order_id) is not None:
        return f"{answer}, {lab.shop.ends.of(order.order_id)}"
    refused = [line for line in lab.logged[since:] if "statement_environment" in line]
    return "statement_environment" if refused else "nothing logged"


def _receipt(lab: Lab) -> str:
    """The shop's own key, which the device has pinned, signs for elsewhere: the order stays open."""

    def answered(sent: OnItsWay) -> None:
        claims = msgspec.structs.replace(sent.claims, env=_OTHER[lab.environment])
        event = receipt_event(claims, lab.folder.signing_key("receipts"), event_id=uuid4())
        sent.road.received(f"va/v1/d/{DEVICE}/dn/ack", event)

    return _refused_by_the_device(lab, answered)


def _time(lab: Lab) -> str:
    def told(sent: OnItsWay) -> None:
        claims = TimeClaims(lab.trust.shop_id, _OTHER[lab.environment], int(time.time()) + 60)
        event = time_event(claims, lab.folder.signing_key("time"), event_id=uuid4())
        sent.road.received(f"va/v1/d/{DEVICE}/dn/time", event)

    return _refused_by_the_device(lab, told)


def _refused_by_the_device(lab: Lab, say: Callable[[OnItsWay], None]) -> str:
    sent = on_its_way(lab)
    before = sent.road.now_s()
    say(sent)
    if sent.state() not in ("queued", "sent") or sent.road.now_s() - before > 30:
        return f"taken: {sent.state()}"
    return next(iter(sent.road.refused), "nothing")


def _settings(lab: Lab) -> str:
    """A device that is set to the one and was provisioned for the other does not start to sign."""
    try:
        on_its_way(lab, environment=_OTHER[lab.environment])
    except TrustError as error:
        return error.code
    return "signed"


_BOTH_WAYS: tuple[tuple[str, Where, str, _Make, int], ...] = (
    ("a receipt", "device", "receipt_environment", _receipt, 0),
    ("the shop's time", "device", "time_environment", _time, 0),
    ("a cancellation", "order service", "statement_environment", _cancel, 1),
    ("settings", "device", "environment_mismatch", _settings, 0),
)

ENVIRONMENTS = (
    Attack(
        *("an intent for test, in production", "order service", codes("environment")), _in_production(_intent)
    ),
    *(
        Attack(f"{what} for production, in a test", where, codes(code), attack, places)
        for what, where, code, attack, places in _BOTH_WAYS
    ),
    *(
        Attack(f"{what} for test, in production", where, codes(code), _in_production(attack, places=places))
        for what, where, code, attack, places in _BOTH_WAYS
    ),
)
