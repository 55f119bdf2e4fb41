"""What a device signs beside mandates: that it asks what became of an intent, that it takes one back, what
something would cost, what only the shop knows, that it is there.

Each has a `typ` of its own, so none can be taken for another, and none authorises a payment.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypedDict, TypeVar
from uuid import UUID

import msgspec

from agent.committing import jws
from agent.committing.envelope import claims_of
from agent.committing.jws import PublicJwk
from agent.committing.mandates import Minor, Positive, Text, UnixSeconds
from agent.committing.trust import Trust
from agent.plumbing.errors import TrustError
from agent.plumbing.told import AskKind

CLOCK_SKEW_S = 300
"""As far ahead may the clock of who signed be of the clock of who verifies."""
QUERY_LIFETIME_S = 600
APPROVAL_LIFETIME_S = 300
"""As long is a phone asked; its answer is good for no longer either (`agent.deciding.phone`)."""
Uuid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
CertificateSerial = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{0,40}\Z")]
DecisionCode = Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,40}\Z")]
MOST_ASKED_ABOUT = 20
ListNumber = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]


class StatementClaims(msgspec.Struct, frozen=True, kw_only=True):
    """`jti` is the id of the CloudEvent that carries it, `iss` the device, `aud` the shop; times are Unix
    seconds."""

    typ: ClassVar[str]

    jti: Uuid
    iss: str
    aud: str
    env: str
    iat: UnixSeconds
    exp: UnixSeconds


class Addressed(TypedDict):
    """The fields of `StatementClaims`, for the call that makes one of them."""

    jti: str
    iss: str
    aud: str
    env: str
    iat: int
    exp: int


def addressed(trust: Trust, device_id: str, id_: UUID, *, now_s: int, exp: int) -> Addressed:
    """By this device to its shop, in the event with that id, from now until `exp` (Unix seconds)."""
    return {
        "jti": str(id_),
        "iss": device_id,
        "aud": trust.shop_id,
        "env": trust.environment,
        "iat": now_s,
        "exp": exp,
    }


class QueryClaims(StatementClaims, frozen=True, kw_only=True):
    """What became of `intent`? Whoever signs it will believe "it was never placed"."""

    typ: ClassVar[str] = "earmark-query+jwt"

    intent: Uuid


class CancelClaims(StatementClaims, frozen=True, kw_only=True):
    """`intent`, whose event's data have that sha256 (hex), is not wanted any more. `sub` is the person's
    pseudonym whose order it is, `amr` how whoever takes it back was verified."""

    typ: ClassVar[str] = "earmark-cancel+jwt"

    sub: str
    amr: Annotated[
        tuple[Literal["voice", "pin", "badge", "phone", "operator"], ...], msgspec.Meta(min_length=1)
    ]
    intent: Uuid
    intent_sha256: Sha256


class StatusClaims(StatementClaims, frozen=True, kw_only=True):
    """Whether the device is there. A birth and its will are signed together and name one `session`; of two
    sessions the one with the later `iat` counts. `certificate` is the serial number (hex) of the one that it
    connects with, `authorities` the shop's list of authorities that it keeps: '' and 0 where it does not
    say."""

    typ: ClassVar[str] = "earmark-status+jwt"

    online: bool
    session: Uuid
    certificate: CertificateSerial = ""
    authorities: ListNumber = 0


class RenewalClaims(StatementClaims, frozen=True, kw_only=True):
    """The certificate request with that sha256 (hex, of its PEM) is this device's own. `authorities` as in
    `StatusClaims`: it takes no certificate of an authority that it does not know."""

    typ: ClassVar[str] = "earmark-renewal+jwt"

    request_sha256: Sha256
    authorities: ListNumber = 0


class RequestedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the sku with its options; the shop says `title` again, as it came."""

    id: Text
    title: Text
    quantity: Positive


class OfferRequestClaims(StatementClaims, frozen=True, kw_only=True):
    """What would these cost, at the prices of that catalogue (0 where none is named)? `intent` is the id that
    the order would have, so that of all offers for it one at most becomes an order."""

    typ: ClassVar[str] = "earmark-offer-request+jwt"

    intent: Uuid
    catalogue_version: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] = 0
    lines: Annotated[tuple[RequestedLine, ...], msgspec.Meta(min_length=1, max_length=100)]


class KeyClaims(StatementClaims, frozen=True, kw_only=True):
    """This device will sign with `key` next. Whoever signs this has the key before it; `proof` is a
    `KeyProofClaims` that `key` has signed, so nobody can name a key that is somebody else's."""

    typ: ClassVar[str] = "earmark-key+jwt"

    key: PublicJwk
    proof: Annotated[str, msgspec.Meta(max_length=2_000)]


class KeyProofClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Signed by the key `key` of the device `iss`: it is to follow the key `old` there, at the shop `aud`.
    Thumbprints; it authorises nothing by itself, and has no time of its own."""

    typ: ClassVar[str] = "earmark-key-proof+jwt"

    iss: str
    aud: str
    env: str
    old: str
    key: str


class AskedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id` is the sku with its options."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    quantity: Positive


class AskClaims(StatementClaims, frozen=True, kw_only=True, omit_defaults=True):
    """What only the shop knows. `lines` is what of its goods is asked about, `orders` the intents that became
    the orders in question. `sub` is the person's pseudonym whose orders these are. `codes`: what the device
    has decided in the conversation before, for who is to help. No word that anybody has said is among it."""

    typ: ClassVar[str] = "earmark-ask+jwt"

    kind: AskKind
    lines: Annotated[tuple[AskedLine, ...], msgspec.Meta(max_length=MOST_ASKED_ABOUT)] = ()
    orders: Annotated[tuple[Uuid, ...], msgspec.Meta(max_length=MOST_ASKED_ABOUT)] = ()
    sub: Annotated[str, msgspec.Meta(max_length=100)] = ""
    codes: Annotated[tuple[DecisionCode, ...], msgspec.Meta(max_length=MOST_ASKED_ABOUT)] = ()


class AskedClaims(StatementClaims, frozen=True, kw_only=True):
    """This is to be approved on the phone of `sub`, a pseudonym: what `agent.deciding.phone.Asked` holds, but
    for the device, which signs it. `lines` are (sku, quantity, minor units for one), sorted. A device of a
    release before it has no `nonce`."""

    typ: ClassVar[str] = "earmark-approval-request+jwt"

    sub: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    lines: Annotated[
        tuple[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=200)], Positive, Minor], ...],
        msgspec.Meta(min_length=1, max_length=100),
    ]
    total_minor: Minor
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    catalogue_version: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] = 0
    nonce: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{32})?\Z")] = ""


class WithdrawnClaims(AskedClaims, frozen=True, kw_only=True):
    """What `AskedClaims` asked under the same `jti` is not asked any more; it says all of it again, for a
    shop that it reaches first."""

    typ: ClassVar[str] = "earmark-approval-withdrawn+jwt"


Statement = (
    QueryClaims
    | CancelClaims
    | StatusClaims
    | RenewalClaims
    | OfferRequestClaims
    | AskClaims
    | AskedClaims
    | WithdrawnClaims
    | KeyClaims
)
S = TypeVar(
    "S",
    QueryClaims,
    CancelClaims,
    StatusClaims,
    RenewalClaims,
    OfferRequestClaims,
    AskClaims,
    AskedClaims,
    WithdrawnClaims,
    KeyClaims,
)


def verify_statement(
    token: str, type_: type[S], key: PublicJwk, *, device_id: str, audience: str, environment: str
) -> S:
    """What the device signed with `key` as a statement of `type_`, meant for `audience`. Whether it is still
    in time is another question.

    Raises TrustError: statement_malformed, statement_other_device, statement_audience,
    statement_environment, and what `jws.verify` raises.
    """
    claims = claims_of(jws.verify(token, [key], typ=type_.typ), type_, "statement_malformed")
    if claims.iss != device_id:
        raise TrustError("statement_other_device", f"speaks for {claims.iss[:64]!r}")
    if claims.aud != audience:
        raise TrustError("statement_audience", f"is meant for {claims.aud[:64]!r}")
    if claims.env != environment:
        raise TrustError("statement_environment", f"was signed for {claims.env[:16]!r}, not {environment!r}")
    return claims


def check_proof(claims: KeyClaims, old_kid: str) -> None:
    """Raises TrustError unless `claims.key` has signed that it follows `old_kid` at this device and shop:
    statement_malformed, statement_mismatch, key_unusable, and what `jws.verify` raises."""
    signed = jws.verify(claims.proof, [claims.key], typ=KeyProofClaims.typ)
    proof = claims_of(signed, KeyProofClaims, "statement_malformed")
    wanted = KeyProofClaims(iss=claims.iss, aud=claims.aud, env=claims.env, old=old_kid, key=claims.key.kid)
    if proof != wanted:
        raise TrustError("statement_mismatch", "the new key has signed for another change than this one")
