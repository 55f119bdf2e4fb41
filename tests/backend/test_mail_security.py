"""A mail goes to the server that is meant, readable by nobody else, or it does not go."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from agent.plumbing.errors import ConfigurationError
from order_backend.cli import main
from order_backend.mailer import checked_settings
from scripts.story.mailbox import Mailbox
from tests.backend.post_office import Authority, Clerk, place, tell, turned, write_mail
from tests.committing.kit import Bench

PASSWORD = "not a secret: a test"


def server_context(authority: Authority, host: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server_files(host))
    return context


class Door:
    """Who may send here."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, str]] = []

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.tried.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


class Office:
    """A mail server that wants TLS and a password, and an order that waits to be told."""

    def __init__(self, bench: Bench, tmp_path: Path) -> None:
        self.bench, self.authority = bench, Authority(tmp_path / "tls")
        self.clerk, self.door = Clerk(), Door()
        password = bench.folder.path / "mail-password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        tell(bench)
        place(bench)

    def opened(self, context: ssl.SSLContext) -> Mailbox:
        return Mailbox(
            self.clerk,
            tls_context=context,
            require_starttls=True,
            authenticator=self.door,
            auth_required=True,
        )

    def told(self, port: int, **changes: object) -> tuple[str, int, str]:
        """The notice after one turn."""
        section = {
            "host": "localhost",
            "security": "starttls",
            "ca_file": str(self.authority.file),
            "username": "shop",
            "password_file": "mail-password",
        }
        write_mail(self.bench.folder, port, **(section | changes))
        with turned(self.bench.folder) as by_hand:
            by_hand.turn()
            return by_hand.rows()[0]


@pytest.fixture
def office(bench: Bench, tmp_path: Path) -> Office:
    return Office(bench, tmp_path)


def test_over_starttls_with_the_right_certificate_and_password_it_is_told(office: Office) -> None:
    with office.opened(server_context(office.authority)) as mailbox:
        assert office.told(mailbox.port) == ("sent", 1, "")
        assert office.door.tried == [("shop", PASSWORD)]
        assert main(["mail", str(office.bench.folder.path), "--check"]) == 0
        assert len(mailbox.mails()) == 1, "a check sends nothing"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("trusted", [True, False])
def test_tls_from_the_first_byte_is_checked_in_the_same_way(
    office: Office, tmp_path: Path, trusted: bool
) -> None:
    authority = office.authority if trusted else Authority(tmp_path / "tls", "stranger")
    with Mailbox(
        office.clerk,
        ssl_context=server_context(authority),
        authenticator=office.door,
        auth_required=True,
        auth_require_tls=False,  # aiosmtpd means STARTTLS by it
    ) as mailbox:
        told = office.told(mailbox.port, security="tls")
        assert told == (("sent", 1, "") if trusted else ("due", 1, "mail_tls"))
        assert len(mailbox.mails()) == len(office.door.tried) == trusted


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("fault", ["another authority", "another host", "old protocol", "not the system's"])
def test_a_server_that_is_not_the_one_meant_gets_neither_mail_nor_password(
    office: Office, tmp_path: Path, fault: str
) -> None:
    context = server_context(office.authority)
    changes: dict[str, object] = {}
    match fault:
        case "another authority":
            context = server_context(Authority(tmp_path / "tls", "stranger"))
        case "another host":
            context = server_context(office.authority, "elsewhere.example")
        case "old protocol":
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        case _:
            changes["ca_file"] = ""
    with office.opened(context) as mailbox:
        state, attempts, reason = office.told(mailbox.port, **changes)
        assert (state, attempts) == ("due", 1)
        assert reason == "mail_tls" or (fault == "old protocol" and reason == "mail_unreachable")  # reset
        assert mailbox.mails() == [] and office.clerk.commands == [] and office.door.tried == []


def test_a_server_without_starttls_gets_nothing_in_clear(office: Office) -> None:
    with Mailbox(office.clerk, auth_require_tls=False, authenticator=office.door) as mailbox:
        assert office.told(mailbox.port) == ("due", 1, "mail_tls")
        assert mailbox.mails() == [] and office.clerk.commands == [] and office.door.tried == []


def test_a_wrong_password_is_named_and_nothing_fails_for_good(office: Office) -> None:
    (office.bench.folder.path / "mail-password").write_text("wrong\n")
    with office.opened(server_context(office.authority)) as mailbox:
        assert office.told(mailbox.port) == ("due", 1, "mail_login")


@pytest.mark.parametrize("host", ["192.0.2.1", "mail.example.org", "localhost.example.org", "10.0.0.1"])
def test_without_tls_only_this_machine_is_accepted(
    bench: Bench, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    write_mail(bench.folder, 25, host=host)
    assert main(["mail", str(bench.folder.path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "mail_insecure" in line and "starttls" in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_without_tls_this_machine_is_accepted(bench: Bench, host: str) -> None:
    write_mail(bench.folder, 25, host=host)
    assert checked_settings(bench.folder).host == host


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_password_that_others_can_read_is_refused(office: Office, mode: int) -> None:
    (office.bench.folder.path / "mail-password").chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        office.told(25)
    assert caught.value.code == "mail_password" and "chmod 600" in caught.value.next_step


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "shop"}, "mail_password"),
        ({"username": "shop", "password_file": "absent"}, "mail_password"),
        ({"username": "żółw", "password_file": "absent"}, "mail_password"),
        ({"sender": "a@b.example\nBcc: x@y.example"}, "mail_sender"),
        ({"sender": "shop"}, "mail_sender"),
        ({"host": ".."}, "mail_host"),
        ({"host": "a b"}, "mail_host"),
        ({"host": ""}, "mail_host"),
        ({"host": "a" * 70}, "mail_host"),
        ({"host": ".example"}, "mail_host"),
        ({"port": 0}, "shop_invalid"),
        ({"security": "ssl"}, "shop_invalid"),
        ({"contact": ""}, "shop_invalid"),
        ({"passwort": "x"}, "shop_invalid"),
    ],
)
def test_a_section_that_cannot_be_used_is_refused_with_its_code(
    bench: Bench, changes: dict[str, object], code: str
) -> None:
    write_mail(bench.folder, **{"port": 25, **changes})
    with pytest.raises(ConfigurationError) as caught:
        checked_settings(bench.folder)
    assert caught.value.code == code


def test_without_the_section_the_command_says_what_to_write(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "mail" in json.loads(bench.folder.config_file.read_bytes())
    assert main(["mail", str(bench.folder.path)]) == 1
    assert "mail_missing" in capsys.readouterr().err
