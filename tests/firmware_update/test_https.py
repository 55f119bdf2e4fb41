"""A repository over real HTTPS: who it is and how it speaks is checked, and a refusal touches nothing."""

from __future__ import annotations

import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.plumbing.errors import UpdateError
from firmware_update.archive import build_archive
from firmware_update.slots import Slots
from firmware_update.updater import Updater
from order_backend.certificates import authority, certificate_pem, new_key, private_pem, server_certificate
from tests.firmware_update import kit
from tests.firmware_update.kit import ROOT, Client, Publisher, device, digest, refused, release, web_server

Adjust = Callable[[ssl.SSLContext], None]
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Authority:
    """A certificate authority; `pem` is its file."""

    def __init__(self, pem: Path) -> None:
        self._key = new_key()
        self._certificate = authority("test", self._key, now=NOW - 90 * DAY)
        self.pem = pem
        pem.write_bytes(certificate_pem(self._certificate))

    def server(self, host: str = "127.0.0.1", *, since: datetime = NOW, days: int = 30) -> Path:
        """A file with a server's certificate and key."""
        key = new_key()
        found = server_certificate(
            [host], key.public_key(), self._certificate, self._key, now=since, days=days
        )
        path = self.pem.with_name("server.pem")
        path.write_bytes(certificate_pem(found) + private_pem(key))
        return path


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority that this process trusts, and no other."""
    ours = Authority(tmp_path / "ours.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.pem))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nothing"))
    return ours


def https_server(
    folder: Path, certificate: Path, adjust: Adjust = lambda _: None
) -> AbstractContextManager[str]:
    """Its address; as `kit.web_server`, with TLS that `adjust` may change."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    adjust(context)
    return web_server(folder, tls=context)


@pytest.fixture
def slots(tmp_path: Path, publisher: Publisher) -> Slots:
    """A device that runs 0.1.0 while 0.2.0 is offered."""
    slots = Slots(tmp_path / "slots", kit.MODELS)
    kit.found(slots, build_archive(publisher.folder / "source", release("0.1.0")))
    publisher.offer(release("0.2.0"))
    return slots


def refusal(slots: Slots, client: Client, url: str) -> str:
    """What the refusal says; the device is as before."""
    before = digest(slots.folder)
    with pytest.raises(UpdateError) as caught:
        client.fetch(url)
    assert caught.value.code == refused(client, url) == "update_unreachable"
    assert digest(slots.folder) == before
    assert slots.running().release == release("0.1.0")
    return caught.value.detail


def old_tls(context: ssl.SSLContext) -> None:
    """No more than TLS 1.1, and what OpenSSL needs to speak that at all."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def tls_1_2(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("adjust", [lambda _: None, tls_1_2])
def test_a_repository_whose_certificate_holds_is_taken(
    publisher: Publisher, client: Client, ours: Authority, slots: Slots, adjust: Adjust
) -> None:
    with https_server(publisher.served, ours.server(), adjust) as url:
        fetched = client.fetch(url)
    assert fetched.is_new
    slots.install(client.archive, fetched.sha256, fetched.release, largest_bytes=kit.LARGEST)
    assert slots.state().slots["b"].release == release("0.2.0")


def test_another_authority_is_refused(
    publisher: Publisher, client: Client, ours: Authority, slots: Slots, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other" / "other.pem")
    with https_server(publisher.served, other.server()) as url:
        assert "certificate verify failed" in refusal(slots, client, url)
    with https_server(publisher.served, ours.server()) as url:
        assert client.fetch(url).is_new, "and the next check succeeds"


def test_another_host_name_is_refused(
    publisher: Publisher, client: Client, ours: Authority, slots: Slots
) -> None:
    with https_server(publisher.served, ours.server("elsewhere.example")) as url:
        assert "mismatch" in refusal(slots, client, url)


@pytest.mark.parametrize(
    ("since", "reason"), [(NOW - 30 * DAY, "certificate has expired"), (NOW + 5 * DAY, "not yet valid")]
)
def test_a_certificate_that_is_over_or_to_come_is_refused(
    publisher: Publisher, client: Client, ours: Authority, slots: Slots, since: datetime, reason: str
) -> None:
    with https_server(publisher.served, ours.server(since=since, days=10)) as url:
        assert reason in refusal(slots, client, url)


def test_a_server_that_only_speaks_tls_1_1_is_refused(
    publisher: Publisher, client: Client, ours: Authority, slots: Slots
) -> None:
    with https_server(publisher.served, ours.server(), old_tls) as url:
        lenient = ssl.create_default_context()
        lenient.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            lenient.minimum_version = ssl.TLSVersion.TLSv1
        assert spoken(url, lenient) == "TLSv1.1", "it does speak to whoever takes that"
        detail = refusal(slots, client, url).lower()
        assert "version" in detail or "protocol" in detail


def spoken(url: str, context: ssl.SSLContext) -> str | None:
    """The version of TLS that both agree on."""
    import socket

    host, _, port = url.removeprefix("https://").partition(":")
    with (
        socket.create_connection((host, int(port)), timeout=240) as plain,
        context.wrap_socket(plain, server_hostname=host) as tls,
    ):
        return tls.version()


def test_plain_http_at_an_https_address_and_the_reverse_are_refused(
    publisher: Publisher, client: Client, ours: Authority, slots: Slots, url: str
) -> None:
    assert refusal(slots, client, url.replace("http:", "https:"))
    with https_server(publisher.served, ours.server()) as secure:
        assert refusal(slots, client, secure.replace("https:", "http:"))


def test_the_confined_process_checks_it_as_well_and_the_device_runs_on(
    publisher: Publisher, ours: Authority, tmp_path: Path
) -> None:
    """It is given no SSL_CERT_FILE, so what it trusts is the system's: not our test's authority."""
    publisher.offer(release("0.2.0"))
    with https_server(publisher.served, ours.server()) as url:
        settings = device(tmp_path / "device", publisher, url)
        slots = Slots(tmp_path / "device" / "var" / "slots", kit.MODELS)
        kit.found(slots, build_archive(publisher.folder / "source", release("0.1.0")))
        before = digest(slots.path("a"))
        with pytest.raises(UpdateError) as caught:
            Updater(settings).check(now_s=kit.NOW_S)
        assert caught.value.code == "update_unreachable"
        assert "certificate verify failed" in caught.value.detail
    assert digest(slots.path("a")) == before and slots.device() == slots.path("a")
    assert slots.running().release == release("0.1.0")


@pytest.mark.skipif(
    not any(Path(place).exists() for place in ("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")),
    reason="this system has no certificate authorities (apt install ca-certificates)",
)
def test_the_confined_process_can_read_the_systems_authorities(publisher: Publisher, tmp_path: Path) -> None:
    settings = device(tmp_path / "device", publisher, "https://127.0.0.1:1")
    count = "import ssl; c = ssl.create_default_context(); print(len(c.get_ca_certs()))"
    command = [sys.executable, "-m", "agent.plumbing.launcher", "--profile", "updater"]
    command += ["--settings", str(settings), "--", sys.executable, "-c", count]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
