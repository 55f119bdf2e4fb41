"""Where a new device claims its place: two questions over HTTPS, as EST (RFC 7030) has enrolment, and nothing
else. TLS 1.3; whoever asks shows no certificate yet, but a code that the shop printed.

    GET  /claims/NAME   the shop's first word, which the code authenticates
    POST /enrolments    two certificate requests in, certificate, trust and catalogue out
"""

from __future__ import annotations

import hashlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from agent.committing.claim_code import ClaimAnchor, Enrolled, Enrolment, EnrolmentRefused
from agent.committing.envelope import claims_of
from agent.plumbing import audit
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend.authorities import trusted_pem
from order_backend.claims import ANEW
from order_backend.database import DatabaseError, reason
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, requested_keys
from order_backend.rates import Rates
from order_backend.shop import Shop

LONGEST_BODY_BYTES = 16 * 1024
PATIENCE_S = 10.0
"""For each read of a request, handshake included."""
MOST_AT_ONCE = 16
TRIES_AT_ONCE, TRIES_PER_S = 20, 0.2
"""Failures of one address, after which it waits: bounds the work that guessing makes here. The code's 100
bits are what makes guessing vain."""

log = logging.getLogger("order_backend.enrolment")

_STATUS = {
    "claim_unknown": HTTPStatus.NOT_FOUND,
    "enrol_too_many": HTTPStatus.TOO_MANY_REQUESTS,
    "enrol_path": HTTPStatus.NOT_FOUND,
    "enrol_too_long": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "shop_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}


class EnrolmentService:
    """`with EnrolmentService(folder, address, port) as service:`; `port` 0 takes a free one."""

    def __init__(self, folder: ShopFolder, address: str = "127.0.0.1", port: int = 0) -> None:
        """Raises ConfigurationError enrol_address."""
        self._desk = _EnrolmentDesk(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(folder.broker_certificate, folder.broker_key)
        try:
            self._server = _Server((address, port), context, self._desk)
        except OSError as error:
            raise ConfigurationError(
                "enrol_address",
                f"cannot listen on {address}:{port}: {error.strerror}",
                "choose another --port",
            ) from error
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="enrolment")

    def __enter__(self) -> EnrolmentService:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join()
        self._server.server_close()

    def stop(self) -> None:
        """Ends it; a question that is being answered is answered."""
        threading.Thread(
            target=self._server.shutdown
        ).start()  # it waits, and may be called by the loop itself

    def wait(self) -> None:
        """Until it was stopped."""
        self._thread.join()


class _EnrolmentDesk:
    """What is answered, whoever asks in whatever way."""

    def __init__(self, folder: ShopFolder) -> None:
        self._folder = folder
        self._failures = Rates(TRIES_AT_ONCE, TRIES_PER_S)
        self._refused = self._unavailable = 0
        self._lock = threading.Lock()

    def claim(self, name: str) -> bytes:
        if not name.isprintable():  # the path of a request may hold any byte, a database not
            raise TrustError("claim_unknown", "no such code", "compare it with the print, letter by letter")
        with Shop.open(self._folder.database) as shop:
            answer = shop.claims.answer(name, now_s=int(time.time()))
        self._refuse_outdated(answer.anchor)
        return msgspec.json.encode(answer)

    def _refuse_outdated(self, anchor: str) -> None:
        """A code vouches for the authorities that there were when it was printed."""
        if msgspec.json.decode(anchor, type=ClaimAnchor).ca_pem != trusted_pem(self._folder):
            raise TrustError(
                "claim_outdated", "the shop's authority has been replaced since this code was printed", ANEW
            )

    def enrolment(self, body: bytes) -> bytes:
        wanted = claims_of(body, Enrolment, "enrol_malformed")
        requests = wanted.requests.encode()
        digest = hashlib.sha256(requests).hexdigest()
        with Shop.open(self._folder.database) as shop:
            self._refuse_outdated(shop.claims.answer(wanted.claim, now_s=int(time.time())).anchor)
            device_id, old_key_stolen = shop.claims.redeem(
                wanted,
                digest,
                now_s=int(time.time()),
                may_be_used=lambda device_id: requested_keys(requests, device_id),
            )
        admission = admit(
            self._folder, device_id, requests, now=datetime.now(UTC), old_key_stolen=old_key_stolen
        )
        log.info("enrolled %s", device_id)
        return msgspec.json.encode(
            Enrolled(
                admission.certificate_pem.decode("ascii"),
                admission.trust.to_bytes().decode(),
                self._folder.catalogue.read_text("utf-8"),
            )
        )

    def answered(self, address: str, answer: Callable[[], bytes]) -> tuple[int, bytes]:
        """HTTP status and body of `answer`, or of why not."""
        with self._lock:
            waits = not self._failures.would_allow(address, time.monotonic())
        try:
            if waits:
                raise TrustError("enrol_too_many", "too many tries from this address", "wait a minute")
            answered = answer()
            self._unavailable = 0
            return HTTPStatus.OK, answered
        except TrustError as error:
            self._refused_one(address, error.code, counts=not waits)
            refusal = EnrolmentRefused(error.code, error.detail, error.next_step)
        except (DatabaseError, ConfigurationError) as error:
            said = reason(error) if isinstance(error, DatabaseError) else str(error)
            self._unavailable += 1  # whoever knocks meanwhile fills no log
            if audit.is_news(self._unavailable):
                log.error("shop_unavailable %s; %d times now", said, self._unavailable)
            refusal = EnrolmentRefused("shop_unavailable", "the shop cannot answer now", "try again later")
        return _STATUS.get(refusal.code, HTTPStatus.FORBIDDEN), msgspec.json.encode(refusal)

    def _refused_one(self, address: str, code: str, *, counts: bool) -> None:
        with self._lock:
            if counts:
                self._failures.allows(address, time.monotonic())
            self._refused += 1
            if audit.is_news(self._refused):
                log.warning("%s from %s; %d refused since the start", code, address, self._refused)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext, desk: _EnrolmentDesk) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self._context, self.desk = context, desk
        self._seats = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        plain, address = super().get_request()
        plain.settimeout(PATIENCE_S)
        # The handshake is the handler's thread's: one that is slow keeps nobody else waiting.
        tls = self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        return tls, address

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._seats.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._seats.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("connection from %s ended", client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "earmark", ""

    def do_GET(self) -> None:
        path, _, name = self.path.removeprefix("/").partition("/")
        if path == "claims" and name:
            self._answer(lambda: self.server.desk.claim(name))
        else:
            self._answer(_no_such_path)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/enrolments":
            self._answer(_no_such_path)
        elif not length.isascii() or not length.isdigit() or int(length) > LONGEST_BODY_BYTES:
            self._answer(_too_long)
        else:
            body = self.rfile.read(int(length))
            self._answer(lambda: self.server.desk.enrolment(body))

    def _answer(self, answer: Callable[[], bytes]) -> None:
        status, body = self.server.desk.answered(str(self.client_address[0]), answer)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Paths hold names of claims: they are not logged."""


def _no_such_path() -> bytes:
    raise TrustError("enrol_path", "nothing is here")


def _too_long() -> bytes:
    raise TrustError("enrol_too_long", f"a request has a length, of at most {LONGEST_BODY_BYTES} bytes")
