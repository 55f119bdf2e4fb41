"""docs/provisioning.md, typed as it stands, from an empty folder to a device that the broker accepts."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from order_backend.broker import free_port
from scripts.story.mailbox import Mailbox
from tests.backend.post_office import Authority
from tests.project import markdown
from tests.project.markdown import ROOT

PORT_ON_THE_PAGE = "18883"
SERVICES = (
    "earmark-backend broker shop",
    "earmark-backend run shop",
    "earmark-backend run shop --as backend-2",
    "earmark-backend mail shop",
    "earmark-backend enrol shop",
)
READY = ("broker on", "serving", "sending through", "enrolling on")
PASSWORD = "typed by the test"
NEEDS_A_MICROPHONE = ("run", "enrol", "people", "orders")
CATALOGUE = "order_backend/catalogues/corner_shop.json"
PATIENCE_SECONDS = 240


class Folder:
    """The folder in which a reader types the page's commands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.port = str(free_port())
        programs = Path(sys.executable).parent
        self._environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        self._services: dict[str, subprocess.Popen[bytes]] = {}

    def type(self, line: str, asked: str = PASSWORD) -> str:
        """One line of the page; what it printed. Services go on in the background. `asked` is what is typed
        where it asks for something."""
        line = line.replace(PORT_ON_THE_PAGE, self.port).replace("CATALOGUE", str(ROOT / CATALOGUE))
        if line in SERVICES:
            self.start(line)
            return ""
        done = subprocess.run(
            ["bash", "-ec", line],
            cwd=self.path,
            env=self._environment,
            input=f"{asked}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        asks_the_doctor = line.endswith(" doctor")  # which finds no microphone on a machine without one
        assert done.returncode == 0 or asks_the_doctor, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, line: str) -> None:
        """A service of the page."""
        log = self.path / "service.log"
        with log.open("wb") as output:
            self._services[line] = subprocess.Popen(
                line.split(), cwd=self.path, env=self._environment, stdout=output, stderr=output
            )
        until = time.monotonic() + PATIENCE_SECONDS
        while not any(word in log.read_text("utf-8") for word in READY):
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)

    def restart(self, line: str) -> None:
        self.stop(line)
        self.start(line)

    def stop(self, line: str) -> None:
        service = self._services.pop(line)
        service.terminate()
        service.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        for line in list(self._services):
            self.stop(line)

    def broker(self) -> str:
        """What the doctor says about the broker."""
        found = self.type("earmark -s shelf/earmark.toml doctor")
        return next(line for line in found.splitlines() if "broker:" in line)


def _lines() -> list[str]:
    text = (ROOT / "docs/provisioning.md").read_text("utf-8")
    return [line for block in markdown.blocks(text) if block.kind == "sh" for line in block.text.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """Where everything up to the doctor has been typed."""
    folder = Folder(tmp_path_factory.mktemp("provisioning"))
    lines = _lines()
    try:
        for line in lines[: lines.index("earmark -s shelf/earmark.toml doctor")]:
            folder.type(line)
        yield folder
    finally:
        folder.close()


def test_the_doctor_finds_device_and_broker_well(folder: Folder) -> None:
    found = folder.type("earmark -s shelf/earmark.toml doctor")
    assert "ok  catalogue: version 1, 20 products" in found
    assert "ok  keys: admitted by Corner Shop (test)" in found
    assert f"ok  broker: localhost:{folder.port} answers with TLS 1.3 and accepts this device" in found


def test_the_doctor_tries_every_broker_of_the_settings(folder: Folder) -> None:
    settings = (folder.path / "shelf" / "earmark.toml").read_text("utf-8")
    two = folder.path / "shelf" / "two-brokers.toml"
    two.write_text(settings.replace("[broker]\n", '[broker]\nalso = ["localhost:1"]\n'), "utf-8")
    found = folder.type("earmark -s shelf/two-brokers.toml doctor")
    assert f"ok  broker: localhost:{folder.port} answers with TLS 1.3 and accepts this device" in found
    assert "note  broker: localhost:1: broker_not_listening" in found


def test_the_owner_is_told_as_the_page_says(folder: Folder) -> None:
    authority = Authority(folder.path / "mail-authority")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server_files("localhost"))

    def lets_in(_server: object, _session: object, _envelope: object, _way: str, who: Any) -> AuthResult:
        known = (who.login, who.password) == (b"corner-shop", PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    login = {"authenticator": lets_in, "auth_required": True, "require_starttls": True}
    with Mailbox(tls_context=context, **login) as mailbox:
        server = {"host": "localhost", "port": mailbox.port, "ca_file": str(authority.file)}
        _write_as_the_page_says(folder.path / "shop/shop.json", server)
        lines = _lines()
        first = next(number for number, line in enumerate(lines) if line.startswith("install"))
        checked = [folder.type(line) for line in lines[first : first + 3]][-1]
        assert f"localhost:{mailbox.port} takes mail from orders@example.org (TLSv1.3)" in checked
        folder.type(lines[first + 3])
        shown = folder.type(lines[first + 4])
        assert shown == "shelf-1  anna@example.org (en)  0 sent, 0 due, 0 failed, 0 dropped\n"
        folder.stop("earmark-backend mail shop")
        assert mailbox.mails() == [], "a check sends nothing"


def _write_as_the_page_says(shop_json: Path, changes: dict[str, object]) -> None:
    """The page's section into shop.json, in the place that it names, for the test's own mail server."""
    text = (ROOT / "docs/provisioning.md").read_text("utf-8")
    [section] = [block.text for block in markdown.blocks(text) if block.kind == "json"]
    before = shop_json.read_text("utf-8")
    assert before.count('"mail": null') == 1
    config = json.loads(before.replace('"mail": null', section))
    config["mail"] |= changes
    shop_json.write_text(json.dumps(config), "utf-8")


def test_a_revoked_device_is_refused_until_it_is_admitted_again(folder: Folder) -> None:
    lines = _lines()
    said = folder.type(next(line for line in lines if line.startswith("earmark-backend revoke")))
    assert "it is not connected, and cannot connect" in said
    assert "tls_client_revoked" in folder.broker()
    folder.type(next(line for line in lines if line.startswith("earmark-backend admit")))
    folder.type("earmark provision shelf --certificate answer/mqtt.crt")
    assert "accepts this device" in folder.broker()


def test_the_shop_is_copied_and_brought_back_as_the_page_says(folder: Folder) -> None:
    lines = _lines()
    for word in ("backup", "restore", "restored"):
        folder.type(next(line for line in lines if line.startswith(f"earmark-backend {word} ")))
    assert (folder.path / "shop-copy").stat().st_size > 0
    assert (folder.path / "shop-back" / "shop.db").exists()


def test_a_second_order_service_runs_beside_the_first_as_the_page_says(folder: Folder) -> None:
    lines = _lines()
    folder.type(next(line for line in lines if line.startswith("earmark-backend replica")))
    folder.type(next(line for line in lines if line.endswith("--as backend-2")))
    says = folder.type(next(line for line in lines if line.startswith("earmark-backend clock")))
    assert "0 s behind" in says
    said = folder.type(next(line for line in lines if line.endswith("backend-2 --revoke")))
    assert "it is not connected, and cannot connect" in said
    folder.stop("earmark-backend run shop --as backend-2")


def test_a_device_enrols_itself_as_the_page_says(folder: Folder) -> None:
    lines = _lines()
    folder.type(next(line for line in lines if line.startswith("earmark-backend enrol")))
    printed = folder.type(next(line for line in lines if line.startswith("earmark-backend claim")))
    code = printed.splitlines()[0].rpartition(": ")[2]
    said = folder.type(next(line for line in lines if "--claim" in line), asked=code)
    assert "Corner Shop (test) knows the code: this device is shelf-2" in said
    found = folder.type("earmark -s shelf-2/earmark.toml doctor")
    assert "accepts this device" in found
    folder.stop("earmark-backend enrol shop")


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl, to renew certificates with")
def test_the_brokers_certificate_is_renewed_as_the_page_says(folder: Folder) -> None:
    before = (folder.path / "shop/broker/broker.crt").read_bytes()
    lines = _lines()
    first = next(number for number, line in enumerate(lines) if line.startswith("openssl"))
    for line in lines[first : first + 3]:
        folder.type(line)
    assert (folder.path / "shop/broker/broker.crt").read_bytes() != before
    folder.restart("earmark-backend broker shop")
    assert "accepts this device" in folder.broker()


def test_the_authority_gets_a_successor_as_the_page_says(folder: Folder) -> None:
    lines = _lines()
    first = next(number for number, line in enumerate(lines) if line.startswith("earmark-backend authority"))
    assert "next: nothing until" in folder.type(lines[first])
    assert "announced as list 1" in folder.type(lines[first + 1])
    assert "accepts this device" in folder.broker()


def test_a_key_is_made_that_is_to_follow_as_the_page_says(folder: Folder) -> None:
    lines = [line for line in _lines() if " keys " in line]
    assert [line.split()[3:] for line in lines[:2]] == [["keys", "renew"], ["keys", "show"]]
    assert "the device asks the shop" in folder.type(lines[0])
    signs, follows = folder.type(lines[1]).splitlines()
    assert signs.endswith("signs (file)") and follows.endswith("is to follow; no yes of the shop yet")
    known = folder.type(next(line for line in _lines() if line.startswith("earmark-backend keys")))
    assert known == f"shelf-1  {signs.split()[0]}  signs\n"


def test_every_line_of_the_page_is_tried_here_or_needs_a_microphone() -> None:
    tried = ("earmark-backend", "earmark provision", "python -c", "openssl", "mv new.crt", "install -m")
    rest = [
        line
        for line in _lines()
        if not line.startswith(tried) and not line.endswith((" doctor", " keys renew", " keys show"))
    ]
    assert rest
    assert all(line.split()[3] in NEEDS_A_MICROPHONE for line in rest)
