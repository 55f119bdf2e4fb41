"""The made-up catalogues of `bench catalogue`, and the bench on a small one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agent.bench import catalogue_download
from agent.bench.catalogue import run_catalogue_bench
from agent.bench.catalogue_download import WITHIN_S, is_within, run_download
from agent.bench.catalogue_swap import run_swap
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
        assert row["compiler_mb"] >= 0 and row["index_seconds"] > 0
        _check_swap(row["swap"])


def _check_swap(swap: dict[str, Any]) -> None:
    assert 0 < swap["ready_seconds"] <= swap["in_use_seconds"]
    for spread in swap["answer_ms"].values():
        assert 0 < spread["p50"] <= spread["max"]
    assert swap["till_mb"]["before"] > 0 and swap["till_mb"]["most"] >= swap["till_mb"]["after"] - 1


def test_a_real_till_swaps_and_answers_meanwhile() -> None:
    _check_swap(run_swap(300))


def test_a_published_catalogue_goes_over_a_real_broker_and_a_change_of_it_by_what_is_new() -> None:
    result = run_download(4_000)
    whole, changed = result["whole"], result["changed"]
    assert whole["parts"] > 1 == changed["parts"] and changed["bytes"] < whole["bytes"] / 4
    for row in (whole, changed):
        assert 0 < row["publish_seconds"] < row["fetched_seconds"] <= row["orderable_seconds"]


def test_details_come_with_it_and_of_a_change_only_what_is_new() -> None:
    result = run_download(1_000, with_details=True)
    whole, changed = result["whole"], result["changed"]
    assert whole["details"] == changed["details"] == 1_000
    assert changed["parts"] == 2 and changed["bytes"] < whole["bytes"] / 2


def test_the_command_keeps_to_the_time_that_it_states(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    took = {"whole": WITHIN_S, "changed": 1.0}

    def downloaded(products: int, *, with_details: bool) -> dict[str, Any]:
        assert not with_details
        rows = {
            name: {
                **dict.fromkeys(("publish_seconds", "fetched_seconds", "parts", "bytes", "till_mb"), 1),
                "orderable_seconds": seconds,
            }
            for name, seconds in took.items()
        }
        return {"products": products, **rows, "within": is_within(products, rows)}

    monkeypatch.setattr(catalogue_download, "run_download", downloaded)
    command = ["bench", "catalogue", "--download", "--products", "100,50000"]
    assert main(command) == 0
    took["changed"] = WITHIN_S + 0.1
    assert main(command) == 1 and "NOT KEPT" in capsys.readouterr().out
    assert main([*command, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["within_seconds"] == WITHIN_S and [row["within"] for row in said["results"]] == [False, False]
    assert main([*command[:-1], "50001"]) == 0, "nothing is stated for more"


def test_sizes_that_cannot_be_made_are_refused() -> None:
    with pytest.raises(SystemExit):
        main(["bench", "catalogue", "--products", "100,0"])
