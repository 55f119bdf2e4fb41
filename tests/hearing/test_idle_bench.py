"""What `earmark bench idle` measures is the real process, and it stays within what is promised."""

from __future__ import annotations

import pytest

from agent.bench.idle import run_idle_bench
from agent.plumbing.settings_file import default_models_dir


@pytest.mark.slow
def test_a_device_that_listens_keeps_only_what_listening_takes() -> None:
    result = run_idle_bench(3, default_models_dir(), rest_after=5)
    assert result["resident_mb"] <= 300
    assert result["resident_mb"] < result["resident_after_order_mb"] - 50
    assert result["resident_after_order_mb"] <= result["resident_peak_mb"]
    assert 0.0 < result["cpu_percent"] < 50.0
