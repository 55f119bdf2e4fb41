"""When the device's certificate for the broker is renewed, and what is said to the shop about it.

`uplink` has the key and asks for a certificate; `till` knows the time and signs that it was this device that
asked: whoever has the TLS key alone cannot have it renewed.
"""

from __future__ import annotations

import hashlib
import random
import time as clocks
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec

from agent.committing import jws
from agent.committing.envelope import (
    CERTIFICATE,
    RENEWAL,
    RenewalData,
    SignedData,
    claims_of,
    decode_data,
    decode_event,
    encode_event,
    up_topic,
)
from agent.committing.keys import KeyStore
from agent.committing.live_authorities import LiveAuthorities
from agent.committing.mandates import UnixSeconds
from agent.committing.statements import RenewalClaims, addressed
from agent.committing.trust import Trust
from agent.committing.trusted_time import TrustedTime
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import (
    CertificateRequest,
    ClientCertificate,
    Publish,
    RequestCertificate,
    UseCertificate,
)

CERTIFICATE_TYP = "earmark-certificate+jwt"
STATEMENT_LIFETIME_S = 600
TOLD_WITHIN = 1 / 6
"""With less than this share of its lifetime left, a certificate that was not renewed is a trouble."""
SPREAD_S = 300.0
"""Within so long after another authority was named all devices have asked it for a certificate."""
_REST_S = (60.0, 600.0, 3_600.0)
"""Between attempts: after the first, the second, and all others."""


class CertificateClaims(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's answer to the renewal whose `jti` was `request`: a certificate (PEM), or why none."""

    iss: str
    iat: UnixSeconds
    aud: str
    env: str
    request: str
    certificate: str = ""
    error: str = ""


class Renewal:
    """Used from one thread."""

    def __init__(
        self,
        keys: KeyStore,
        trust: Trust,
        time: TrustedTime,
        device_id: str,
        *,
        monotonic_s: Callable[[], float] = clocks.monotonic,
        new_id: Callable[[], UUID] = uuid4,
        authorities: LiveAuthorities | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`authorities`: where a list of the shop says that another one certifies now, it is asked for
        soon, at a random moment of `SPREAD_S`: by all devices at once otherwise."""
        self._keys, self._trust, self._time, self._device_id = keys, trust, time, device_id
        self._monotonic_s, self._new_id = monotonic_s, new_id
        self._authorities, self._spread_s = authorities, SPREAD_S * jitter()
        self._other_since_s: float | None = None
        self._certificate: ClientCertificate | None = None
        self._next_s, self._attempts = 0.0, 0
        self._asked = ""
        self.fault = ""
        """Why it was not renewed when it was tried last, ''."""

    @property
    def until_s(self) -> int:
        """When the certificate in use ends (Unix seconds); 0 where that is not known."""
        return self._certificate.not_after_s if self._certificate is not None else 0

    @property
    def days_left(self) -> int | None:
        """Whole days until it ends, below 0 once it has; None where it or the time is not known."""
        if self._certificate is None or not self._time.trusted:
            return None
        return (self._certificate.not_after_s - self._time.now()) // 86_400

    @property
    def trouble(self) -> bool:
        """It should long have been renewed, and somebody has to know."""
        one = self._certificate
        if one is None or not self._time.trusted:
            return False
        return one.not_after_s - self._time.now() < (one.not_after_s - one.not_before_s) * TOLD_WITHIN

    def certificate(self, message: ClientCertificate) -> None:
        """`uplink` shows that one now."""
        before, self._certificate = self._certificate, message
        if before is not None and message.not_after_s > before.not_after_s:
            audit.log("certificate_renewed", detail=f"until {message.not_after_s}")
            self.fault = ""
            if not self._is_of_another_authority:  # else one that never comes would be asked for at once
                self._attempts, self._next_s = 0, 0.0

    def tick(self) -> RequestCertificate | None:
        """What `uplink` is to be asked, at two thirds of the lifetime and then now and then. To be called
        while there is a session."""
        one = self._certificate
        if one is None or not self._time.trusted or self._monotonic_s() < self._next_s:
            return None
        is_old = self._time.now() >= one.not_before_s + (one.not_after_s - one.not_before_s) * 2 // 3
        if not is_old and not self._should_change_authority():
            return None
        if self._asked and not self.fault:
            self.fault = "renewal_unanswered"
        self._next_s = self._monotonic_s() + _REST_S[min(self._attempts, len(_REST_S) - 1)]
        self._attempts += 1
        return RequestCertificate()

    def holds(self) -> tuple[str, int]:
        """The serial number (hex) of the certificate in use, and of the list of authorities that is believed
        and on disk; '' and 0 where there is none."""
        serial = self._certificate.serial if self._certificate is not None else ""
        return serial, self._authorities.kept_serial if self._authorities is not None else 0

    @property
    def _is_of_another_authority(self) -> bool:
        """Than the one that certifies now, by a list of the shop's."""
        one, known = self._certificate, self._authorities
        if one is None or known is None or known.serial == 0:
            return False
        return one.authority != known.believed.signs

    def _should_change_authority(self) -> bool:
        if not self._is_of_another_authority:
            self._other_since_s = None
            return False
        if self._other_since_s is None:
            self._other_since_s = self._monotonic_s()
        return self._monotonic_s() >= self._other_since_s + self._spread_s

    def requested(self, message: CertificateRequest) -> Publish | None:
        """The request of `uplink`, signed for; None where there is none. Raises TrustError
        clock_untrusted."""
        if not message.pem:
            self._failed(message.fault or "renewal_unwritable")
            return None
        now_s, id_ = self._time.now(), self._new_id()
        claims = RenewalClaims(
            **addressed(self._trust, self._device_id, id_, now_s=now_s, exp=now_s + STATEMENT_LIFETIME_S),
            request_sha256=hashlib.sha256(message.pem.encode()).hexdigest(),
            authorities=self.holds()[1],
        )
        self._asked = str(id_)
        data = RenewalData(message.pem, self._keys.sign(claims))
        payload = encode_event(RENEWAL, id_=id_, source=self._device_id, now_s=now_s, data=data)
        return Publish(f"renew-{id_}", up_topic(self._device_id, "renew"), payload)

    def received(self, payload: bytes) -> UseCertificate | None:
        """The shop's answer; None where it would not renew. Raises TrustError: envelope_malformed,
        certificate_malformed, certificate_not_for_us, certificate_environment, certificate_not_asked_for and
        what `jws.verify` raises."""
        signed = decode_data(decode_event(payload, CERTIFICATE), SignedData).signed
        verified = jws.verify(signed, self._trust.keys.receipts, typ=CERTIFICATE_TYP)
        claims = claims_of(verified, CertificateClaims, "certificate_malformed")
        if (claims.iss, claims.aud) != (self._trust.shop_id, self._device_id):
            raise TrustError("certificate_not_for_us", f"from {claims.iss[:64]!r} for {claims.aud[:64]!r}")
        if claims.env != self._trust.environment:
            raise TrustError("certificate_environment", f"was signed for {claims.env[:16]!r}")
        if not self._asked or claims.request != self._asked:
            raise TrustError("certificate_not_asked_for", "answers no request that is open")
        self._asked = ""
        if not claims.certificate:
            self._failed(f"renewal_{claims.error}"[:40])
            return None
        return UseCertificate(claims.certificate)

    def _failed(self, fault: str) -> None:
        self.fault, self._asked = fault, ""
        audit.log("certificate_not_renewed", reason=fault, detail=f"it ends at {self.until_s}")
