"""What a release says of itself, and which release a device may take. Values in, verdicts out: no I/O.

The facts stand in the signed `custom` field of the TUF target and again in the archive's manifest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from agent.plumbing.errors import UpdateError
from agent.plumbing.setting_values import Name

Version = Annotated[str, msgspec.Meta(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

ARCHIVE = "earmark.tar.gz"

_CLOCK_STEP = "set the clock (timedatectl); the update is tried again"


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`epoch` counts above `version`: it is raised when nothing older may ever run again.

    `built_s` is Unix time.
    """

    version: Version
    hardware: Name
    epoch: Count
    built_s: Count

    @property
    def name(self) -> str:
        """For a person."""
        return f"{self.version} (epoch {self.epoch})"

    @property
    def rank(self) -> tuple[int, ...]:
        """Grows from one release to the next."""
        return (self.epoch, *(int(part) for part in self.version.split(".")))


class MetadataVersions(msgspec.Struct, frozen=True):
    """Of the four TUF roles, as last verified."""

    root: Count = 0
    timestamp: Count = 0
    snapshot: Count = 0
    targets: Count = 0


class Floor(msgspec.Struct, frozen=True):
    """What never goes back, kept apart from python-tuf's cache, which somebody may delete.

    `epoch` and `version` are those of the newest release that was confirmed; `last_seen_s` is the time of the
    last check whose metadata was valid then.
    """

    epoch: Count = 0
    version: Version = "0.0.0"
    last_seen_s: Count = 0
    metadata: MetadataVersions = MetadataVersions()

    @property
    def rank(self) -> tuple[int, ...]:
        """Comparable with `Release.rank`."""
        return (self.epoch, *(int(part) for part in self.version.split(".")))

    def raised_to(self, release: Release) -> Floor:
        """At least as high as `release`."""
        if release.rank <= self.rank:
            return self
        return msgspec.structs.replace(self, epoch=release.epoch, version=release.version)

    def after_check(self, seen: MetadataVersions, now_s: int) -> Floor:
        """At least as high as what was just verified."""
        highest = MetadataVersions(
            *(max(getattr(self.metadata, role), getattr(seen, role)) for role in seen.__struct_fields__)
        )
        return msgspec.structs.replace(self, metadata=highest, last_seen_s=max(self.last_seen_s, now_s))


def target_path(hardware: str) -> str:
    """The TUF target that holds the newest release for `hardware`."""
    return f"{hardware}/{ARCHIVE}"


def parse_release(custom: object) -> Release:
    """Raises UpdateError update_unreadable."""
    try:
        return msgspec.convert(custom, Release)
    except msgspec.ValidationError as error:
        raise UpdateError(
            "update_unreadable", f"the signed facts of the release: {error}", "earmark-release sign --help"
        ) from error


def refuse_clock_behind(now_s: int, floor: Floor, running_built_s: int) -> None:
    """Expiry means nothing on a clock that was turned back. Raises UpdateError update_clock_behind."""
    earliest = max(floor.last_seen_s, running_built_s)
    if now_s < earliest:
        detail = f"the clock says {_utc(now_s)}, but it was {_utc(earliest)} already"
        raise UpdateError("update_clock_behind", detail, _CLOCK_STEP)


def refuse_older_metadata(seen: MetadataVersions, floor: Floor) -> None:
    """Raises UpdateError update_older: a repository that was put back, or is replayed."""
    for role in seen.__struct_fields__:
        if (version := getattr(seen, role)) < (lowest := getattr(floor.metadata, role)):
            detail = f"the repository's {role} has version {version}, {lowest} was seen already"
            raise UpdateError("update_older", detail, "earmark-release renew --help")


def is_wanted(release: Release, *, hardware: str, floor: Floor, running: Release | None, now_s: int) -> bool:
    """Whether a verified `release` is to be fetched; False where it, or a newer one, runs already.

    Raises UpdateError: update_wrong_hardware, update_older (than one that was confirmed),
    update_clock_behind (built in the future).
    """
    if release.hardware != hardware:
        detail = f"it is for {release.hardware!r}, this device is {hardware!r}"
        raise UpdateError(
            "update_wrong_hardware", detail, "set [update] hardware, or sign it for this device"
        )
    if release.rank < floor.rank:
        detail = f"{release.name}, but {floor.version} (epoch {floor.epoch}) ran already"
        raise UpdateError("update_older", detail, "publish a higher version")
    if release.built_s > now_s:
        detail = f"built {_utc(release.built_s)}, and the clock says {_utc(now_s)}"
        raise UpdateError("update_clock_behind", detail, _CLOCK_STEP)
    return running is None or release.rank > running.rank


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
