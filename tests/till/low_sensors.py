"""A till with sensors, one of which runs low."""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.plumbing.settings import Proposals, Sensor
from agent.plumbing.site_messages import Proposal, SensorState
from tests.committing.kit import Bench
from tests.till.kit import Till, make_till

BEANS = Sensor("beans", "the coffee machine", "t", "kg", 3.0, 0.6, 2.0, "coffee", 1.0, {"roast": "dark"})
LOW, FULL = Proposal("beans", 0.2, wanted=True), Proposal("beans", 0.95, wanted=False)
TAKE, CONSENT = "okay nabu yes place my order", "yes place my order"
REST_S = 600
ANY_HOUR = Proposals(rest_seconds=REST_S, quiet_from="00:00", quiet_until="00:00")


def with_sensors(bench: Bench, *sensors: Sensor, limits: Proposals = ANY_HOUR) -> Bench:
    """`bench`, which watches `sensors`."""
    bench.settings = msgspec.structs.replace(bench.settings, sensors=sensors, proposals=limits)
    return bench


def look(till: Till, *reports: Proposal) -> bool:
    """The till's own turn after `reports`; whether it said a proposal."""
    till.finish_speaking()
    before = till.decided.count("proposed")
    for report in reports:
        till.sensing.received(SensorState(report.sensor, 0, report.level, {}))
        till.sensing.received(report)
    till.sensing.look()
    return till.decided.count("proposed") > before


def restarted(till: Till, folder: Path) -> Till:
    """A new till process on the same journal."""
    till.bench.restart_device()
    return make_till(till.bench, folder)
