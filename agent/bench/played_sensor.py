"""A sensor in a written conversation."""

from __future__ import annotations

from agent.plumbing.settings import Sensor

LOW_PERCENT, HIGH_PERCENT = 20, 60


def sensor_of(product: str, place: str) -> Sensor:
    """In percent; one pack fills half."""
    return Sensor(
        *(product, place, f"site/{product}", "percent", 100.0, float(LOW_PERCENT), float(HIGH_PERCENT)),
        product=product,
        pack_amount=50.0,
    )
