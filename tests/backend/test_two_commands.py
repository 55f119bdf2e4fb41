"""Two commands at once on one shop's files: what the one wrote is not lost by the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.committing.rotation import PURPOSES
from order_backend import authority_commands, broker_files, replicas, rotations
from order_backend.broker_files import write_access_list
from order_backend.cli import main
from order_backend.folder import ShopFolder, claim
from order_backend.replicas import add_replica, forget_replica
from order_backend.rotations import old_keys, rotate, take_up
from tests.committing.kit import joined_shop

NAMES = [f"backend-{number}" for number in range(2, 8)]


@pytest.fixture
def folder(tmp_path: Path) -> ShopFolder:
    return joined_shop(tmp_path)


def now() -> datetime:
    return datetime.now(UTC)


def all_at_once(*calls: Callable[[], object]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def is_locked(path: Path) -> bool:
    descriptor = claim(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def test_every_order_services_certificate_is_noted_and_every_one_is_let_in(folder: ShopFolder) -> None:
    all_at_once(
        *(
            lambda name=name: (add_replica(folder, name, now=now()), write_access_list(folder))
            for name in NAMES
        )
    )
    noted = msgspec.json.decode(folder.service_certificates.read_bytes())["serials"]
    assert set(NAMES) <= set(noted)
    let_in = (folder.broker / "access.acl").read_text()
    assert all(f"user {name}\n" in let_in for name in NAMES)
    all_at_once(*(partial(forget_replica, folder, name) for name in NAMES))
    left = msgspec.json.decode(folder.service_certificates.read_bytes())
    assert not set(NAMES) & set(left["serials"])
    assert {serial for name in NAMES for serial in noted[name]} <= set(left["revoked"])


def test_one_rotation_is_begun_however_often_it_is_asked_for_at_once(folder: ShopFolder) -> None:
    begun = all_at_once(
        *(lambda purpose=purpose: rotate(folder, purpose, now=now()) for purpose in PURPOSES * 3)
    )
    assert {(one.purpose, one.serial) for one in begun} == {(purpose, 1) for purpose in PURPOSES}
    assert len(rotations.rotations(folder)) == len(PURPOSES)


def test_a_key_is_taken_up_once_and_none_of_now_counts_as_an_old_one(folder: ShopFolder) -> None:
    rotate(folder, "receipts", now=now())
    took = all_at_once(*(partial(take_up, folder) for _ in range(4)))
    assert sorted(took) == [[], [], [], ["receipts"]]
    assert folder.public_key("receipts") not in [old.public for old in old_keys(folder, "receipts")]


def test_whoever_reads_to_write_is_alone(folder: ShopFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the threads above happened to do."""
    seen: list[bool] = []

    def watched(module: Any, name: str, lock: Path) -> None:
        real = getattr(module, name)

        def looks(*arguments: Any, **named: Any) -> Any:
            seen.append(is_locked(lock))
            return real(*arguments, **named)

        monkeypatch.setattr(module, name, looks)

    watched(replicas, "_services", folder.services_lock)
    watched(broker_files, "access_list", folder.services_lock)
    watched(rotations, "rotations", folder.rotations_lock)
    watched(authority_commands, "_step", folder.authority_lock)
    add_replica(folder, "backend-2", now=now())
    write_access_list(folder)
    forget_replica(folder, "backend-2")
    rotate(folder, "time", now=now())
    take_up(folder)
    assert main(["authority", str(folder.path), "move"]) == 1, "there is no successor"
    assert seen == [True] * 6
