"""The configuration of a Vosk model, widened for decoding with a grammar."""

from __future__ import annotations

import pytest

from agent.model_store.convert import convert
from agent.model_store.vosk_conf import OPTIONS
from agent.plumbing.errors import ModelError

STEP = "vosk-wide-search"
VENDOR = b"--min-active=200\n--max-active=3000\n--beam=10.0\n--lattice-beam=2.0\n--acoustic-scale=1.0\n"


def options(conf: bytes) -> dict[str, str]:
    lines = conf.decode().splitlines()
    read = dict(line.removeprefix("--").split("=") for line in lines)
    assert len(read) == len(lines), "nothing is said twice"
    return read


@pytest.mark.parametrize(
    "source",
    [VENDOR, VENDOR.rstrip(b"\n"), VENDOR.replace(b"--beam=10.0\n", b""), b"--acoustic-scale=1.0"],
    ids=["the vendor's", "no last line end", "without a beam", "nearly empty"],
)
def test_the_search_is_wide_and_all_else_as_it_was(source: bytes) -> None:
    before, after = options(source), options(convert(STEP, source))
    assert after == before | OPTIONS
    assert convert(STEP, convert(STEP, source)) == convert(STEP, source)


def test_lines_that_are_alike_in_part_are_left_alone() -> None:
    assert options(convert(STEP, VENDOR + b"--endpoint.beam=3\n"))["endpoint.beam"] == "3"


def test_an_option_that_stands_there_twice_is_an_error() -> None:
    with pytest.raises(ModelError) as caught:
        convert(STEP, VENDOR + b"--beam=12.0\n")
    assert caught.value.code == "model_bad_checkpoint"
