"""A device's certificate is renewed over the road: the CA signs what its signing key has asked for."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from agent.committing import jws
from agent.committing.envelope import (
    CERTIFICATE,
    RENEWAL,
    CloudEvent,
    RenewalData,
    SignedData,
    decode_data,
    decode_event,
    encode_event,
    to_claims,
)
from agent.committing.renewal import CERTIFICATE_TYP, CertificateClaims
from agent.committing.statements import CLOCK_SKEW_S, RenewalClaims, verify_statement
from agent.plumbing.errors import TrustError
from order_backend import certificates
from order_backend.authorities import issuing
from order_backend.checks import Refusal
from order_backend.folder import ShopFolder
from order_backend.provisioning import requested_key
from order_backend.rates import Rates
from order_backend.receipts import Reply, require_uuid
from order_backend.shop import Device, Shop

_MOST_REMEMBERED = 10_000
AT_ONCE, PER_S = 20, 1 / 600
"""Requests of one device that are answered: an honest one asks again after a minute, ten, and then each hour.
Each certificate is a row for good, and one of the revocation list where the device is revoked."""


class _Answered(NamedTuple):
    request: str
    reply: Reply


class Renewals:
    """Of one order service. Where `ca.key` is not in its folder it answers nobody; another one does."""

    def __init__(self, folder: ShopFolder) -> None:
        self._folder, self._config = folder, folder.config()
        self._answered: dict[str, _Answered] = {}
        self._rates = Rates(AT_ONCE, PER_S)

    def renew(self, shop: Shop, device_id: str, payload: bytes, *, now_s: int) -> Reply | None:
        """A certificate, or why none; in the database when this returns. The same request again gets the
        same answer.

        Raises TrustError: envelope_malformed, device_unknown, statement_mismatch, statement_late,
        renewal_too_often and what `verify_statement` raises; then there is no answer.
        """
        if not self._folder.ca_key.exists():
            return None
        event = decode_event(payload, RENEWAL)
        require_uuid(event.id)
        before = self._answered.get(device_id)
        if before is not None and before.request == event.id:
            return before.reply
        data = decode_data(event, RenewalData)
        device, known = self._authenticated(shop, event, data, device_id, now_s)
        if not self._rates.allows(device_id, time.monotonic()):
            raise TrustError("renewal_too_often", "it has had many answers just now")
        try:
            claims = self._answer(
                device_id, event.id, now_s, certificate=self._issue(shop, device, data, known)
            )
            code = "renewed"
        except Refusal as refusal:
            claims, code = self._answer(device_id, event.id, now_s, error=refusal.code), refusal.code
        signed = jws.sign(to_claims(claims), self._folder.signing_key("receipts"), typ=CERTIFICATE_TYP)
        said = encode_event(
            CERTIFICATE, id_=uuid4(), source=self._config.shop_id, now_s=now_s, data=SignedData(signed)
        )
        reply = Reply("cert", said, code)
        if len(self._answered) >= _MOST_REMEMBERED:
            self._answered.pop(next(iter(self._answered)))
        self._answered[device_id] = _Answered(event.id, reply)
        return reply

    def _authenticated(
        self, shop: Shop, event: CloudEvent, data: RenewalData, device_id: str, now_s: int
    ) -> tuple[Device, int]:
        """The device, and which list of authorities it believes."""
        device = shop.device(device_id)
        if device is None:
            raise TrustError("device_unknown", "this device was never admitted")
        claims = verify_statement(
            data.signed,
            RenewalClaims,
            device.signing_keys.present(data.signed),
            device_id=device_id,
            audience=self._config.shop_id,
            environment=self._config.environment,
        )
        said = (event.id, event.source, hashlib.sha256(data.request.encode()).hexdigest())
        if (claims.jti, claims.iss, claims.request_sha256) != said:
            raise TrustError("statement_mismatch", "the event says something else than what is signed")
        if not claims.iat - CLOCK_SKEW_S <= now_s < claims.exp:
            raise TrustError("statement_late", "was signed at another time")
        return device, claims.authorities

    def _issue(self, shop: Shop, device: Device, data: RenewalData, known: int) -> str:
        """In the database before it is told. Raises Refusal: device_revoked, request_refused."""
        try:
            key = requested_key(data.request.encode(), device.device_id)
        except TrustError as error:
            raise Refusal("request_refused", error.detail) from error
        if certificates.jwk_of(key) in (device.signing_jwk, device.next_key):
            raise Refusal("request_refused", "one key for TLS and for signing; they must differ")
        authority = issuing(self._folder, known=known)
        certificate = certificates.client_certificate(
            device.device_id, key, *authority,
            now=datetime.now(UTC), days=self._config.device_certificate_days,
        )  # fmt: skip
        with shop.transaction(device.device_id):
            now = shop.device(device.device_id)  # it may have been revoked meanwhile
            if now is None or not now.active:
                raise Refusal("device_revoked", "this device may not connect any more")
            shop.certificates.add(device.device_id, certificate, authority.fingerprint)
        return certificates.certificate_pem(certificate).decode("ascii")

    def _answer(
        self, device_id: str, request: str, now_s: int, *, certificate: str = "", error: str = ""
    ) -> CertificateClaims:
        return CertificateClaims(
            iss=self._config.shop_id,
            iat=now_s,
            aud=device_id,
            env=self._config.environment,
            request=request,
            certificate=certificate,
            error=error,
        )
