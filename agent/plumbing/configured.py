"""Whether the settings have any work for a process: `python -m agent.plumbing.configured sensors FILE`, for
systemd."""

from __future__ import annotations

import sys
from pathlib import Path

from agent.plumbing import audit
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Settings
from agent.plumbing.settings_file import load_settings


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


NO_WORK = 3
"""Exit status; 1 would be that of a release that cannot even be imported."""


def main(arguments: list[str]) -> int:
    """0 with work, NO_WORK without, 255 for a file that cannot be used. The unit makes of it what systemd's
    ExecCondition= takes for "skip, and call it no failure"."""
    process, path = arguments
    try:
        return 0 if is_configured(process, load_settings(Path(path))) else NO_WORK
    except ConfigurationError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return 255


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
