from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.installing import NETWORKS, SYSTEM_PYTHON, run


@pytest.fixture(scope="session")
def installed_root() -> Iterator[Path]:
    """A scratch root with Earmark in it, in a folder that other users may enter."""
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"no {SYSTEM_PYTHON}")
    with tempfile.TemporaryDirectory(prefix="earmark-root-") as name:
        path = Path(name)
        path.chmod(0o755)
        networks = [word for network in NETWORKS for word in ("--broker-network", network)]
        done = run("scripts/install", "--root", path, *networks)
        assert done.returncode == 0, done.stdout
        yield path
