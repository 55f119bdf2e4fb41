"""After a rotation: what devices go on reading for months gets a signature by the key that signs now."""

from __future__ import annotations

from agent.committing import jws
from agent.committing.catalogue_manifest import TYP as MANIFEST_TYP
from agent.committing.envelope import CATALOGUE, POLICY, SignedData, decode_data, decode_event
from agent.committing.shop_policy import TYP as POLICY_TYP
from agent.plumbing.errors import TrustError
from order_backend.folder import ShopFolder
from order_backend.published import claims_of_version
from order_backend.publishing import signed_manifest
from order_backend.shop import Shop


def sign_again(folder: ShopFolder, shop: Shop, *, now_s: int) -> None:
    """The newest manifest as it was, and each device's limits under their next version, where another key
    than the present one has signed them. In the database when this returns."""
    newest = shop.published.newest()
    if newest is not None and newest.manifest and not _by_present_key(folder, newest.manifest, CATALOGUE):
        manifest = signed_manifest(folder, claims_of_version(newest), now_s=now_s)
        shop.published.replace_manifest(newest.version, manifest)
    for device_id in shop.policies.versions():
        event_of_before = shop.policies.event(device_id)
        if event_of_before is not None and not _by_present_key(folder, event_of_before, POLICY):
            with shop.transaction("policy", device_id):
                shop.policies.put(folder, device_id, shop.policies.limits(device_id)[1], now_s=now_s)


_KEYS = {CATALOGUE: ("catalogue", MANIFEST_TYP), POLICY: ("policy", POLICY_TYP)}


def _by_present_key(folder: ShopFolder, event: bytes, type_: str) -> bool:
    purpose, typ = _KEYS[type_]
    signed = decode_data(decode_event(event, type_), SignedData).signed
    try:
        jws.verify(signed, [folder.public_key(purpose)], typ=typ)
    except TrustError:
        return False
    return True
