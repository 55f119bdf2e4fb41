"""TLS to the shop's broker: what is demanded of it, and a look at whether it holds."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from agent.plumbing.errors import TrustError
from agent.plumbing.link_errors import CONNECT_TIMEOUT_S, link_error_code

_ALERT_WAIT_S = 1.0


def client_context(ca_pem: str, certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.3 or newer, our certificate shown, the broker's chain and host name checked against `ca_pem`
    alone.

    Raises TrustError: tls_ca_unusable, tls_client_unusable.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError) as error:
        raise TrustError(
            "tls_ca_unusable", "the pinned CA is no certificate", "earmark provision --help"
        ) from error
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise TrustError(
            "tls_client_unusable", f"cannot use {certificate} with {key}: {error}", "earmark provision --help"
        ) from error
    return context


def probe_broker(host: str, port: int, context: ssl.SSLContext) -> str:
    """'' where the broker's TLS holds and it accepts our certificate, else an error code. Says nothing in
    MQTT, so a running session is not disturbed; takes about a second."""
    try:
        with (
            socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            tls.settimeout(_ALERT_WAIT_S)
            try:
                refused = tls.recv(1) == b""
            except TimeoutError:
                refused = False
    except OSError as error:
        return link_error_code(error)
    return "tls_client_refused" if refused else ""
