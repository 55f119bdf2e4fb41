"""A key that lies elsewhere, as the builder of certificate requests wants one."""

from __future__ import annotations

from typing import Any, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from agent.committing.jws import Signer, import_public_key


class RequestKey(ec.EllipticCurvePrivateKey):
    """Signs one request by `signer` and can do nothing else: there are no private numbers here to give."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def public_key(self) -> ec.EllipticCurvePublicKey:
        key = import_public_key(self._signer.public).public_key
        assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101  (PublicJwk has no other kind)
        return key

    @property
    def curve(self) -> ec.EllipticCurve:
        return ec.SECP256R1()

    @property
    def key_size(self) -> int:
        return 256

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """DER, as X.509 has it; always over sha256, whatever is asked for."""
        signature = self._signer.sign_es256(bytes(data))
        return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))

    def close(self) -> None:
        """Gives up whatever holds the key."""
        self._signer.close()

    def exchange(self, *_: Any) -> NoReturn:
        raise NotImplementedError("a signing key")

    def private_numbers(self) -> NoReturn:
        raise NotImplementedError("the private key cannot be had")

    def private_bytes(self, *_: Any) -> NoReturn:
        raise NotImplementedError("the private key cannot be had")

    def __copy__(self) -> RequestKey:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> RequestKey:
        return self


def certificate_request(key: ec.EllipticCurvePrivateKey, device_id: str) -> bytes:
    """PEM of a request (PKCS #10) whose CN is `device_id`, signed by the key that it is for."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device_id)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)
