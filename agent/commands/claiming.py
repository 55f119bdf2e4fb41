"""`earmark provision --claim`: the device asks the shop by the code that the shop printed, and believes only
who knows it."""

from __future__ import annotations

import getpass
import http.client
import ssl
import sys
from typing import NamedTuple, TypeVar

import msgspec

from agent.committing.claim_code import (
    PORT,
    ClaimAnchor,
    ClaimAnswer,
    ClaimCode,
    Enrolled,
    Enrolment,
    EnrolmentRefused,
)
from agent.committing.trust import parse_trust
from agent.plumbing.errors import ConfigurationError, TrustError

LONGEST_ANSWER_BYTES = 64 * 1024 * 1024
PATIENCE_S = 30.0

T = TypeVar("T", bound=msgspec.Struct)


class Place(NamedTuple):
    """Where the shop enrols."""

    host: str
    port: int

    @staticmethod
    def parse(text: str) -> Place:
        """HOST or HOST:PORT. Raises ConfigurationError claim_shop."""
        host, colon, port = text.rpartition(":") if ":" in text else (text, "", "")
        if not host or (colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536)):
            raise ConfigurationError(
                "claim_shop", f"{text!r} is no HOST or HOST:PORT", "as the shop printed it"
            )
        return Place(host, int(port) if colon else PORT)


def ask_code(text: str) -> ClaimCode:
    """From the option, or typed unseen, or the first line of what is piped in. Raises TrustError
    claim_mistyped."""
    if not text:
        text = getpass.getpass("the code: ") if sys.stdin.isatty() else sys.stdin.readline()
    return ClaimCode.parse(text)


def first_word(place: Place, code: ClaimCode) -> ClaimAnchor:
    """Who the device is to be, and which authority to believe.

    The server is not known yet, so TLS proves nothing here: what it says is believed because it is
    authenticated by the code. Raises TrustError: claim_forged, claim_answer, claim_unreachable and the
    shop's own refusals.
    """
    context = _tls_1_3()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return code.believed(_asked(place, context, "GET", f"/claims/{code.name}", b"", ClaimAnswer))


def enrol(place: Place, code: ClaimCode, anchor: ClaimAnchor, requests: bytes) -> Enrolled:
    """Certificate, trust and catalogue for `requests`, from the shop that `anchor` names. Asked again with
    the same requests, it gives the like.

    Raises TrustError: claim_answer (another shop than the anchor's), claim_unreachable, trust_invalid and the
    shop's own refusals.
    """
    context = _tls_1_3()
    context.load_verify_locations(cadata=anchor.ca_pem)
    body = msgspec.json.encode(Enrolment(code.name, code.password, requests.decode("ascii")))
    answer = _asked(place, context, "POST", "/enrolments", body, Enrolled)
    trust = parse_trust(answer.trust.encode(), name="the shop's answer")
    said = (trust.shop_id, trust.environment, trust.broker.ca_pem)
    if said != (anchor.shop_id, anchor.environment, anchor.ca_pem):
        raise TrustError("claim_answer", "the answer is of another shop than the code", "ask the shop")
    return answer


def _tls_1_3() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _asked(place: Place, context: ssl.SSLContext, method: str, path: str, body: bytes, wanted: type[T]) -> T:
    connection = http.client.HTTPSConnection(*place, timeout=PATIENCE_S, context=context)
    try:
        connection.request(method, path, body or None)
        response = connection.getresponse()
        content = response.read(LONGEST_ANSWER_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise TrustError(
            "claim_unreachable",
            f"{place.host}:{place.port}: {error}",
            "is this its address, and does it enrol? At the shop: earmark-backend enrol --help",
        ) from error
    finally:
        connection.close()
    try:
        if response.status == http.HTTPStatus.OK and len(content) <= LONGEST_ANSWER_BYTES:
            return msgspec.json.decode(content, type=wanted)
        refusal = msgspec.json.decode(content, type=EnrolmentRefused)
    except msgspec.DecodeError as error:
        raise TrustError("claim_answer", f"{place.host}:{place.port} gives no answer of a shop") from error
    raise TrustError(refusal.code, refusal.detail, refusal.next_step)
