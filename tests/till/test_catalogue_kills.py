"""A catalogue on its way from a real broker by the real uplink to the real till, and `kill -9` at each part
and at each step: what is in use is in use whole, and what had come is there."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.deciding.edition import source_id
from agent.plumbing.messages import MOST_PARTS_AT_ONCE
from agent.till.catalogue_store import FILE_NAME
from tests.plumbing.stand_ins import comes_true
from tests.till.test_catalogue_road import many
from tests.till.test_details_road import details_of
from tests.till.whole_road import MANIFEST, PART, STEPS, WholeRoad, whole_road

KEPT_WITH_ITS_NAME = ("between the two names", "both names, not flushed", "taken up")

pytestmark = pytest.mark.slow


@pytest.fixture
def road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WholeRoad]:
    with whole_road(tmp_path, monkeypatch) as road:
        assert road.serves(1)
        yield road


def test_killed_at_each_part_nothing_that_had_come_is_fetched_again(road: WholeRoad) -> None:
    """The broker is given one part at a time, so each kill comes after just that one."""
    data = many(2, 3_000)
    road.cut(data)
    assert len(road.parts) > MOST_PARTS_AT_ONCE + 2
    road.retained.put(MANIFEST, road.manifest)
    before: dict[str, tuple[int, int]] = {}
    for number, (sha256, payload) in enumerate(road.parts.items(), 1):
        road.retained.put(PART + sha256, payload)
        if number == len(road.parts):
            break
        assert comes_true(lambda sha256=sha256: sha256 in road.held())
        names = (("till",), ("uplink",), ("till", "uplink"))[number % 3]
        for name in names:
            road.kill(name)
        for name in names:
            road.starts(name)
        held = road.held()
        assert len(held) == number and road.whole_parts()
        assert {name: held[name] for name in before} == before, "written once"
        before = held
        assert road.health().version == 1
    assert road.serves(2)
    assert (road.state / FILE_NAME).read_bytes() == data


def test_killed_at_each_step_of_taking_up_it_serves_the_one_or_the_other_whole(road: WholeRoad) -> None:
    version = 1
    served = (road.state / FILE_NAME).read_bytes()
    for step in STEPS:
        version += 1
        data = many(version, 300)
        road.cut(data, details_of(data))
        road.kill("till")
        road.starts("till", dies_at=step)
        road.retain()
        assert road.died("till") == signal.SIGKILL, step
        kept = (road.state / FILE_NAME).read_bytes()
        assert kept == (data if step in KEPT_WITH_ITS_NAME else served), step
        road.starts("till")
        assert road.serves(version), step
        served = (road.state / FILE_NAME).read_bytes()
        assert served == data and not list(road.state.glob("*.next")), step
        assert road.health().details > 0, step
        [details] = road.state.glob("catalogue.details.*")
        assert details.name.endswith(source_id(data)), step


ON_A_FULL_DISK = """
import os, subprocess, sys
from pathlib import Path
import pytest
from tests.plumbing.stand_ins import comes_true
from tests.till.test_catalogue_road import many
from tests.till.whole_road import whole_road
root, fits = Path(sys.argv[1]), sys.argv[2] == "parts"
state = root / "state" / "till"
state.mkdir(mode=0o700, parents=True)
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(state)], check=True)
data = many(2)
with pytest.MonkeyPatch.context() as environment, whole_road(root, environment) as road:
    assert road.serves(1)
    served = (state / "catalogue.json").read_bytes()
    road.kill("till")
    road.cut(data)
    room = sum(map(len, road.parts.values())) + 65_536 if fits else 8_192
    filler, disk = state / "filler", os.statvfs(state)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - room)
    road.starts("till", retry_ms=300)  # on a disk that is full already
    assert road.serves(1)
    road.retain()
    assert comes_true(lambda: road.health().fault == "catalogue_unwritable"), road.health()
    assert (len(road.held()) == len(road.parts)) == fits and road.whole_parts()
    road.kill("till")
    road.starts("till", retry_ms=300)
    assert comes_true(lambda: road.health().fault == "catalogue_unwritable"), road.health()
    assert road.health().version == 1 and (state / "catalogue.json").read_bytes() == served
    filler.unlink()
    assert road.serves(2), road.health()
    assert (state / "catalogue.json").read_bytes() == data
    assert road.health().fault == ""
print("kept its word")
"""


@pytest.mark.parametrize("fits", ["nothing", "parts"])
def test_on_a_disk_that_is_really_full_the_old_one_serves_until_there_is_room(
    tmp_path: Path, fits: str
) -> None:
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespaces here, so no disk to fill")
    command = ["unshare", "-rm", sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path), fits]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "kept its word\n", done.stderr
