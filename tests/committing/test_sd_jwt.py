"""Our SD-JWT layer, checked by an implementation that is not ours (sd-jwt over jwcrypto)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OctKey
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from agent.committing import jws, sd_jwt
from agent.plumbing.errors import TrustError

KEY = ECKey.generate_key("P-256")
PUBLIC = jws.public_jwk(KEY)
CLAIMS = {
    "vct": "mandate.checkout.open.1",
    "iss": "device-1",
    "constraints": [{"type": "a", "allowed": ["ä"]}],
}


def test_an_independent_verifier_reads_the_same_claims() -> None:
    token = sd_jwt.issue(CLAIMS, KEY)
    verifier = SDJWTVerifier(token, lambda issuer, header: JWK(**KEY.as_dict(private=False)))
    assert verifier.get_verified_payload() == CLAIMS
    assert token.count("~") == 1 and token.endswith("~")


def test_we_verify_what_we_issue() -> None:
    assert json.loads(sd_jwt.verify(sd_jwt.issue(CLAIMS, KEY), [PUBLIC])) == CLAIMS


def test_a_selective_disclosure_by_another_issuer_is_refused_not_half_read() -> None:
    key = JWK.from_json(json.dumps(KEY.as_dict(private=True)))
    issuer = SDJWTIssuer(
        {"iss": "device-1", SDObj("amount"): 5},
        key,
        extra_header_parameters={"typ": sd_jwt.TYP, "kid": PUBLIC.kid},
    )
    hidden = issuer.sd_jwt_issuance.split("~")[0] + "~"
    for token in (issuer.sd_jwt_issuance, hidden):
        with pytest.raises(TrustError) as caught:
            sd_jwt.verify(token, [PUBLIC])
        assert caught.value.code == "sd_jwt_hidden"


def test_reserved_claim_names_are_not_signed() -> None:
    with pytest.raises(ValueError, match="reserves"):
        sd_jwt.issue({"constraints": [{"...": "digest"}]}, KEY)


def _b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _code(token: str, keys: list[jws.PublicJwk] | None = None, typ: str = "t") -> str:
    with pytest.raises(TrustError) as caught:
        jws.verify(token, [PUBLIC] if keys is None else keys, typ=typ)
    return caught.value.code


def test_only_es256_by_a_known_key_of_the_right_kind_is_accepted() -> None:
    header: dict[str, Any] = {"alg": "ES256", "kid": PUBLIC.kid, "typ": "t"}
    good = jws.sign({"a": 1}, KEY, typ="t")
    assert jws.verify(good, [PUBLIC], typ="t") == b'{"a":1}'
    head, body, signature = good.split(".")

    assert _code(f"{_b64({**header, 'alg': 'none'})}.{body}.") == "signature_algorithm"
    secret = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    hmac = joserfc_jws.serialize_compact({**header, "alg": "HS256"}, b'{"a":1}', secret)
    assert _code(hmac) == "signature_algorithm"
    assert _code(good, typ="another") == "signature_type"
    assert _code(good, keys=[]) == "signature_key_unknown"
    assert _code(f"{head}.{_b64({'a': 2})}.{signature}") == "signature_invalid"
    assert _code(f"{head}.{body}.{_b64(bytes(64))}") == "signature_invalid"
    stranger = ECKey.generate_key("P-256")
    impostor = joserfc_jws.serialize_compact(header, b'{"a":1}', stranger, algorithms=["ES256"])
    assert _code(impostor) == "signature_invalid"


@pytest.mark.parametrize("extra", [{"jwk": {}}, {"x5u": "//a.example"}, {"crit": ["b64"], "b64": False}])
def test_a_header_that_says_more_than_ours_is_refused(extra: dict[str, object]) -> None:
    header = {"alg": "ES256", "kid": PUBLIC.kid, "typ": "t", **extra}
    assert _code(f"{_b64(header)}.{_b64({})}.{_b64(bytes(64))}") == "signature_malformed"


@pytest.mark.parametrize("token", ["", "~", "a", "a.b", "a.b.c", "ä.ö.ü~", "." * 5, "a.b.c~d~", "\x00~"])
def test_garbage_is_a_clear_refusal(token: str) -> None:
    with pytest.raises(TrustError):
        sd_jwt.verify(token, [PUBLIC])


def test_claims_with_a_repeated_key_are_refused() -> None:
    header = {"alg": "ES256", "kid": PUBLIC.kid, "typ": sd_jwt.TYP}
    token = joserfc_jws.serialize_compact(header, b'{"exp":1,"exp":2}', KEY, algorithms=["ES256"]) + "~"
    with pytest.raises(TrustError) as caught:
        sd_jwt.verify(token, [PUBLIC])
    assert caught.value.code == "sd_jwt_malformed"


def test_deep_nesting_is_a_refusal_not_a_crash() -> None:
    header = {"alg": "ES256", "kid": PUBLIC.kid, "typ": sd_jwt.TYP}
    deep = b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    token = joserfc_jws.serialize_compact(header, deep, KEY, algorithms=["ES256"]) + "~"
    with pytest.raises(TrustError) as caught:
        sd_jwt.verify(token, [PUBLIC])
    assert caught.value.code == "sd_jwt_malformed"
