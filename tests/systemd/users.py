"""Users that stand in for those of the units, and a Python that they may start."""

from __future__ import annotations

import os
import pwd
import sys
import sysconfig
from pathlib import Path

from tests.systemd.units import ROOT


def open_to_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path, *path.parents))


_SYSTEM_PYTHON = Path("/usr/bin/python{}.{}".format(*sys.version_info))
_OWN_PYTHON_IS_OPEN = open_to_others(Path(sysconfig.get_path("stdlib")))
SEPARATE_USERS = (
    os.geteuid() == 0
    and open_to_others(ROOT)
    and open_to_others(Path(sys.prefix))
    and (_OWN_PYTHON_IS_OPEN or _SYSTEM_PYTHON.exists())
)
_ME = pwd.getpwuid(os.geteuid()).pw_name
# Users that every Debian has stand in for the units' own, which only an installation makes.
USERS = {
    f"earmark-{name}": user if SEPARATE_USERS else _ME
    for name, user in (
        ("till", "sys"),
        ("voice", "daemon"),
        ("uplink", "bin"),
        ("sensors", "games"),
        ("touch", "man"),
    )
}


def python_for_others(folder: Path) -> Path:
    """This environment's packages under the system's interpreter, where its own stands in a home."""
    if not SEPARATE_USERS or _OWN_PYTHON_IS_OPEN:
        return Path(sys.executable)
    packages = Path(sysconfig.get_path("purelib"))
    (folder / "venv" / "bin").mkdir(parents=True)
    (folder / "venv" / "lib" / packages.parent.name).mkdir(parents=True)
    (folder / "venv" / "lib" / packages.parent.name / packages.name).symlink_to(packages)
    (folder / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    python = folder / "venv" / "bin" / "python"
    python.symlink_to(_SYSTEM_PYTHON)
    return python
