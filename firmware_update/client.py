"""Find, verify and fetch the newest release: python-tuf decides, and the gaps around it are closed here.

python-tuf forgets how far it has come when its cache is deleted, and believes any clock: hence the `Floor`.
Its downloads are not atomic: hence the rename.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from tuf.api import exceptions
from tuf.api.metadata import Metadata
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from agent.plumbing import durable
from agent.plumbing.errors import UpdateError
from firmware_update.fetchers import METADATA, TARGETS
from firmware_update.releases import (
    Floor,
    MetadataVersions,
    Release,
    is_wanted,
    parse_release,
    refuse_clock_behind,
    refuse_older_metadata,
    target_path,
)

_LIMITS = UpdaterConfig(
    max_root_rotations=64,
    max_delegations=0,
    root_max_length=65_536,
    timestamp_max_length=16_384,
    snapshot_max_length=65_536,
    targets_max_length=524_288,
)
_ROLES = ("root", "timestamp", "snapshot", "targets")


class Wanted(msgspec.Struct, frozen=True):
    """What this device is and has."""

    hardware: str
    floor: Floor
    running: Release | None
    rejected: tuple[str, ...]  # SHA-256 of archives that failed here, or that a person went back from
    largest_bytes: int


class Fetched(msgspec.Struct, frozen=True):
    """What the repository holds for this device. `is_new`: it was downloaded and is not what runs now."""

    release: Release
    sha256: str
    metadata: MetadataVersions
    is_new: bool


def fetch_release(
    wanted: Wanted,
    fetcher: FetcherInterface,
    *,
    url: str,
    pinned_root: bytes,
    metadata_dir: Path,
    archive: Path,
    now_s: int,
) -> Fetched:
    """Verifies the repository from `pinned_root` on; a new release is then whole at `archive`.

    Raises UpdateError: update_clock_behind, update_unreachable, update_stalled, update_too_long (than signed,
    or than `largest_bytes`), update_tampered, update_expired, update_older, update_wrong_hardware,
    update_none (nothing for this hardware), update_rejected (it failed here before), update_unreadable,
    update_disk_full, update_folder_unusable.
    """
    refuse_clock_behind(now_s, wanted.floor, wanted.running.built_s if wanted.running else 0)
    base = url.rstrip("/")
    with _explained():
        archive.unlink(missing_ok=True)
        metadata_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        updater = Updater(
            str(metadata_dir),
            f"{base}/{METADATA}/",
            target_base_url=f"{base}/{TARGETS}/",
            fetcher=fetcher,
            config=_LIMITS,
            bootstrap=pinned_root,
        )
        updater.refresh()
        seen = _versions(metadata_dir)
        refuse_older_metadata(seen, wanted.floor)
        target = updater.get_targetinfo(target_path(wanted.hardware))
        if target is None:
            raise UpdateError(
                "update_none",
                f"nothing for {wanted.hardware!r} in the repository",
                "earmark-release sign --help",
            )
        release = parse_release(target.custom)
        sha256 = target.hashes.get("sha256", "")
        if not sha256:
            raise UpdateError(
                "update_unreadable", "the release has no SHA-256", "earmark-release sign --help"
            )
        is_new = is_wanted(
            release, hardware=wanted.hardware, floor=wanted.floor, running=wanted.running, now_s=now_s
        )
        if is_new and sha256 in wanted.rejected:
            detail = f"release {release.version} ran here and was given up"
            raise UpdateError("update_rejected", detail, "publish a higher version")
        if is_new:
            _refuse_too_big(target.length, wanted.largest_bytes, archive.parent)
            part = archive.with_name(f".{archive.name}.part")
            try:
                updater.download_target(target, str(part))
                durable.flush(part)
                durable.move(part, archive)
            finally:
                part.unlink(missing_ok=True)
    return Fetched(release, sha256, seen, is_new)


def _versions(metadata_dir: Path) -> MetadataVersions:
    """Of the files that python-tuf has just verified and kept."""
    files = (metadata_dir / f"{role}.json" for role in _ROLES)
    return MetadataVersions(*(Metadata.from_file(str(file)).signed.version for file in files))


def _refuse_too_big(length: int, largest: int, folder: Path) -> None:
    if length > largest:
        detail = f"the release has {length} bytes, at most {largest} are taken"
        raise UpdateError("update_too_long", detail, "raise [update] largest_release_mb")
    free = shutil.disk_usage(folder).free
    if free < 2 * length:  # python-tuf verifies in a temporary file and copies
        raise _disk_full(f"{free} bytes are free below {folder}, {2 * length} are needed")


def _disk_full(detail: str) -> UpdateError:
    return UpdateError("update_disk_full", detail, "make room; the update is tried again")


@contextmanager
def _explained() -> Iterator[None]:
    """python-tuf's errors and the disk's as UpdateError."""
    try:
        yield
    except exceptions.ExpiredMetadataError as error:
        raise UpdateError("update_expired", str(error), "earmark-release renew --help") from error
    except exceptions.BadVersionNumberError as error:
        raise UpdateError("update_older", str(error), "earmark-release renew --help") from error
    except exceptions.RepositoryError as error:
        raise UpdateError("update_tampered", str(error), "tell whoever runs the repository") from error
    except exceptions.DownloadLengthMismatchError as error:
        raise UpdateError("update_too_long", str(error), "tell whoever runs the repository") from error
    except exceptions.SlowRetrievalError as error:
        raise UpdateError("update_stalled", str(error), "it is tried again; is the network well?") from error
    except exceptions.DownloadError as error:
        raise UpdateError(
            "update_unreachable", str(error), "it is tried again; is [update] url right?"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(str(error)) from error
        raise UpdateError(
            "update_folder_unusable", str(error), "ls -l the folder of paths.slots_dir"
        ) from error
