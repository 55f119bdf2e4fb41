"""Attacks on the way to the authority's successor (docs/adr/0053): lists of authorities that are forged, of
elsewhere, or of before, and what an authority still lets in once it was dropped. Each says what it saw.

A successor is made and announced by the operator's own step; the device has followed the shop's true list.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from cryptography import x509
from joserfc.jwk import ECKey

from agent.bench.attack_lab import DEVICE, PATIENCE_S, VICTIM, Lab
from agent.bench.attack_road import DeviceRoad, device_road
from agent.bench.attacks import Attack, Where, codes
from agent.bench.chaos_shim import unchecked_claims
from agent.committing import jws
from agent.committing.authorities import TYP, Believed, pem_of
from agent.committing.envelope import (
    AUTHORITIES,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    shop_topic,
)
from agent.committing.jws import base64url, from_base64url
from agent.committing.keys import MQTT_CERTIFICATE, MQTT_KEY
from agent.committing.tls import client_context, probe_broker
from order_backend import certificates
from order_backend.authorities import trusted
from order_backend.authority_steps import begin

_BROKER: Where = "broker"
_DEVICE: Where = "device"
_TLS: Where = "TLS"

Forge = Callable[[Lab, str], str]
"""Makes another list of the shop's newest one."""


def _signed(lab: Lab, token: str, key: ECKey | None = None, *, typ: str = TYP, **changes: Any) -> str:
    """A list with other claims, one number on, by the shop's own key for policy, or by `key`."""
    claims = unchecked_claims(token)
    claims |= {"serial": claims["serial"] + 1, **changes}
    return jws.sign(claims, key or lab.folder.signing_key("policy"), typ=typ)


def _own_authority(lab: Lab) -> x509.Certificate:
    """Younger than any of the shop's, as a successor is."""
    newest = max(one.not_valid_before_utc for one in trusted(lab.folder))
    return certificates.authority("Attacker", certificates.new_key(), now=newest + 2 * certificates.BEFORE)


def _and_own(lab: Lab, token: str) -> tuple[str, ...]:
    return (*unchecked_claims(token)["authorities"], pem_of(_own_authority(lab)))


def _by_own_key(lab: Lab, token: str) -> str:
    return _signed(lab, token, ECKey.generate_key("P-256"), authorities=_and_own(lab, token))


def _by_the_receipts_key(lab: Lab, token: str) -> str:
    """It is the shop's, and pinned, and not for this."""
    return _signed(lab, token, lab.folder.signing_key("receipts"), authorities=_and_own(lab, token))


def _of_another_kind(lab: Lab, token: str) -> str:
    """What the true key has signed as something else."""
    return _signed(lab, token, typ="earmark-policy+jwt", authorities=_and_own(lab, token))


def _altered(_: Lab, token: str) -> str:
    header, claims, signature = token.split(".")
    changed = from_base64url(claims).replace(b'"serial":', b'"serial":9')
    return f"{header}.{base64url(changed)}.{signature}"


def _for_production(lab: Lab, token: str) -> str:
    return _signed(lab, token, env="production", authorities=_and_own(lab, token))


def _of_another_shop(lab: Lab, token: str) -> str:
    return _signed(lab, token, iss="other", authorities=_and_own(lab, token))


def _announced(lab: Lab) -> str:
    """The shop's true list with the successor, as the broker retains it."""
    begin(lab.folder, port=lab.port, now=datetime.now(UTC))
    topic = shop_topic(lab.trust.shop_id, "authorities")
    with lab.connected(VICTIM) as client:
        client.subscribe(topic)
        while True:
            message = client.messages.get(timeout=PATIENCE_S)
            if message.topic == topic:
                return decode_data(decode_event(bytes(message.payload), AUTHORITIES), SignedData).signed


def _tell(device: DeviceRoad, lab: Lab, token: str) -> str:
    """What the device refuses it by; '' where it believes it, or has before."""
    before = sum(device.road.refused.values())
    topic = shop_topic(lab.trust.shop_id, "authorities")
    event = encode_event(
        AUTHORITIES, id_=uuid4(), source="shop", now_s=int(time.time()), data=SignedData(token)
    )
    device.road.received(topic, event)
    return list(device.road.refused)[-1] if sum(device.road.refused.values()) > before else ""


def _believed(device: DeviceRoad) -> Believed:
    assert device.road.authorities is not None  # noqa: S101
    return device.road.authorities.believed


def _told(forge: Forge) -> Callable[[Lab], str]:
    """A device that follows the true list is told another one."""

    def make(lab: Lab) -> str:
        token, device = _announced(lab), device_road(lab)
        if refused := _tell(device, lab, token):
            return f"the true list: {refused}"
        true = _believed(device)
        seen = _tell(device, lab, forge(lab, token))
        return seen if _believed(device) == true else f"believed, {seen}"

    return make


def _once_more(lab: Lab) -> str:
    """The list of before, of a true signature, after the one that has dropped the stolen authority."""
    token, device = _announced(lab), device_road(lab)
    newest = [pem_of(trusted(lab.folder)[-1])]
    if refused := _tell(device, lab, token) or _tell(device, lab, _signed(lab, token, authorities=newest)):
        return f"a true list: {refused}"
    dropped = _believed(device)
    seen = _tell(device, lab, token)
    return seen if _believed(device) == dropped else "believed"


def _to_a_new_device(lab: Lab) -> str:
    """The same, to one that was provisioned since, and knows of no list."""
    token = _announced(lab)
    device = device_road(lab, ca_pem=pem_of(trusted(lab.folder)[-1]))
    pinned = _believed(device)
    seen = _tell(device, lab, token)
    return seen if _believed(device) == pinned else "believed"


def _on_the_shops_topic(lab: Lab) -> str:
    token = _announced(lab)
    event = encode_event(
        AUTHORITIES, id_=uuid4(), source=DEVICE, now_s=int(time.time()), data=SignedData(token)
    )
    with lab.connected(DEVICE) as client:
        code = client.publish(shop_topic(lab.trust.shop_id, "authorities"), event)
    return "not_authorised" if code == 0x87 else f"reason_{code:#x}"


def _broker_of_the_dropped_one(lab: Lab) -> str:
    """Its certificate is true, for the right name, and of the authority that was pinned."""
    token, device = _announced(lab), device_road(lab)
    newest = [pem_of(trusted(lab.folder)[-1])]
    if refused := _tell(device, lab, _signed(lab, token, authorities=newest)):
        return f"a true list: {refused}"
    keys = lab.root / DEVICE
    context = client_context(_believed(device).pem, keys / MQTT_CERTIFICATE, keys / MQTT_KEY)
    return probe_broker("localhost", lab.port, context)


def _client_of_the_dropped_one(lab: Lab) -> str:
    """At a shop of its own, which drops an authority with all that it ever certified."""
    with TemporaryDirectory(prefix="earmark-dropped-") as root, Lab(Path(root)) as other:
        other.replace_authority()
        keys = other.root / DEVICE
        pem = "".join(map(pem_of, trusted(other.folder)))
        return probe_broker(
            "localhost", other.port, client_context(pem, keys / MQTT_CERTIFICATE, keys / MQTT_KEY)
        )


AUTHORITY = (
    Attack("authorities on the shop's topic", _BROKER, codes("not_authorised"), _on_the_shops_topic),
    Attack("authorities by a key of one's own", _DEVICE, codes("signature_key_unknown"), _told(_by_own_key)),
    Attack(
        *("authorities by the key for receipts", _DEVICE, codes("signature_key_unknown")),
        _told(_by_the_receipts_key),
    ),
    Attack(
        *("authorities signed as something else", _DEVICE, codes("signature_type")), _told(_of_another_kind)
    ),
    Attack("authorities altered under their signature", _DEVICE, codes("signature_invalid"), _told(_altered)),
    Attack(
        *("authorities for production, in a test", _DEVICE, codes("authorities_environment")),
        _told(_for_production),
    ),
    Attack("authorities of another shop", _DEVICE, codes("authorities_other_shop"), _told(_of_another_shop)),
    Attack("the authorities of before, once more", _DEVICE, codes("authorities_replayed"), _once_more),
    Attack(
        "the authorities of before, to a new device", _DEVICE, codes("authorities_older"), _to_a_new_device
    ),
    Attack(
        *("a broker by an authority that was dropped", _TLS, codes("tls_wrong_ca")),
        _broker_of_the_dropped_one,
    ),
    Attack(
        *("a certificate by an authority that was dropped", _TLS, codes("tls_client_refused")),
        _client_of_the_dropped_one,
    ),
)
