"""What the device believes, pinned once at provisioning: the broker's CA and the shop's public keys by
purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec

from agent.committing.jws import PublicJwk, import_public_key
from agent.committing.mandates import Merchant, PaymentInstrument
from agent.plumbing.errors import TrustError

SCHEMA_VERSION = 1
MOST_KEYS = 8
"""Of one purpose."""
Environment = Literal["production", "test", "demo"]
Keys = Annotated[tuple[PublicJwk, ...], msgspec.Meta(min_length=1, max_length=MOST_KEYS)]


class BrokerTrust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ca_pem` is the only authority that may vouch for the broker; host and port are where it was at
    provisioning (the settings say where it is now)."""

    host: str
    port: int
    ca_pem: str


class ShopKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may sign what. Several keys of one purpose stand side by side while one replaces the other."""

    receipts: Keys
    time: Keys
    catalogue: Keys
    policy: Keys
    offers: Keys


class TrustBundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`shop_agent` is the key that may close a mandate (`cnf`); `payment_instrument` is a reference, no
    number."""

    shop_id: str
    shop_name: str
    environment: Environment
    broker: BrokerTrust
    keys: ShopKeys
    shop_agent: PublicJwk
    payment_instrument: PaymentInstrument
    schema_version: int = SCHEMA_VERSION

    @property
    def merchant(self) -> Merchant:
        return Merchant(self.shop_id, self.shop_name)

    def to_bytes(self) -> bytes:
        """As the content of trust.json."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


class Trust(Protocol):
    """What whoever signs and verifies asks of it: a `TrustBundle`, or one that rotations have changed."""

    @property
    def shop_id(self) -> str: ...
    @property
    def environment(self) -> Environment: ...
    @property
    def merchant(self) -> Merchant: ...
    @property
    def payment_instrument(self) -> PaymentInstrument: ...
    @property
    def keys(self) -> ShopKeys: ...
    @property
    def shop_agent(self) -> PublicJwk: ...


def parse_trust(data: bytes, *, name: str = "trust.json") -> TrustBundle:
    """Raises TrustError: trust_invalid (not JSON, unknown key, wrong type), trust_newer, key_unusable."""
    mend = "provision the device again: earmark provision --help"
    try:
        bundle = msgspec.json.decode(data, type=TrustBundle)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TrustError("trust_invalid", f"{name}: {error}", mend) from error
    if bundle.schema_version > SCHEMA_VERSION:
        raise TrustError(
            "trust_newer",
            f"{name} has schema {bundle.schema_version}, known is {SCHEMA_VERSION}",
            "update Earmark",
        )
    keys = bundle.keys
    for key in (
        *keys.receipts, *keys.time, *keys.catalogue, *keys.policy, *keys.offers, bundle.shop_agent
    ):  # fmt: skip
        import_public_key(key)
    return bundle


def load_trust(path: Path) -> TrustBundle:
    """Raises TrustError: trust_missing, and what `parse_trust` raises."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TrustError(
            "trust_missing", f"cannot read {path}: {error.strerror}", "earmark provision --help"
        ) from error
    return parse_trust(data, name=str(path))
