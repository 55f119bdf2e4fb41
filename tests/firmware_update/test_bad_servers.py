"""Servers that stall, never end or speak something else, and a full disk: each ends in an error."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware_update.kit import Client, Publisher, Quiet, refused, release, web_server


class Stalls(Quiet):
    """Sends half of an answer's first line, and then nothing."""

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.0 2")
        self.wfile.flush()
        with contextlib.suppress(OSError):
            self.rfile.read()  # until the client goes


class TricklesHeader(Quiet):
    """A byte of an endless header line now and then: never silent for long."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
            while True:
                self.wfile.write(b"x")
                time.sleep(0.05)


class TricklesBody(Quiet):
    """The same with the content."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
            while True:
                self.wfile.write(b" ")
                time.sleep(0.05)


class Endless(Quiet):
    """As many bytes as are taken."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
            while True:
                self.wfile.write(b" " * 65_536)


class Redirects(Quiet):
    """Leads elsewhere."""

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")


class NoHttp(Quiet):
    """Speaks something else."""

    def do_GET(self) -> None:
        self.wfile.write(b"220 mail ready\r\n")


class OnlyTheTarget(Quiet):
    """Good metadata; `bad` answers for the archive."""

    bad: type[Quiet]

    def do_GET(self) -> None:
        if self.path.startswith("/targets/"):
            self.bad.do_GET(self)
        else:
            super().do_GET()


@pytest.mark.parametrize("part", ["metadata", "archive"])
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (Stalls, "update_stalled"),
        (TricklesHeader, "update_stalled"),
        (TricklesBody, "update_stalled"),
        (Endless, "update_too_long"),
        (Redirects, "update_unreachable"),
        (NoHttp, "update_unreachable"),
    ],
)
def test_a_bad_server_ends_in_an_error(
    publisher: Publisher, client: Client, bad: type[Quiet], code: str, part: str
) -> None:
    publisher.offer(release("0.2.0"))
    handler = bad if part == "metadata" else type("Bad", (OnlyTheTarget,), {"bad": bad})
    client.stall_seconds, client.total_seconds = 0.5, 1.5
    with web_server(publisher.served, handler) as url:
        assert refused(client, url) == code


def test_nobody_at_the_address_is_said(client: Client) -> None:
    assert refused(client, "http://127.0.0.1:1") == "update_unreachable"
    assert refused(client, "http://name.invalid") == "update_unreachable"


def test_a_release_larger_than_this_device_takes_is_not_begun(
    publisher: Publisher, url: str, client: Client
) -> None:
    publisher.offer(release("0.2.0"))
    client.largest_bytes = 100
    assert refused(client, url) == "update_too_long"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 1 MB; needs root."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("a filesystem of its own cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_too_small_is_said_before_the_download(
    publisher: Publisher, url: str, client: Client, small_disk: Path
) -> None:
    (publisher.folder / "source" / "agent" / "noise.bin").write_bytes(os.urandom(700_000))
    publisher.offer(release("0.2.0"))
    client.folder = small_disk / "client"
    assert refused(client, url) == "update_disk_full"


def test_a_disk_that_fills_up_during_the_download_is_said(
    publisher: Publisher, client: Client, small_disk: Path
) -> None:
    class FillsTheDisk(Quiet):
        def do_GET(self) -> None:
            if self.path.startswith("/targets/"):
                with contextlib.suppress(OSError), (small_disk / "other").open("wb") as file:
                    while True:
                        file.write(b"x" * 4_096)
                        file.flush()
            super().do_GET()

    (publisher.folder / "source" / "agent" / "noise.bin").write_bytes(os.urandom(100_000))
    publisher.offer(release("0.2.0"))
    client.folder = small_disk / "client"
    with web_server(publisher.served, FillsTheDisk) as url:
        assert refused(client, url) == "update_disk_full"
    (small_disk / "other").unlink()
    with web_server(publisher.served) as url:
        assert client.fetch(url).is_new  # and it goes on where there is room again
