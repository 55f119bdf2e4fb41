"""The order of the tests, and that none depends on how fast the machine is."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "earmark",
    deadline=None,
    # What a fixture gives, all examples of a test share, and mean to: a shop founded for each takes too long.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("earmark")

_LONGEST_FIRST = ("tests/whole/", "tests/firmware_update/", "tests/hearing/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several workers take one file after another (scripts/test): all others would wait for a long one that
    began last."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST_FIRST))
