"""`earmark-backend publish`: a new version of the catalogue, sold by from now on and sent to the devices.

Until the first one is published the shop sells by the `catalogue.json` of its folder, whatever version an
intent names, and devices get their catalogue by file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from uuid import uuid4

import msgspec

from agent.committing import jws
from agent.committing.catalogue_manifest import (
    LARGEST_CATALOGUE_BYTES,
    MOST_PARTS,
    TYP,
    Document,
    ManifestClaims,
    check_parts,
)
from agent.committing.envelope import (
    CATALOGUE,
    LARGEST_PAYLOAD_BYTES,
    SignedData,
    encode_event,
    to_claims,
)
from agent.plumbing.errors import ConfigurationError
from order_backend.catalogue_cutting import FACTS, Cut, cut_anew, cut_like
from order_backend.folder import ShopFolder, write_file
from order_backend.price_list import PriceList, parse_price_list
from order_backend.published import Version, claims_of_version, needed_parts
from order_backend.shop import Shop
from order_backend.told_details import check_details

CLEARED_FOR_S = 7 * 24 * 3600
"""As long is remembered that a part has to be cleared at the broker."""


def publish(
    folder: ShopFolder,
    shop: Shop,
    data: bytes,
    *,
    now_s: int,
    devices_have: int | None = None,
    details: bytes | None = None,
    no_details: bool = False,
) -> Version:
    """The version, in the database; order services tell the broker. Its prices hold from now on, those of the
    one before for as long as an intent may be under way. The same one again changes nothing. `devices_have`:
    the version that somebody has seen at a device, for a shop that was restored and may have forgotten it.
    `details` is what the shop tells of the products of just this catalogue, for devices of a release that
    knows it; None where it tells nothing, which needs `no_details` once it has.

    Raises ConfigurationError: price_list_invalid, catalogue_other_shop, catalogue_version (it is not higher,
    or the same one has other details), catalogue_forgotten (nobody has said what devices have),
    catalogue_currency, catalogue_too_large, details_missing, and what `check_details` raises.
    """
    config, prices = folder.config(), parse_price_list(data)
    if prices.shop_id != config.shop_id:
        raise ConfigurationError("catalogue_other_shop", f"it is the catalogue of {prices.shop_id!r}")
    if len(data) > LARGEST_CATALOGUE_BYTES:
        raise ConfigurationError("catalogue_too_large", f"{len(data)} bytes, {LARGEST_CATALOGUE_BYTES} fit")
    if details is not None:
        check_details(details, data, prices)
    with shop.transaction("catalogue"):
        newest = shop.published.newest()
        if newest is None:
            newest = _as_it_was_sold(folder, shop, prices, data, now_s)
        if newest is not None and (same := _checked(shop, newest, prices, data, details)) is not None:
            return same
        _check_forgotten(shop, newest, prices, devices_have)
        _check_told(newest, details, no_details=no_details)
        documents = (data,) if details is None else (data, details)
        sign = partial(_signed, folder, prices, documents, now_s)
        event, cuts = _fitting(sign, documents, _cut(shop, newest, data, details))
        version = Version(prices.version, _sha256(data), event, now_s, None, False)
        payloads = {
            part.sha256: payload
            for cut in cuts
            for part, payload in zip(cut.parts, cut.payloads, strict=True)
            if payload is not None
        }
        shop.published.add(version, data, payloads)
        tidy(shop, now_s=now_s, longest_lifetime_s=config.longest_lifetime_s)
    write_file(folder.catalogue, data)
    return version


def signed_manifest(folder: ShopFolder, claims: ManifestClaims, *, now_s: int) -> bytes:
    """The event for b/SHOP/catalog, by the key that signs catalogues now."""
    signed = jws.sign(to_claims(claims), folder.signing_key("catalogue"), typ=TYP)
    return encode_event(CATALOGUE, id_=uuid4(), source=claims.iss, now_s=now_s, data=SignedData(signed))


def tidy(shop: Shop, *, now_s: int, longest_lifetime_s: int) -> None:
    """Forgets versions that no intent can name any more, and the parts that none that is kept is made of;
    inside a transaction."""
    shop.published.forget(now_s - longest_lifetime_s)
    needed = needed_parts(shop.published.all())
    shop.published.drop_parts(needed, now_s, delete_before_s=now_s - CLEARED_FOR_S)


def _as_it_was_sold(
    folder: ShopFolder, shop: Shop, prices: PriceList, data: bytes, now_s: int
) -> Version | None:
    """What devices have by file: intents at its prices may be under way."""
    try:
        before = folder.catalogue.read_bytes()
        sold = parse_price_list(before)
    except (OSError, ConfigurationError):
        return None
    if sold.version == prices.version and before == data:
        return None
    version = Version(sold.version, _sha256(before), b"", now_s, None, False)
    if prices.version > sold.version:
        shop.published.add(version, before, {})
    return version


def _checked(
    shop: Shop, newest: Version, prices: PriceList, data: bytes, details: bytes | None
) -> Version | None:
    if prices.version == newest.version and _sha256(data) == newest.sha256 and newest.manifest:
        told = claims_of_version(newest).details
        if details is None or (told is not None and told.sha256 == _sha256(details)):
            return newest
        raise ConfigurationError(
            "catalogue_version",
            f"version {newest.version} is sold already, with other details",
            "raise its version: it names both",
        )
    if prices.version <= newest.version:
        raise ConfigurationError(
            "catalogue_version",
            f"it is version {prices.version}, and {newest.version} is sold already",
            "raise its version: it names the prices",
        )
    currency = parse_price_list(shop.published.source(newest.version)).currency
    if prices.currency != currency:
        raise ConfigurationError("catalogue_currency", f"the shop sells in {currency}", "found another shop")
    return None


def _check_forgotten(shop: Shop, newest: Version | None, prices: PriceList, devices_have: int | None) -> None:
    """A device does not go back from a version that it has, nor to another catalogue under its number."""
    named = shop.restores.forgotten_version(newest.published_at if newest is not None else 0)
    if named is None:
        return
    if devices_have is None:
        known = f"devices have named version {named}" if named else "no device has named one yet"
        raise ConfigurationError(
            "catalogue_forgotten",
            f"this shop was restored, and may have forgotten what was published since its copy; {known}",
            "look at a device that was on (earmark status), and add --devices-have VERSION",
        )
    if prices.version < max(named, devices_have):
        raise ConfigurationError(
            "catalogue_version",
            f"it is version {prices.version}, and devices have {max(named, devices_have)}",
            "publish that one again as it was, or raise its version above it",
        )


def _check_told(newest: Version | None, details: bytes | None, *, no_details: bool) -> None:
    """What the shop has told once, its devices' rules go by: it is not forgotten by a slip."""
    told = newest is not None and newest.manifest and claims_of_version(newest).details is not None
    if told and details is None and not no_details:
        raise ConfigurationError(
            "details_missing",
            "the version before had details, by which devices know categories, hazards and who may order",
            "add --details FILE, as `earmark catalogue import FILE --out DIR` writes it, or --no-details",
        )


def _cut(shop: Shop, newest: Version | None, data: bytes, details: bytes | None) -> tuple[Cut, ...]:
    """That of the catalogue, and of its details where it has any: with what there is of the version before,
    as far as the manifest has room for that."""
    before = claims_of_version(newest) if newest is not None and newest.manifest else None
    cut = None
    if newest is not None and before is not None:
        cut = _with_held(shop, cut_like(data, before, shop.published.source(newest.version)))
    cut = cut or cut_anew(data)
    if details is None:
        return (cut,)
    of_details = None
    if before is not None and before.details is not None:
        held = shop.published.details(before)
        of_details = held and _with_held(shop, cut_like(details, before.details, held, FACTS))
    return cut, of_details or cut_anew(details)


def _with_held(shop: Shop, cut: Cut | None) -> Cut | None:
    """None where a part of it is not here any more."""
    if cut is None or any(
        payload is None and shop.published.part(part.sha256) is None
        for part, payload in zip(cut.parts, cut.payloads, strict=True)
    ):
        return None
    return cut


def _fitting(
    sign: Callable[[tuple[Cut, ...]], bytes], documents: Sequence[bytes], cuts: tuple[Cut, ...]
) -> tuple[bytes, tuple[Cut, ...]]:
    """The signed event, and how it was cut: anew where its slices are too many for one message."""
    for at in range(len(cuts), -1, -1):
        tried = (*cuts[:at], *map(cut_anew, documents[at:]))
        parts = max(len(cut.parts) for cut in tried)
        event = sign(tried) if parts <= MOST_PARTS else b""
        if event and len(event) <= LARGEST_PAYLOAD_BYTES:
            return event, tried
    raise ConfigurationError("catalogue_too_large", f"it takes {parts} parts")


def _signed(
    folder: ShopFolder, prices: PriceList, documents: Sequence[bytes], now_s: int, cuts: tuple[Cut, ...]
) -> bytes:
    config = folder.config()
    named = [
        Document(sha256=_sha256(data), size=len(data), parts=cut.parts, slices=cut.slices)
        for data, cut in zip(documents, cuts, strict=True)
    ]
    claims = ManifestClaims(
        iss=config.shop_id,
        env=config.environment,
        iat=now_s,
        version=prices.version,
        currency=prices.currency,
        **msgspec.structs.asdict(named[0]),
        details=named[1] if len(named) > 1 else None,
    )
    check_parts(claims)
    return signed_manifest(folder, claims, now_s=now_s)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
