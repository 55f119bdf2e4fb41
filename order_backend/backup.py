"""A shop in one sealed file, taken while it works, and brought back from it.

In the file: the shop's folder as it is (keys, certificates, settings, price list), and what the database held
at one moment, as SQLite's file whichever database it was: so one shape is tried, and a shop may come back
on the other. Not in it: what a broker makes anew, and mails that are told twice rather than never.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import cast

import msgspec

from agent.plumbing.errors import ConfigurationError
from order_backend.checks import CLOCK_SKEW_S
from order_backend.database import Database, DatabaseError, reason
from order_backend.folder import PURPOSES, ShopConfig, ShopFolder, write_file
from order_backend.provisioning import write_revocations
from order_backend.schema import SCHEMA_VERSION
from order_backend.sealed_file import SealedReader, SealedWriter
from order_backend.shop import Shop

_MANIFEST = "manifest.json"
_DATABASE = "shop.db"
_IN_FOLDER = "folder/"
_MADE_ANEW = ("broker/state", "broker/broker.log", "broker/mosquitto.conf", "broker/access.acl")
_NOT_TAKEN = (".lock", ".new", "shop.db", "shop.db-wal", "shop.db-shm")
_VERSION_TABLE = "schema_version"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is in the file. `snapshot_s`: what the shop has answered since then (Unix seconds of the
    database's clock) is not."""

    snapshot_s: int
    schema: int
    files: dict[str, str]
    rows: dict[str, int]


def back_up(folder: ShopFolder, out: Path, key: bytes) -> Manifest:
    """Writes `out` (mode 0600) and reads it back. The shop may be at work.

    Raises ConfigurationError: backup_exists, backup_write, shop_missing, shop_invalid, shop_database.
    """
    if out.exists():
        raise ConfigurationError("backup_exists", f"there is a file {out} already", "choose another name")
    temporary = out.with_name(out.name + ".new")
    temporary.unlink(missing_ok=True)
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=folder.path) as scratch,
            _private(temporary) as file,
        ):
            sealed = SealedWriter(file, key)
            with tarfile.open(fileobj=cast(io.BufferedIOBase, sealed), mode="w|gz") as tar:
                # The files first: a device that is admitted meanwhile is then in none of both, or in both.
                files = {name: _put_file(tar, path, name) for name, path in _files_of(folder)}
                snapshot_s, rows = _copy_out(folder, Path(scratch) / _DATABASE)
                files[_DATABASE] = _put_file(tar, Path(scratch) / _DATABASE, _DATABASE)
                manifest = Manifest(snapshot_s, SCHEMA_VERSION, files, rows)
                _put(tar, _MANIFEST, msgspec.json.encode(manifest), 0o600)
            sealed.close()
            os.fsync(file.fileno())
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder.path) as scratch:
            if _unpack(temporary, key, Path(scratch)) != manifest:
                raise ConfigurationError("backup_write", f"{out} reads otherwise than it was written")
        temporary.replace(out)
    except OSError as error:
        raise ConfigurationError("backup_write", f"cannot write {out}: {error.strerror}") from error
    except DatabaseError as error:
        raise ConfigurationError("shop_database", reason(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return manifest


def restore(
    folder: ShopFolder,
    archive: Path,
    key: bytes,
    *,
    ended_at_s: int,
    database: str | None = None,
    skew_s: int = CLOCK_SKEW_S,
) -> Manifest:
    """Brings the shop back into an empty place. It then neither places an intent that was signed before
    `ended_at_s` + `skew_s` (the time when the lost shop surely took nothing any more, and as far as a
    device's clock may be ahead), nor says of one that it was not placed, until `Restores.close`.

    `database` instead of the one that it had: '' or a URL. Raises ConfigurationError: backup_sealed,
    backup_invalid, restore_not_empty, shop_invalid, shop_database, shop_key_missing.
    """
    if folder.path.exists() and any(folder.path.iterdir()):
        raise ConfigurationError("restore_not_empty", f"there is something in {folder.path}")
    folder.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=folder.path.parent) as scratch:
            manifest = _unpack(archive, key, Path(scratch))
            made = ShopFolder(Path(scratch) / _IN_FOLDER)
            config = _configure(made, database)
            for purpose in PURPOSES:
                made.signing_key(purpose)
            epoch = manifest.snapshot_s, ended_at_s + skew_s
            _copy_in(Path(scratch) / _DATABASE, config.database or made.path / _DATABASE, manifest, epoch)
            write_revocations(made, now=datetime.now(UTC))
            if folder.path.exists():
                folder.path.rmdir()
            made.path.replace(folder.path)
    except OSError as error:
        raise ConfigurationError("backup_invalid", f"cannot restore {archive}: {error.strerror}") from error
    except (DatabaseError, ValueError) as error:
        raise ConfigurationError("shop_database", reason(error)) from error
    return manifest


def _files_of(folder: ShopFolder) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.path.rglob("*")):
        name = path.relative_to(folder.path).as_posix()
        is_left_out = name.startswith((*_MADE_ANEW, ".backup-")) or name.endswith(_NOT_TAKEN)
        if path.is_file() and not is_left_out:
            yield _IN_FOLDER + name, path


def _put_file(tar: tarfile.TarFile, path: Path, name: str) -> str:
    content = path.read_bytes()
    _put(tar, name, content, path.stat().st_mode & 0o777)
    return hashlib.sha256(content).hexdigest()


def _put(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    tar.addfile(member, io.BytesIO(content))


def _unpack(archive: Path, key: bytes, into: Path) -> Manifest:
    """Raises ConfigurationError backup_sealed, backup_invalid; OSError."""
    found: dict[str, str] = {}
    manifest = None
    with archive.open("rb") as file:
        sealed = SealedReader(file, key)
        try:
            with tarfile.open(fileobj=cast(io.BufferedIOBase, sealed), mode="r|gz") as tar:
                for member in tar:
                    content = _content(tar, member)
                    if member.name == _MANIFEST:
                        manifest = msgspec.json.decode(content, type=Manifest)
                        continue
                    found[member.name] = hashlib.sha256(content).hexdigest()
                    _write(into, PurePosixPath(member.name), content, member.mode)
        except (tarfile.TarError, EOFError, msgspec.DecodeError) as error:
            raise ConfigurationError("backup_invalid", f"{archive}: {error}") from error
        while sealed.read(1 << 16):  # to its mark: else it was cut
            pass
    if manifest is None or found != manifest.files:
        raise ConfigurationError("backup_invalid", f"{archive} lacks a part, or one is another")
    if manifest.schema > SCHEMA_VERSION:
        raise ConfigurationError(
            "backup_invalid",
            f"of schema {manifest.schema}, known is {SCHEMA_VERSION}",
            "take a newer release",
        )
    return manifest


def _write(into: Path, name: PurePosixPath, content: bytes, mode: int) -> None:
    for parent in reversed(name.parents):
        (into / parent).mkdir(mode=0o700, exist_ok=True)
    write_file(into / name, content, private=True)
    (into / name).chmod(mode & 0o755)


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    name, file = PurePosixPath(member.name), tar.extractfile(member)
    if file is None or name.is_absolute() or ".." in name.parts:
        raise ConfigurationError("backup_invalid", f"{member.name!r} is no file of a backup")
    return file.read()


def _configure(made: ShopFolder, database: str | None) -> ShopConfig:
    config = made.config()
    if database is not None:
        config = msgspec.structs.replace(config, database=database)
        write_file(made.config_file, msgspec.json.format(msgspec.json.encode(config), indent=1) + b"\n")
    return made.config()


def _copy_out(folder: ShopFolder, target_file: Path) -> tuple[int, dict[str, int]]:
    with Shop.open(folder.database) as shop:  # brings its tables up to date, as every command does
        snapshot_s = int(shop.clock.read().now_s)
    Shop.open(target_file).close()
    with (
        contextlib.closing(Database(folder.database)) as source,
        contextlib.closing(Database(target_file)) as target,
    ):
        return snapshot_s, _copy(source, target)


def _copy_in(source_file: Path, where: Path | str, manifest: Manifest, epoch: tuple[int, int]) -> None:
    """Raises ConfigurationError restore_not_empty, backup_invalid, shop_database."""
    Shop.open(source_file).close()
    with contextlib.closing(Database(source_file)) as source:
        if isinstance(where, str):
            _refuse_used(where)
            with contextlib.closing(Database(where)) as target:
                _copy(source, target, epoch)
                rows = _count(target)
        else:
            rows = _count(source)
            broken = source.run("PRAGMA foreign_key_check").fetchall()
            if broken or source.run("PRAGMA integrity_check").scalar_one() != "ok":
                raise ConfigurationError("backup_invalid", "its database does not hold together")
    if {name: rows.get(name) for name in manifest.rows} != manifest.rows:
        raise ConfigurationError("backup_invalid", f"{rows} rows, there should be {manifest.rows}")
    if isinstance(where, Path):
        with Shop.open(source_file) as shop:
            shop.restores.begin(*epoch)
        shutil.move(source_file, where)


def _refuse_used(url: str) -> None:
    with Shop.open(url) as shop:
        if shop.devices() or shop.orders(1):
            raise ConfigurationError(
                "restore_not_empty", "there is a shop in that database already", "name an empty one"
            )


def _copy(source: Database, target: Database, epoch: tuple[int, int] | None = None) -> dict[str, int]:
    """All rows of all tables, at once; how many. Raises ConfigurationError backup_invalid, DatabaseError."""
    tables = {table.name: table for table in target.tables() if table.name != _VERSION_TABLE}
    with source.snapshot(), target.transaction("schema"):
        for table in reversed(tables.values()):
            target.execute(table.delete())  # the row of the clock that each new database has
        for table in source.tables():
            if table.name == _VERSION_TABLE:
                continue
            if table.name not in tables:
                raise ConfigurationError("backup_invalid", f"a table {table.name} that nobody knows")
            for rows in source.rows(table):
                target.add_rows(tables[table.name], rows)
            target.count_on(tables[table.name])
        if epoch is not None:
            target.execute(tables["restores"].insert().values(lost_from_s=epoch[0], until_s=epoch[1]))
        return _count(target)


def _count(database: Database) -> dict[str, int]:
    names = [table.name for table in database.tables() if table.name != _VERSION_TABLE]
    return {
        name: int(database.run(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608
        for name in names
        if name not in ("restores", "doubts")
    }


@contextlib.contextmanager
def _private(path: Path) -> Iterator[io.BufferedWriter]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
