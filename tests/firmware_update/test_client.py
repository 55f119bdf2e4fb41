"""The download against a real repository over HTTP: what is taken, and everything that is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_update.releases import Floor, MetadataVersions, Release
from firmware_update.repository import create_keys, load_signer
from tests.firmware_update.kit import NOW_S, Client, Publisher, refused, release, web_server


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
