"""The order of the tests, where they write, and that none depends on how fast the machine is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "earmark",
    deadline=None,
    # What a fixture gives, all examples of a test share, and mean to: a shop founded for each takes too long.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("earmark")

_LONGEST_FIRST = (
    "firmware_update/test_updater.py",
    "whole/test_recovery.py",
    "hearing/test_recogniser.py",
    "whole/test_story.py",
    "firmware_update/test_gate.py",
    "hearing/test_wake_bench.py",
    "whole/test_new_catalogue.py",
    "till/test_new_catalogue.py",
    "till/test_conversations.py",
    "hearing/test_voice_process.py",
    "plumbing/test_real_processes.py",
    "hearing/test_waking.py",
    "till/test_capability.py",
    "firmware_update/test_health.py",
    "firmware_update/test_power_loss.py",
    "firmware_update/test_updating_page.py",
    "hearing/test_sound_card.py",
    "committing/test_rotation.py",
    "committing/test_authority_rotation.py",
    "backend/test_replicas.py",
    "backend/test_together.py",
    "backend/test_at_once.py",
    "systemd/test_services.py",
    "sensing/test_sensors_process.py",
    "project/test_provisioning_page.py",
    "hearing/test_refusals.py",
    "hearing/test_baskets_bench.py",
    "committing/test_direct_machine.py",
    "committing/test_road_machine.py",
    "till/test_swap.py",
)
"""Files by the seconds that they take: whoever adds one of more than twenty puts it here."""

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4_000_000_000


def pytest_configure(config: pytest.Config) -> None:
    """`tmp_path` is in memory where there is room: a database waits for its disk at each commit."""
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or config.option.basetemp or not os.access(_MEMORY, os.W_OK):
        return
    may_start_programs = not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    if may_start_programs and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several workers take one file after another (scripts/test): all others would wait for a long one that
    began last."""
    place = {f"tests/{file}": number for number, file in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))
