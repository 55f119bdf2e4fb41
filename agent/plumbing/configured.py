"""Whether the settings have any work for a process: `python -m agent.plumbing.configured sensors FILE`, for
systemd."""

from __future__ import annotations

import sys
from pathlib import Path

from agent.plumbing import audit
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Settings, load_settings


def is_configured(process: str, settings: Settings) -> bool:
    """False for 'sensors', 'touch' and 'updater' where no sensor, device or repository is named; every other
    process has work."""
    if process == "sensors":
        return bool(settings.sensors)
    if process == "touch":
        return bool(settings.touch.devices)
    if process == "updater":
        return bool(settings.update.url)
    return True


def main(arguments: list[str]) -> int:
    """0 with work, 1 without: systemd's ExecCondition= then skips the unit and calls that no failure."""
    process, path = arguments
    try:
        return 0 if is_configured(process, load_settings(Path(path))) else 1
    except ConfigurationError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return 255  # a failure, unlike 1 to 254


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
