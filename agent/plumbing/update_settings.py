"""Where new releases come from, and when they are tried."""

from __future__ import annotations

from typing import Annotated

import msgspec

from agent.plumbing.setting_values import Name, Rest, Seconds, TimeOfDay


class Update(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, msgspec.Meta(pattern=r"^(https?://[^\s/]+\S*)?$")] = ""  # repository; '' = no updates
    hardware: Name = "generic"  # the kind of device; other releases are refused
    check_hours: Annotated[float, msgspec.Meta(ge=0.1, le=720)] = 24.0  # the rest between two checks
    install_from: TimeOfDay = (
        "02:00"  # local time; the updater checks by itself, and restarts the device, from then on
    )
    install_until: TimeOfDay = "05:00"  # and until then; the same as install_from: at any hour
    tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 2  # health checks of a new release before going back
    health_seconds: Seconds = 120  # for one health check; loading the models takes a few on a small board
    microphone_muted: bool = False  # true: on purpose; a health check then needs no frames
    stall_seconds: Rest = 30.0  # no byte for so long ends a download
    longest_fetch_seconds: Seconds = 3_600  # for a whole check and download, however steadily bytes trickle
    largest_release_mb: Annotated[int, msgspec.Meta(ge=1, le=4_096)] = 64  # packed and unpacked
