from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from agent.committing.keys import MQTT_KEY, SIGNING_KEY, FileKeyStore, create_device_keys, read_private
from agent.committing.trust import load_trust, parse_trust
from agent.plumbing.errors import TrustError
from tests.committing.kit import Bench


def test_keys_are_owner_only_and_two(tmp_path: Path) -> None:
    create_device_keys(tmp_path / "keys", "device-1")
    files = [tmp_path / "keys" / name for name in (SIGNING_KEY, MQTT_KEY)]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert files[0].read_bytes() != files[1].read_bytes()


def test_what_leaves_the_device_are_requests_without_a_private_key(tmp_path: Path) -> None:
    pem = create_device_keys(tmp_path, "device-1")
    assert pem.count(b"BEGIN CERTIFICATE REQUEST") == 2 and b"PRIVATE" not in pem
    request = x509.load_pem_x509_csr(pem)
    assert request.is_signature_valid and request.subject.rfc4514_string() == "CN=device-1"


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    FileKeyStore.create(tmp_path)
    (tmp_path / SIGNING_KEY).chmod(0o640)
    with pytest.raises(TrustError) as caught:
        FileKeyStore.load(tmp_path)
    assert caught.value.code == "key_readable_by_others"
    assert caught.value.next_step.startswith("chmod 600 ")


def test_a_key_is_never_overwritten_and_a_link_is_not_followed(tmp_path: Path) -> None:
    first = FileKeyStore.create(tmp_path)
    with pytest.raises(TrustError) as caught:
        FileKeyStore.create(tmp_path)
    assert caught.value.code == "key_exists"
    assert FileKeyStore.load(tmp_path).device_kid == first.device_kid
    (tmp_path / "link.pem").symlink_to(tmp_path / SIGNING_KEY)
    with pytest.raises(TrustError) as caught:
        read_private(tmp_path / "link.pem")
    assert caught.value.code == "key_missing"


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_damaged_key_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TrustError) as caught:
        FileKeyStore(content)
    assert caught.value.code == "key_unusable"


def test_a_device_id_that_could_escape_its_topic_gets_no_keys(tmp_path: Path) -> None:
    for device_id in ("", "a/b", "+", "#", "a b", "-a", "x" * 65):
        with pytest.raises(ValueError, match="device id"):
            create_device_keys(tmp_path / "keys", device_id)


def test_trust_refuses_what_it_does_not_know(bench: Bench, tmp_path: Path) -> None:
    data = bench.trust.to_bytes()
    assert parse_trust(data) == bench.trust
    x = bench.trust.shop_agent.x.encode()
    wrong_x = (b"A" if x[:1] != b"A" else b"B") + x[1:]
    for broken, code in (
        (data.replace(b'"shop_id"', b'"shop"'), "trust_invalid"),
        (data.replace(b'"schema_version": 1', b'"schema_version": 2'), "trust_newer"),
        (data.replace(x, wrong_x), "key_unusable"),
        (data[:100], "trust_invalid"),
        (b"\xff", "trust_invalid"),
    ):
        with pytest.raises(TrustError) as caught:
            parse_trust(broken)
        assert caught.value.code == code
    with pytest.raises(TrustError) as caught:
        load_trust(tmp_path / "absent.json")
    assert caught.value.code == "trust_missing"
