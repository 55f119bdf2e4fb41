"""A new key for one of the shop's purposes: announced by the old one, used once the devices have been told.

Until then it lies beside the old one as PURPOSE-next.pem; from then on the old one is PURPOSE-old-KID.pem,
and still closes what names it.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.envelope import LARGEST_PAYLOAD_BYTES, TRUST, TrustData, encode_event, to_claims
from agent.committing.jws import PublicJwk
from agent.committing.rotation import OLD_FOR_S, PURPOSES, TYP, Purpose, RotationClaims
from agent.plumbing.errors import ConfigurationError
from order_backend import certificates
from order_backend.folder import ShopConfig, ShopFolder, alone, read_json, write_file


class Rotated(msgspec.Struct, frozen=True):
    """One statement as it was signed, and what it says."""

    signed: str
    claims: RotationClaims


class OldKey(NamedTuple):
    """A key that signs no more but still closes what names it, until then (Unix seconds)."""

    key: ECKey
    public: PublicJwk
    until_s: int


def rotate(folder: ShopFolder, purpose: Purpose, *, now: datetime) -> RotationClaims:
    """Makes a key and the statement that announces it; the order service publishes that and then signs with
    it. The same again where one is under way.

    Raises ConfigurationError: shop_missing, shop_invalid, shop_key_missing, rotation_chain_full.
    """
    config = folder.config()
    with alone(folder.rotations_lock):
        return _rotate(folder, config, purpose, int(now.timestamp()))


def _rotate(folder: ShopFolder, config: ShopConfig, purpose: Purpose, now_s: int) -> RotationClaims:
    chain = rotations(folder)
    before = [one.claims for one in chain if one.claims.purpose == purpose]
    following = _next_file(folder, purpose)
    if not following.exists():
        write_file(following, certificates.private_pem(certificates.new_key()), private=True)
    public = jws.public_jwk(jws.import_private_key(following.read_bytes()))
    if before and before[-1].keys == (public,):
        return before[-1]
    claims = RotationClaims(
        iss=config.shop_id,
        env=config.environment,
        iat=now_s,
        serial=before[-1].serial + 1 if before else 1,
        purpose=purpose,
        keys=(public,),
        not_after=now_s + config.longest_lifetime_s + OLD_FOR_S,
    )
    signed = jws.sign(to_claims(claims), folder.signing_key(purpose), typ=TYP)
    chain = [*chain, Rotated(signed, claims)]
    if len(_event(folder, chain, now_s)) > LARGEST_PAYLOAD_BYTES:
        raise ConfigurationError(
            "rotation_chain_full",
            f"{len(chain)} rotations are more than a message holds",
            "found the shop anew, and admit its devices there",
        )
    write_file(folder.rotations, msgspec.json.encode(chain))
    return claims


def rotations(folder: ShopFolder) -> list[Rotated]:
    """All there ever were, the oldest first. Raises ConfigurationError shop_invalid."""
    return read_json(folder.rotations, list[Rotated], [])


def announcement(folder: ShopFolder, *, now_s: int) -> bytes:
    """For b/SHOP/trust, retained; b'' where nothing was ever rotated."""
    chain = rotations(folder)
    return _event(folder, chain, now_s) if chain else b""


def take_up(folder: ShopFolder) -> list[Purpose]:
    """Signs with the announced keys from now on: those whose statement is published. What it did."""
    if not any(_next_file(folder, purpose).exists() for purpose in PURPOSES):
        return []
    with alone(folder.rotations_lock):
        return _take_up(folder)


def _take_up(folder: ShopFolder) -> list[Purpose]:
    done: list[Purpose] = []
    announced = {one.claims.keys[0].kid for one in rotations(folder)}
    for purpose in PURPOSES:
        following, current = _next_file(folder, purpose), folder.signing_key_file(purpose)
        with contextlib.suppress(FileNotFoundError):  # no rotation of this one is under way
            if jws.import_private_key(following.read_bytes()).thumbprint() not in announced:
                continue
            old = current.read_bytes()
            kid = jws.import_private_key(old).thumbprint()
            write_file(current.with_name(f"{purpose}-old-{kid}.pem"), old, private=True)
            following.replace(current)
            done.append(purpose)
    return done


def old_keys(folder: ShopFolder, purpose: Purpose) -> list[OldKey]:
    """Those that were in use before, and until when what names them counts."""
    until_s: dict[str, int] = {}
    last: str = ""
    for claims in (one.claims for one in rotations(folder) if one.claims.purpose == purpose):
        if last:
            until_s[last] = claims.not_after
        else:
            until_s[""] = claims.not_after
        last = claims.keys[0].kid
    found = []
    for path in sorted(folder.signing_key_file(purpose).parent.glob(f"{purpose}-old-*.pem")):
        key = jws.import_private_key(path.read_bytes())
        public = jws.public_jwk(key)
        found.append(OldKey(key, public, until_s.get(public.kid, until_s.get("", 0))))
    return found


def next_key(folder: ShopFolder, purpose: Purpose) -> ECKey | None:
    """The one that is announced, or about to be, where a rotation is under way."""
    try:
        return jws.import_private_key(_next_file(folder, purpose).read_bytes())
    except FileNotFoundError:
        return None


def key_files(folder: ShopFolder) -> dict[str, tuple[int, int]]:
    """By name, what tells whether the file of a key has been replaced since."""
    seen = {}
    for path in folder.signing_key_file("receipts").parent.glob("*.pem"):
        with contextlib.suppress(FileNotFoundError):
            seen[path.name] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return seen


def _next_file(folder: ShopFolder, purpose: Purpose) -> Path:
    return folder.signing_key_file(f"{purpose}-next")


def _event(folder: ShopFolder, chain: list[Rotated], now_s: int) -> bytes:
    data = TrustData(tuple(one.signed for one in chain))
    return encode_event(TRUST, id_=uuid4(), source=folder.config().shop_id, now_s=now_s, data=data)
