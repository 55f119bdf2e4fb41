"""How the shop sends mail: the section `mail` of shop.json, and what must be right before it sends any."""

from __future__ import annotations

import ipaddress
import stat
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from agent.plumbing.errors import ConfigurationError
from order_backend.addresses import host_name, mail_address

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
LONGEST_PASSWORD = 500


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`security` is how the server is reached: "starttls" and "tls" verify its certificate and name, "none"
    is for a server on this machine. `contact` is the line that tells an owner whom to call. Files are looked
    for in the shop's folder; without `ca_file` the system's authorities count."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    sender: str
    contact: Line
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password_file: str = ""
    ca_file: str = ""

    def check(self) -> None:
        """Raises ConfigurationError mail_host, mail_sender, mail_insecure, mail_password."""
        if not _is_address(self.host) and not host_name(self.host):
            raise ConfigurationError(
                "mail_host",
                "mail.host is neither a host name nor an IP address",
                "write it like mail.example.org",
            )
        mail_address(self.sender, "mail_sender")
        if self.security == "none" and not _is_this_machine(self.host):
            raise ConfigurationError(
                "mail_insecure",
                f"security is none, and {self.host} is not this machine: mails would travel readable",
                'set security to "starttls" or "tls" in the section mail of shop.json',
            )
        if bool(self.username) != bool(self.password_file) or not self.username.isascii():
            raise ConfigurationError(
                "mail_password",
                "a username in ASCII and a password_file go together",
                "set both or neither in the section mail of shop.json",
            )


def read_password(path: Path) -> str:
    """The one line of an owner-only file. Raises ConfigurationError mail_password."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigurationError("mail_password", f"others can read {path}", f"chmod 600 {path}")
        password = path.read_text("ascii").removesuffix("\n")
    except OSError as error:
        raise ConfigurationError(
            "mail_password", f"cannot read {path}: {error.strerror}", "write the password into it, mode 600"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "mail_password",
            f"{path} holds more than ASCII, which SMTP cannot carry",
            "choose another password",
        ) from error
    if not password.isprintable() or not 0 < len(password) <= LONGEST_PASSWORD:
        raise ConfigurationError("mail_password", f"{path} is not one line with a password")
    return password


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host == "localhost"
