"""Why a connection failed: a stable code for each way in which name, TCP and TLS can fail."""

from __future__ import annotations

import socket
import ssl

CONNECT_TIMEOUT_S = 5.0

_VERIFY_CODES = {
    9: "tls_not_yet_valid",
    10: "tls_expired",
    18: "tls_wrong_ca",
    19: "tls_wrong_ca",
    20: "tls_wrong_ca",
    21: "tls_wrong_ca",
    62: "tls_wrong_host",
    64: "tls_wrong_host",
}
"""OpenSSL's X509_V_ERR_*."""

_REASONS = {
    "UNSUPPORTED_PROTOCOL": "tls_version",
    "ALERT_PROTOCOL_VERSION": "tls_version",
    "CERTIFICATE_EXPIRED": "tls_client_expired",
    "CERTIFICATE_REVOKED": "tls_client_revoked",
    "ALERT_UNKNOWN_CA": "tls_client_refused",
    "BAD_CERTIFICATE": "tls_client_refused",
    "CERTIFICATE_REQUIRED": "tls_client_refused",
    "CERTIFICATE_UNKNOWN": "tls_client_refused",
    "WRONG_VERSION_NUMBER": "tls_not_tls",
}
"""Parts of OpenSSL's reason names. Alerts about our own certificate come after the handshake in TLS 1.3."""


def link_error_code(error: BaseException) -> str:
    """A stable code for why a connection failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_CODES.get(error.verify_code, "tls_untrusted")
    if isinstance(error, ssl.SSLError):
        return code_of_openssl_text(str(error)) or "tls_failed"
    if isinstance(error, socket.gaierror):
        return "broker_name_unknown"
    if isinstance(error, TimeoutError):
        return "broker_silent"
    if isinstance(error, ConnectionRefusedError):
        return "broker_not_listening"
    return "broker_unreachable"


def code_of_openssl_text(text: str) -> str:
    """The code for a reason that OpenSSL put into words ('[SSL: TLSV1_ALERT_UNKNOWN_CA] ...'), or ''."""
    text = text.upper().replace(" ", "_")
    return next((code for part, code in _REASONS.items() if part in text), "")
