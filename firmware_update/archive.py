"""The archive of one release: the code and a manifest with the hash of every file. No packages, no models.

Made from the same files, it has the same bytes (reproducible-builds.org): sorted, without owners, one time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from agent.plumbing import durable
from agent.plumbing.errors import UpdateError
from firmware_update.releases import Release, Sha256

MANIFEST = "release.json"
LOCK = "requirements.lock"
CONTENT = ("agent", "firmware_update", "models/models.toml", LOCK, "pyproject.toml", "LICENSE")
"""What a device needs; the shop, the tests and the documents stay where they are."""

_LEFT_OUT = {"__pycache__"}
_MOST_FILES = 5_000


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`files`: SHA-256 by path, of everything but the manifest itself."""

    release: Release
    files: dict[str, Sha256]

    @property
    def lock_sha256(self) -> str:
        """Names the set of packages that the release runs on."""
        return self.files[LOCK]


def build_archive(source: Path, release: Release) -> bytes:
    """The tar.gz of the code in `source`. Raises UpdateError update_source_incomplete."""
    contents = {str(path.relative_to(source)): path.read_bytes() for path in _files(source)}
    if missing := [
        name for name in CONTENT if not any(f"{path}/".startswith(f"{name}/") for path in contents)
    ]:
        raise UpdateError("update_source_incomplete", f"{source} has no {missing[0]}", "name a checkout")
    manifest = Manifest(release, {path: _sha256(content) for path, content in contents.items()})
    contents[MANIFEST] = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1)
    buffer = io.BytesIO()
    with (
        gzip.GzipFile("", "wb", mtime=release.built_s, fileobj=buffer) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted(contents):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mtime, entry.mode = len(contents[path]), release.built_s, 0o644
            archive.addfile(entry, io.BytesIO(contents[path]))
    return buffer.getvalue()


def read_manifest(folder: Path) -> Manifest:
    """Of an unpacked release. Raises UpdateError update_damaged."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged(f"{folder / MANIFEST}: {error}") from error
    if LOCK not in manifest.files:
        raise _damaged(f"{folder / MANIFEST} names no {LOCK}")
    return manifest


def unpack(archive: Path, folder: Path, *, largest_bytes: int) -> Manifest:
    """Unpacks into `folder` (which is made) and compares every file with the manifest. All is on disk then.

    Raises UpdateError: update_damaged (no archive; a link, a device, a path that leads out; a file too much,
    too few or other than listed; larger than `largest_bytes` when unpacked). OSError: the disk is full.
    """
    folder.mkdir(mode=0o755)
    found: dict[str, str] = {}
    room = largest_bytes
    try:
        with tarfile.open(archive, "r:gz") as entries:
            for entry in entries:
                room -= entry.size
                if room < 0 or len(found) > _MOST_FILES:
                    raise _damaged(f"unpacked it is larger than {largest_bytes} bytes or {_MOST_FILES} files")
                if not entry.isfile() or not _stays_inside(entry.name):
                    raise _damaged(f"{entry.name!r} is no plain file inside the release")
                content = entries.extractfile(entry)
                assert content is not None  # noqa: S101 (a plain file has content)
                found[entry.name] = _place(folder / entry.name, content.read())
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(f"{archive.name}: {error}") from error
    found.pop(MANIFEST, None)
    manifest = read_manifest(folder)
    if found != manifest.files:
        differs = sorted(set(found.items()) ^ set(manifest.files.items()))[0][0]
        raise _damaged(f"{differs} is not as listed")
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            durable.flush(path)
    return manifest


def is_whole(folder: Path) -> bool:
    """Whether an unpacked release has every file as its manifest says."""
    try:
        listed = read_manifest(folder).files
        return all(_sha256((folder / name).read_bytes()) == digest for name, digest in listed.items())
    except (OSError, UpdateError):
        return False


def _files(source: Path) -> Iterator[Path]:
    for name in CONTENT:
        path = source / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not _LEFT_OUT & set(file.relative_to(source).parts):
                yield file


def _stays_inside(name: str) -> bool:
    parts = name.split("/")
    return not name.startswith("/") and not {"", ".", ".."} & set(parts)


def _place(path: Path, content: bytes) -> str:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)
    durable.flush(path)
    return _sha256(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _damaged(detail: str) -> UpdateError:
    return UpdateError("update_damaged", detail, "earmark-release build --help")
