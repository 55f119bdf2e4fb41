"""The made-up catalogues of `bench catalogue`, and the bench on a small one."""

from __future__ import annotations

import msgspec
import pytest

from agent.bench.catalogue import run_catalogue_bench
from agent.bench.made_catalogue import made_catalogue
from agent.cli import main
from agent.deciding.catalogue import parse_catalogue
from agent.plumbing.settings_file import default_models_dir


def test_a_made_catalogue_is_sound_and_a_smaller_one_is_its_beginning() -> None:
    large, small = made_catalogue(2_000), made_catalogue(50)
    assert parse_catalogue(msgspec.json.encode(large)) == large
    assert large.products[:50] == small.products


@pytest.mark.slow
def test_the_bench_understands_orders_of_each_size() -> None:
    result = run_catalogue_bench([20, 200], 2, default_models_dir())
    assert [row["products"] for row in result["results"]] == [20, 200]
    for row in result["results"]:
        assert row["right"] >= 0.5
        assert row["arcs"] >= row["products"] and row["handed_over_bytes"] > 0
        assert 0 < row["decode_ms"]["p50"] <= row["decode_ms"]["p95"]


def test_sizes_that_cannot_be_made_are_refused() -> None:
    with pytest.raises(SystemExit):
        main(["bench", "catalogue", "--products", "100,0"])
