"""One sensor by made-up clocks: how old it is, when it is silent, and a wall clock that is set by hours."""

from __future__ import annotations

import json

import pytest

from agent.plumbing.settings import Sensor
from agent.plumbing.site_messages import SensorState
from agent.sensing.sensor_watch import STATE_EVERY_S, SensorWatch
from agent.sensing.site_bus import SiteMessage

HOUR_S = 3_600
SENSOR = Sensor(
    "beans", "it", "t", "kg", 3.0, 0.6, 2.0, "coffee", 1.0, hold_seconds=0, silent_after_seconds=HOUR_S
)


class Site:
    """A sensor and the clocks around it."""

    def __init__(self) -> None:
        self.wall_s, self.boot_s = 1_795_000_000.0, 50.0
        self.busy_s = 0.0  # passes before each look at the boot clock
        self.watch = SensorWatch(SENSOR, HOUR_S, wall_s=lambda: self.wall_s, boot_s=self._look)

    def pass_by(self, seconds: float) -> None:
        self.wall_s += seconds
        self.boot_s += seconds

    def _look(self) -> float:
        self.pass_by(self.busy_s)
        return self.boot_s

    def read(self, value: float, *, at_s: float | None = None, retained: bool = False) -> bool | None:
        """What the till is told of a reading: wanted or not, None for nothing."""
        self.pass_by(1)
        said = {"value": value} | ({} if at_s is None else {"time": at_s})
        proposal = self.watch.received(SiteMessage("t", json.dumps(said).encode(), retained))
        return None if proposal is None else proposal.wanted

    @property
    def state(self) -> SensorState:
        return self.watch.state("")


@pytest.fixture
def site() -> Site:
    return Site()


def test_its_age_counts_from_the_newest_good_reading(site: Site) -> None:
    site.pass_by(1_000)
    assert site.state == SensorState("beans", None, None, {})
    site.read(0.3)
    site.pass_by(100)
    site.read(-1.0)
    assert site.state == SensorState("beans", 101, pytest.approx(0.1), {"reading_negative": 1})


def test_what_the_broker_kept_is_as_old_as_it_says(site: Site) -> None:
    site.read(0.3, at_s=site.wall_s - 1_799, retained=True)
    assert site.state.age_s == 1_800
    site.read(0.3)
    site.read(0.3, at_s=site.wall_s - 1_000, retained=True)
    assert site.state.age_s == 1, "an older one takes nothing back"


@pytest.mark.parametrize("hours", [-48, -5, 5, 48])
def test_a_wall_clock_that_is_set_makes_nothing_old_and_stops_no_rule(
    site: Site, hours: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert site.read(0.3) is True
    site.wall_s += hours * HOUR_S
    assert site.state.age_s == 0
    assert site.read(2.5) is False, "what comes now is newer than what came before"
    assert site.read(0.3, at_s=site.wall_s) is True
    site.wall_s -= 2 * hours * HOUR_S
    assert site.read(2.5, at_s=site.wall_s) is False
    site.watch.state_is_due()
    assert "sensor_silent" not in capfd.readouterr().err


@pytest.mark.parametrize("busy_s", [0.2, 5.0])
def test_of_two_readings_at_once_none_is_lost_on_a_busy_machine(site: Site, busy_s: float) -> None:
    assert site.read(0.3) is True
    at_s = site.wall_s + 1
    site.busy_s = busy_s
    assert site.read(1.5, at_s=at_s) is None, "neither low nor full"
    site.busy_s = 0.0
    assert site.read(2.5, at_s=at_s) is False


def test_a_silence_is_named_once_in_the_log_and_so_is_its_end(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        site.pass_by(HOUR_S)
        site.watch.state_is_due()
        site.read(-1.0)
    site.read(1.0)
    log = capfd.readouterr().err
    assert log.count("sensor_silent sensor=beans") == 1
    assert log.count("sensor_back sensor=beans") == 1


def test_the_till_hears_of_it_now_and_then(site: Site) -> None:
    assert site.watch.state_is_due()
    site.watch.state("")
    assert not site.watch.state_is_due()
    site.pass_by(STATE_EVERY_S)
    assert site.watch.state_is_due()
