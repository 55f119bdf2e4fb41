from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509

from agent.committing.keys import create_device_keys
from agent.committing.trust import load_trust
from agent.plumbing.errors import ConfigurationError, TrustError
from order_backend.cli import main
from order_backend.folder import alone, write_file
from order_backend.provisioning import admit, create_shop, write_revocations
from order_backend.receipts import delivery_date
from tests.committing.kit import CATALOGUE_FILE, DEVICE, Bench

NOW = datetime.now(UTC)


def refused(bench: Bench, device_id: str, requests: bytes) -> str:
    with pytest.raises(TrustError) as caught:
        admit(bench.folder, device_id, requests, now=NOW)
    return caught.value.code


def test_an_admission_needs_two_own_requests_for_that_name(bench: Bench, tmp_path: Path) -> None:
    requests = create_device_keys(tmp_path / "d2", "device-2")
    assert refused(bench, "device-3", requests) == "admission_request"
    for wrong in (b"", b"junk", requests * 2, requests[:-100]):
        assert refused(bench, "device-2", wrong) == "admission_request"
    one = requests[: requests.index(b"-----BEGIN", 10)]
    assert refused(bench, "device-2", one) == "admission_request"
    assert refused(bench, "device-2", one + one) == "admission_request"  # one key for both
    assert admit(bench.folder, "device-2", requests, now=NOW).trust == load_trust(
        tmp_path / "keys" / "trust.json"
    )


@pytest.mark.parametrize("device_id", ["backend-1", "backend-7", "a/b", "+", "#", ""])
def test_a_device_cannot_be_called_what_would_give_it_other_rights(bench: Bench, device_id: str) -> None:
    assert refused(bench, device_id, b"") == "admission_device_id"


def test_a_shop_is_not_founded_over_another(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        create_shop(bench.folder.path, shop_name="x", environment="test", catalogue=CATALOGUE_FILE, now=NOW)
    assert caught.value.code == "shop_exists"


def test_private_files_are_the_owners_alone(bench: Bench, database: str) -> None:
    private = [path for path in bench.folder.path.rglob("*") if path.suffix in (".key", ".pem", ".db")]
    assert len(private) == 3 + 6 + (database == "")
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


def test_the_command_line_founds_admits_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop, keys = str(tmp_path / "shop"), tmp_path / "keys"
    catalogue = str(CATALOGUE_FILE)
    assert main(["init", shop, "--catalogue", catalogue, "--name", "Corner", "--environment", "demo"]) == 0
    assert main(["init", shop, "--catalogue", catalogue, "--name", "Corner"]) == 1
    assert "shop_exists" in capsys.readouterr().err
    (tmp_path / "requests.pem").write_bytes(create_device_keys(keys, "kitchen"))
    request = str(tmp_path / "requests.pem")
    assert main(["admit", shop, "--device", "kitchen", "--request", request, "--out", str(keys)]) == 0
    assert (keys / "trust.json").exists() and (keys / "mqtt.crt").exists()
    assert main(["orders", shop, "--json"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "[]"
    assert main(["revoke", shop, "--device", "kitchen"]) == 0
    assert main(["revoke", shop, "--device", "attic"]) == 1
    assert main(["orders", str(tmp_path / "absent")]) == 1
    assert "earmark-backend init" in capsys.readouterr().err


def test_a_file_that_several_write_at_once_is_whole(tmp_path: Path) -> None:
    path, contents = tmp_path / "keys" / "agent.pem", [bytes([65 + at]) * 10_000 for at in range(4)]
    with ThreadPoolExecutor(len(contents)) as writers:
        for done in [writers.submit(write_file, path, content) for content in contents * 5]:
            done.result()
    assert path.read_bytes() in contents
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        seen.append([file.name for file in tmp_path.iterdir()])
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write_file(tmp_path / "ca.key", b"a key", private=True)
    [[before], [after]] = seen
    assert before.endswith(".new") and after == "ca.key", "its content first, then its name"


@pytest.mark.parametrize("database", [""])
def test_a_list_of_revocations_that_is_written_last_was_read_last(bench: Bench) -> None:
    with ThreadPoolExecutor(1) as other:
        with alone(bench.folder.revocations_lock):
            writes = other.submit(write_revocations, bench.folder, now=NOW)
            with pytest.raises(TimeoutError):
                writes.result(0.2)
            bench.desk.shop.revoke(DEVICE)
        writes.result()
    listed = x509.load_pem_x509_crl(bench.folder.revocations.read_bytes())
    assert [one.serial_number for one in listed] == bench.desk.shop.revoked_serials() != []


def test_nothing_is_delivered_at_the_weekend() -> None:
    assert delivery_date(date(2026, 11, 19), 2) == date(2026, 11, 23)  # Thursday -> Monday
    assert delivery_date(date(2026, 11, 21), 1) == date(2026, 11, 23)  # Saturday -> Monday
    assert delivery_date(date(2026, 11, 23), 2) == date(2026, 11, 25)
