"""The download against a real repository over HTTP: what is taken, and everything that is not."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.errors import UpdateError
from firmware_update.releases import Floor, MetadataVersions, Release
from firmware_update.repository import create_keys, load_signer
from tests.firmware_update.kit import NOW_S, Client, Publisher, Quiet, release, web_server


def refused(client: Client, url: str, *, now_s: int | None = None) -> str:
    """The code with which the fetch ends; nothing that could be installed is left."""
    with pytest.raises(UpdateError) as caught:
        client.fetch(url, now_s=now_s)
    assert caught.value.detail and caught.value.next_step
    assert client.leftovers() == []
    return caught.value.code


def test_a_signed_release_is_fetched_whole(publisher: Publisher, url: str, client: Client) -> None:
    archive = publisher.offer(release("0.2.0"))
    fetched = client.fetch(url)
    assert fetched.is_new and fetched.release == release("0.2.0")
    assert client.archive.read_bytes() == archive and client.leftovers() == [client.archive.name]


def test_the_release_that_runs_is_not_fetched_again(publisher: Publisher, url: str, client: Client) -> None:
    publisher.offer(release("0.2.0"))
    client.running = release("0.2.0")
    assert not client.fetch(url).is_new
    assert client.leftovers() == []


def test_an_altered_archive_is_refused(publisher: Publisher, url: str, client: Client) -> None:
    publisher.offer(release("0.2.0"))
    held = publisher.offered_file()
    content = bytearray(held.read_bytes())
    content[len(content) // 2] ^= 1
    held.write_bytes(content)
    assert refused(client, url) == "update_tampered"


@pytest.mark.parametrize("role", ["timestamp", "2.snapshot", "2.targets"])
def test_altered_metadata_is_refused(publisher: Publisher, url: str, client: Client, role: str) -> None:
    publisher.offer(release("0.2.0"))
    path = publisher.served / "metadata" / f"{role}.json"
    metadata = json.loads(path.read_text())
    metadata["signed"]["expires"] = "2099-01-01T00:00:00Z"
    path.write_text(json.dumps(metadata))
    assert refused(client, url) == "update_tampered"


def test_a_repository_with_other_keys_is_refused(tmp_path: Path, client: Client) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Publisher(tmp_path / "stranger")
    stranger.offer(release("9.0.0"))
    with web_server(stranger.served) as url:
        assert refused(client, url) == "update_tampered"


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_what_has_expired_is_refused(publisher: Publisher, url: str, client: Client, role: str) -> None:
    if role == "root":
        expired = publisher.repository(root=-1)
        expired.rotate("root", load_signer(publisher.keys, "root"))
    publisher.repository(**{role: -1}).sign_release(b"archive", release("0.2.0"))
    assert refused(client, url) == "update_expired"


def test_an_older_version_is_refused(publisher: Publisher, url: str, client: Client) -> None:
    client.floor = Floor().raised_to(release("0.3.0"))
    publisher.offer(release("0.2.9"))
    assert refused(client, url) == "update_older"


def test_a_higher_version_of_an_older_epoch_is_refused(
    publisher: Publisher, url: str, client: Client
) -> None:
    client.floor = Floor().raised_to(release("0.3.0", epoch=2))
    publisher.offer(release("1.0.0", epoch=1))
    assert refused(client, url) == "update_older"


@pytest.mark.parametrize("cache", ["kept", "deleted"])
def test_an_old_state_of_the_repository_is_refused(
    publisher: Publisher, client: Client, tmp_path: Path, cache: str
) -> None:
    """Signed, not expired, but seen newer: python-tuf forgets with its cache, the floor does not."""
    publisher.offer(release("0.2.0"))
    shutil.copytree(publisher.served, tmp_path / "old")
    publisher.offer(release("0.3.0"))
    with web_server(publisher.served) as url:
        assert client.fetch(url).release.version == "0.3.0"
    client.archive.unlink()
    if cache == "deleted":
        shutil.rmtree(client.metadata)
    with web_server(tmp_path / "old") as url:
        assert refused(client, url) == "update_older"


def test_a_release_for_other_hardware_is_refused(publisher: Publisher, url: str, client: Client) -> None:
    publisher.offer(release("0.2.0", hardware="silo-pi4"))
    assert refused(client, url) == "update_none"
    # offered under this device's name by mistake, or by whoever holds the key of the targets
    targets = publisher.served / "targets"
    (targets / "generic").mkdir()
    signed = publisher.repository()
    metadata = signed._read("targets")
    metadata.targets["generic/earmark.tar.gz"] = metadata.targets["silo-pi4/earmark.tar.gz"]
    signed._renew_targets(metadata)
    assert refused(client, url) == "update_wrong_hardware"


@pytest.mark.parametrize(
    ("floor", "running"),
    [
        (Floor(last_seen_s=NOW_S + 86_400), None),
        (Floor(), release("0.1.0", built_s=NOW_S + 86_400)),
    ],
    ids=["last seen", "build date"],
)
def test_a_clock_that_went_back_is_not_believed(
    publisher: Publisher, url: str, client: Client, floor: Floor, running: Release | None
) -> None:
    publisher.offer(release("0.2.0"))
    client.floor, client.running = floor, running
    assert refused(client, url) == "update_clock_behind"


def test_a_release_from_the_future_is_refused(publisher: Publisher, url: str, client: Client) -> None:
    publisher.offer(release("0.2.0", built_s=NOW_S + 86_400))
    assert refused(client, url) == "update_clock_behind"


def test_a_refused_repository_does_not_move_the_clock_forward(
    publisher: Publisher, url: str, client: Client
) -> None:
    publisher.repository(timestamp=-1).renew()
    assert refused(client, url) == "update_expired"
    assert client.floor == Floor()


def test_what_was_given_up_is_not_fetched_again(publisher: Publisher, url: str, client: Client) -> None:
    publisher.offer(release("0.2.0"))
    client.rejected = (client.fetch(url).sha256,)
    assert refused(client, url) == "update_rejected"


@pytest.mark.parametrize("role", ["root", "timestamp", "targets"])
def test_a_replaced_key_is_followed_and_the_old_one_is_not(
    publisher: Publisher, url: str, client: Client, role: str
) -> None:
    publisher.offer(release("0.2.0"))
    old = load_signer(publisher.keys, "root")
    shutil.copytree(publisher.keys, publisher.folder / "stolen")
    (publisher.keys / f"{role}.pem").unlink()
    create_keys(publisher.keys, only=(role,))
    publisher.repository().rotate(role, old)
    publisher.offer(release("0.3.0"))
    assert client.fetch(url).release.version == "0.3.0"
    client.archive.unlink()
    if role != "root":
        shutil.copy(publisher.folder / "stolen" / f"{role}.pem", publisher.keys)
        publisher.offer(release("0.4.0"))
        assert refused(client, url) == "update_tampered"


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


VERSIONS = st.builds(MetadataVersions, *[st.integers(0, 50)] * 4)


@given(VERSIONS, VERSIONS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_floor_never_goes_down(
    first: MetadataVersions, second: MetadataVersions, one_s: int, other_s: int
) -> None:
    low = Floor().after_check(first, one_s)
    high = low.after_check(second, other_s)
    assert high.last_seen_s >= low.last_seen_s
    for role in first.__struct_fields__:
        assert getattr(high.metadata, role) >= getattr(low.metadata, role)
