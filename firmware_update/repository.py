"""The publisher's side: keys, and a TUF repository as a folder that any web server can hand out.

The Update Framework specification 1.0 with consistent snapshots. Files are written so that a client always
sees a complete state: the target first, the timestamp that points at it last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.exceptions import StorageError
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from agent.plumbing import durable
from agent.plumbing.errors import UpdateError
from firmware_update.fetchers import METADATA, TARGETS
from firmware_update.releases import Release, parse_release, target_path

ROLES = ("root", "targets", "snapshot", "timestamp")

DEFAULT_DAYS: Mapping[str, float] = {"root": 730, "targets": 90, "snapshot": 14, "timestamp": 14}
"""How long signatures hold. Short for the online roles: who is shown an old state notices that soon."""


def create_keys(folder: Path, *, ecdsa: bool = False, only: tuple[str, ...] = ROLES) -> None:
    """One private key a role, owner-only. Raises UpdateError release_keys_exist rather than overwrite one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in only:
        path = folder / f"{role}.pem"
        if path.exists():
            raise UpdateError("release_keys_exist", f"{path} is there already", "name another folder")
        signer = CryptoSigner.generate_ecdsa() if ecdsa else CryptoSigner.generate_ed25519()
        durable.write(path, signer.private_bytes, mode=0o600)


def load_signer(folder: Path, role: str) -> CryptoSigner:
    """Raises UpdateError release_key_missing."""
    path = folder / f"{role}.pem"
    try:
        key: Any = load_pem_private_key(path.read_bytes(), None)
        return CryptoSigner(key)
    except (OSError, ValueError) as error:
        step = "earmark-release keys --help; or bring the folder that holds it"
        raise UpdateError("release_key_missing", f"{path}: {error}", step) from error


@dataclass(frozen=True)
class Repository:
    """`folder` is what the web server hands out; `keys` never goes there. `days` overrides DEFAULT_DAYS."""

    folder: Path
    keys: Path
    now: datetime
    days: Mapping[str, float] = field(default_factory=dict)

    @property
    def _metadata(self) -> Path:
        return self.folder / METADATA

    def found(self) -> Path:
        """Makes the repository; gives the root that devices are to pin.

        Raises UpdateError release_repository_exists.
        """
        if self._metadata.exists():
            raise UpdateError(
                "release_repository_exists", f"{self._metadata} is there already", "name another folder"
            )
        self._metadata.mkdir(parents=True)
        (self.folder / TARGETS).mkdir()
        root = Root(1, expires=self._expires("root"))
        for role in ROLES:
            root.add_key(load_signer(self.keys, role).public_key, role)
        pinned = self._write_root(root, load_signer(self.keys, "root"))
        targets = Targets(1, expires=self._expires("targets"))
        self._sign("targets", targets, "1.targets.json")
        self._publish(targets.version, 1, 1)
        return pinned

    def sign_release(self, archive: bytes, release: Release) -> str:
        """Offers `archive` to all devices of its hardware; gives the path of the target."""
        path = target_path(release.hardware)
        sha256 = hashlib.sha256(archive).hexdigest()
        held = self.folder / TARGETS / release.hardware / f"{sha256}.{path.rpartition('/')[2]}"
        held.parent.mkdir(parents=True, exist_ok=True)
        durable.write(held, archive)
        targets = self._read("targets")
        custom = {"custom": msgspec.to_builtins(release)}
        targets.targets[path] = TargetFile(len(archive), {"sha256": sha256}, path, custom)
        self._renew_targets(targets)
        return path

    def withdraw(self, hardware: str) -> None:
        """Offers nothing to that hardware any more. Devices that have the release keep it. Raises UpdateError
        release_none."""
        targets = self._read("targets")
        if targets.targets.pop(target_path(hardware), None) is None:
            raise UpdateError(
                "release_none", f"nothing is offered to {hardware!r}", "earmark-release show REPO"
            )
        self._renew_targets(targets)

    def renew(self) -> None:
        """Signs snapshot and timestamp again, so that nothing expires meanwhile, and targets when due."""
        targets = self._read("targets")
        if targets.expires - self.now < timedelta(days=self._days("targets")) / 2:
            self._renew_targets(targets)
        else:
            self._publish_next(targets.version)

    def rotate(self, role: str, old_root: CryptoSigner) -> None:
        """Trusts the key of `role` that now stands in `keys`, and no other. `old_root`: the root key so far.

        A device follows because the new root is signed by the old root key and the new one.
        """
        root = self._read("root")
        for keyid in list(root.roles[role].keyids):
            root.revoke_key(keyid, role)
        root.add_key(load_signer(self.keys, role).public_key, role)
        root.version += 1
        root.expires = self._expires("root")
        self._write_root(root, old_root, load_signer(self.keys, "root"))
        if role != "root":
            self._renew_targets(self._read("targets"))

    def offered(self) -> dict[str, Release]:
        """The newest release by target path."""
        targets = self._read("targets")
        return {path: parse_release(target.custom) for path, target in targets.targets.items()}

    def _renew_targets(self, targets: Targets) -> None:
        targets.version += 1
        targets.expires = self._expires("targets")
        self._sign("targets", targets, f"{targets.version}.targets.json")
        self._publish_next(targets.version)

    def _publish(self, targets: int, snapshot: int, timestamp: int) -> None:
        """New metadata of the online roles, by version."""
        of_snapshot = Snapshot(
            snapshot, expires=self._expires("snapshot"), meta={"targets.json": MetaFile(targets)}
        )
        self._sign("snapshot", of_snapshot, f"{snapshot}.snapshot.json")
        of_timestamp = Timestamp(
            timestamp, expires=self._expires("timestamp"), snapshot_meta=MetaFile(snapshot)
        )
        self._sign("timestamp", of_timestamp, "timestamp.json")

    def _publish_next(self, targets: int) -> None:
        snapshot, timestamp = self._read("snapshot"), self._read("timestamp")
        self._publish(targets, snapshot.version + 1, timestamp.version + 1)

    def _sign(self, role: str, signed: Any, name: str) -> None:
        metadata = Metadata(signed)
        metadata.sign(load_signer(self.keys, role))
        self._hand_out(name, metadata.to_bytes())

    def _write_root(self, root: Root, *signers: CryptoSigner) -> Path:
        metadata = Metadata(root)
        for signer in signers:
            metadata.sign(signer, append=True)
        return self._hand_out(f"{root.version}.root.json", metadata.to_bytes())

    def _hand_out(self, name: str, content: bytes) -> Path:
        path = self._metadata / name
        durable.write(path, content)
        return path

    def _read(self, role: str) -> Any:
        """The newest of that role. Raises UpdateError release_repository_missing."""
        names = (path.name.removesuffix(f"{role}.json") for path in self._metadata.glob(f"*{role}.json"))
        newest = max((int(name.strip(".") or 0) for name in names), default=0)  # the timestamp has no number
        path = self._metadata / (f"{newest}.{role}.json" if newest else f"{role}.json")
        try:
            return Metadata.from_file(str(path)).signed
        except StorageError as error:
            raise UpdateError(
                "release_repository_missing",
                f"no {role} below {self._metadata}",
                "earmark-release found --help",
            ) from error

    def _days(self, role: str) -> float:
        return self.days.get(role, DEFAULT_DAYS[role])

    def _expires(self, role: str) -> datetime:
        return (self.now + timedelta(days=self._days(role))).replace(microsecond=0)
