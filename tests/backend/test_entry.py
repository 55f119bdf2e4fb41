"""`earmark-backend` on a machine that has the device's packages only."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{package!r}] = None
sys.argv = ["earmark-backend", "--help"]
from order_backend.entry import main
sys.exit(main())
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_missing_package_of_the_shop_is_named_with_what_installs_it() -> None:
    done = run(WITHOUT.format(package="sqlalchemy"))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "earmark-backend: shop_packages_missing: no sqlalchemy here -> pip install 'earmark-agent[shop]'"
    ]


@pytest.mark.parametrize("package", ["msgspec", "agent.plumbing.errors"])
def test_any_other_that_is_missing_is_no_business_of_the_extra(package: str) -> None:
    done = run(WITHOUT.format(package=package))
    assert done.returncode == 1
    assert "shop_packages_missing" not in done.stderr
    assert "ModuleNotFoundError" in done.stderr
