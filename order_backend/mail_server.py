"""One SMTP session (RFC 5321): what the server says to one mail, as a value.

What a server answers may hold the owner's address, so only its numbers leave this module.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple

from agent.plumbing.errors import ConfigurationError, EarmarkError
from order_backend.mail_settings import MailSettings, read_password

TIMEOUT_S = 30.0
ACCEPT_TIMEOUT_S = 120.0
"""For the answer to a whole mail, which a server may look through first: giving up early sends it twice."""


class MailServerError(EarmarkError):
    """No mail can be sent over this session: the server is away, or not as it has to be."""


class Verdict(NamedTuple):
    """'later' is worth another try, 'never' is not; `reason` is a code and the server's numbers."""

    outcome: Literal["accepted", "later", "never"]
    reason: str = ""


class MailSession:
    """`with MailSession(settings, folder) as session:`, from greeting to QUIT."""

    def __init__(self, settings: MailSettings, folder: Path) -> None:
        """Connects, secures the connection and logs in; relative file names are looked for in `folder`.

        Raises MailServerError mail_unreachable, mail_tls, mail_login, mail_refused; ConfigurationError
        mail_password, mail_authority.
        """
        self._settings = settings
        password = read_password(folder / settings.password_file) if settings.password_file else ""
        context = _tls_context(settings, folder)
        try:
            self._smtp = _connect(settings, context)
        except OSError as error:  # all of smtplib's errors are ones too
            raise _explained(error, settings) from error
        try:
            self._begin(context, password)
        except OSError as error:
            self._smtp.close()
            raise _explained(error, settings) from error
        except BaseException:
            self._smtp.close()
            raise

    def __enter__(self) -> MailSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._smtp.quit()
        except OSError:
            pass  # what was accepted stays accepted
        finally:
            self._smtp.close()

    @property
    def security(self) -> str:
        """'TLSv1.3', or 'no TLS'."""
        sock = self._smtp.sock
        return sock.version() or "" if isinstance(sock, ssl.SSLSocket) else "no TLS"

    def accepts_sender(self) -> bool:
        """Whether a mail could be begun; none is. Raises MailServerError mail_unreachable."""
        try:
            code, _ = self._smtp.mail(self._settings.sender)
            self._smtp.rset()
        except OSError as error:
            raise _explained(error, self._settings) from error
        return code == 250

    def send(self, recipient: str, mail: bytes) -> Verdict:
        """Raises MailServerError mail_unreachable, mail_refused where the session is of no more use.

        After mail_unreachable the mail may have been accepted nevertheless.
        """
        try:
            return self._send(recipient, mail)
        except OSError as error:
            raise _explained(error, self._settings) from error

    def _begin(self, context: ssl.SSLContext | None, password: str) -> None:
        self._say_hello()
        if self._settings.security == "none":
            _require_this_machine(self._smtp)
        if self._settings.security == "starttls":
            code, _ = self._smtp.starttls(context=context)
            if code != 220:
                raise MailServerError("mail_tls", f"the server refuses STARTTLS ({code})")
            self._say_hello()
        if self._settings.username:
            self._smtp.login(self._settings.username, password)

    def _say_hello(self) -> None:
        code, _ = self._smtp.ehlo()
        if code != 250:
            raise MailServerError("mail_refused", f"the server refuses to talk ({code})")

    def _send(self, recipient: str, mail: bytes) -> Verdict:
        code, said = self._smtp.mail(self._settings.sender)
        if code != 250:
            raise MailServerError("mail_refused", f"sender refused {_numbers(code, said)}", "see mail.sender")
        code, said = self._smtp.rcpt(recipient)
        if code not in (250, 251):
            return self._refused("mail_recipient_refused", code, said)
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(ACCEPT_TIMEOUT_S)
        try:
            code, said = self._smtp.data(mail)
        except smtplib.SMTPDataError as error:
            code, said = error.smtp_code, _bytes(error.smtp_error)
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(TIMEOUT_S)
        return Verdict("accepted") if code == 250 else self._refused("mail_content_refused", code, said)

    def _refused(self, what: str, code: int, said: bytes) -> Verdict:
        if code == 421 or code < 400:
            raise MailServerError("mail_refused", f"the server ends the session ({code})")
        self._smtp.rset()
        return Verdict("never" if code >= 500 else "later", f"{what} {_numbers(code, said)}")


def _connect(settings: MailSettings, context: ssl.SSLContext | None) -> smtplib.SMTP:
    # The sender's domain introduces the shop: the name of the machine is nobody's business.
    name = settings.sender.rpartition("@")[2]
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.port, name, timeout=TIMEOUT_S, context=context)
    return smtplib.SMTP(settings.host, settings.port, name, timeout=TIMEOUT_S)


def _tls_context(settings: MailSettings, folder: Path) -> ssl.SSLContext | None:
    if settings.security == "none":
        return None
    authority = folder / settings.ca_file if settings.ca_file else None
    try:
        context = ssl.create_default_context(cafile=authority)  # verifies the certificate and the name in it
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError("mail_authority", f"{authority} is not a certificate in PEM") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _require_this_machine(smtp: smtplib.SMTP) -> None:
    peer = smtp.sock.getpeername()[0] if smtp.sock is not None else ""
    if not ipaddress.ip_address(peer).is_loopback:
        raise MailServerError("mail_refused", f"without TLS to {peer}, which is not this machine")


def _explained(error: OSError, settings: MailSettings) -> MailServerError:
    where = f"{settings.host}:{settings.port}"
    match error:
        case smtplib.SMTPAuthenticationError():
            return MailServerError("mail_login", f"{where} does not take the password ({error.smtp_code})")
        case smtplib.SMTPNotSupportedError() if settings.security == "starttls":
            return MailServerError("mail_tls", f"{where} offers no STARTTLS, or no login after it")
        case smtplib.SMTPServerDisconnected() | smtplib.SMTPConnectError():
            return MailServerError("mail_unreachable", f"{where} hung up")
        case smtplib.SMTPException():
            return MailServerError("mail_refused", f"{where}: {type(error).__name__}")
        case ssl.SSLCertVerificationError():
            return MailServerError("mail_tls", f"{where}: {error.verify_message}")
        case ssl.SSLError():
            return MailServerError("mail_tls", f"{where}: {error.reason}")
        case _:
            return MailServerError("mail_unreachable", f"{where}: {error.strerror or type(error).__name__}")


def _numbers(code: int, said: bytes) -> str:
    """The reply code, and the enhanced status code (RFC 3463) where there is one."""
    enhanced = re.match(rb"[245]\.\d{1,3}\.\d{1,3}\b", said)
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)


def _bytes(said: bytes | str) -> bytes:
    return said.encode("ascii", "replace") if isinstance(said, str) else said
